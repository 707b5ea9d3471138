"""Make a conversation with times: sentences of words, the same for the same seed."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from stenolog.simulator.conversation.lines import SLOTS, TOPICS, Line, Topic

WORDS_PER_MINUTE = 150  # an ordinary conversation: 9,000 words an hour
SPEAKERS = 2
LEAD_MS = 240  # silence before the first word
SENTENCES_PER_TURN_MAX = 2
PUNCTUATION = ".,?"
Word = tuple[str, str | None, int]
SLOT = re.compile(r"\{(\w+)\}([.,?]?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One spoken word; times in ms.

    Attributes:
        entity: The type of the entity that it belongs to, or None.
        entity_index: Which entity of the conversation that is, or -1.
    """

    text: str
    start: int
    end: int
    confidence: float
    speaker: int
    entity: str | None = None
    entity_index: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One line as it was said by one speaker."""

    line: Line
    topic: Topic
    topic_index: int
    speaker: int
    tokens: tuple[Token, ...]

    @property
    def text(self) -> str:
        """Its words with blanks between them."""
        return " ".join(token.text for token in self.tokens)

    @property
    def start(self) -> int:
        """When its first word begins, in ms."""
        return self.tokens[0].start

    @property
    def end(self) -> int:
        """When its last word ends, in ms."""
        return self.tokens[-1].end


def conversation(seed: str, seconds: float) -> tuple[Sentence, ...]:
    """Return what two people say in `seconds`; never empty, and no word ends later than that."""
    rng = random.Random(seed)
    end_ms = max(1, int(seconds * 1000))
    now_ms, entities = min(LEAD_MS, end_ms // 4), 0
    sentences: list[Sentence] = []
    for line, topic, topic_index, speaker in _script(rng):
        words = list(_words(line, rng))
        tokens = _said(words, rng, now_ms, end_ms, speaker=speaker, entities=entities)
        if not tokens and not sentences:  # not even one word fits: it is cut short
            span = (now_ms, end_ms)
            tokens = (_token(words[0], rng, span, speaker=speaker, entities=entities),)
        if tokens:
            sentences.append(
                Sentence(
                    line=line,
                    topic=topic,
                    topic_index=topic_index,
                    speaker=speaker,
                    tokens=tokens,
                )
            )
        if len(tokens) < len(words):
            break
        entities += len(SLOT.findall(line.text))
        now_ms = tokens[-1].end + rng.randrange(200, 700)
    return tuple(sentences)


def _said(
    words: Sequence[Word],
    rng: random.Random,
    now_ms: int,
    end_ms: int,
    *,
    speaker: int,
    entities: int,
) -> tuple[Token, ...]:
    """Return the words of one line in time, as many as fit before `end_ms`."""
    tokens: list[Token] = []
    for word in words:
        ends_ms = now_ms + int(60_000 / WORDS_PER_MINUTE * rng.uniform(0.5, 1.0))
        if ends_ms > end_ms:
            break
        tokens.append(_token(word, rng, (now_ms, ends_ms), speaker=speaker, entities=entities))
        now_ms = ends_ms + rng.randrange(10, 60)
    return tuple(tokens)


def _token(
    word: Word, rng: random.Random, span: tuple[int, int], *, speaker: int, entities: int
) -> Token:
    """Return one word in time; `entities` is how many there were before its line."""
    text, entity, offset = word
    return Token(
        text=text,
        start=span[0],
        end=span[1],
        confidence=round(rng.uniform(0.82, 0.999), 5),
        speaker=speaker,
        entity=entity,
        entity_index=entities + offset if entity else -1,
    )


def respelt(sentences: Sequence[Sentence], spelling: Mapping[str, str]) -> tuple[Sentence, ...]:
    """Return the same words at the same times, written as `spelling` says of a lower-case word."""

    def written(token: Token) -> Token:
        bare = token.text.rstrip(PUNCTUATION)
        text = spelling.get(bare.lower(), bare) + token.text[len(bare) :]
        return token if text == token.text else replace(token, text=text)

    return tuple(replace(one, tokens=tuple(map(written, one.tokens))) for one in sentences)


def _script(rng: random.Random) -> Iterator[tuple[Line, Topic, int, int]]:
    """Lines without end: an opening, then topics in any order, speakers taking turns."""
    speaker, said, topic_index = 0, 0, 0
    topic = TOPICS[0]
    while True:
        for line in topic.lines:
            yield line, topic, topic_index, speaker
            said += 1
            if said >= SENTENCES_PER_TURN_MAX or rng.random() < 0.7:
                speaker, said = (speaker + 1) % SPEAKERS, 0
        topic = rng.choice([other for other in TOPICS[1:] if other is not topic])
        topic_index += 1


def _words(line: Line, rng: random.Random) -> Iterator[Word]:
    """Yield a line's words, each with its entity's type and that entity's place in the line."""
    slots = 0
    for part in line.text.split(" "):
        slot = SLOT.fullmatch(part)
        if slot is None:
            yield part, None, 0
            continue
        words = rng.choice(SLOTS[slot[1]]).split(" ")
        for index, word in enumerate(words):
            ending = slot[2] if index == len(words) - 1 else ""
            yield word + ending, slot[1], slots
        slots += 1
