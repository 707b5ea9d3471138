"""Divide a transcript into passages: each is found by itself, with its time and its speaker.

A passage is an utterance, or a few sentences of one voice where there are none. A long one is
divided between its sentences, so that words that are found together stand near each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stenolog.intelligence.sentences import sentences
from stenolog.intelligence.words import Word, joined_text, read_words
from stenolog.projections.canonical import Item
from stenolog.projections.documents import text_or_none
from stenolog.projections.shaped.conversation import Conversation
from stenolog.projections.shaped.notes import Notes
from stenolog.projections.shaped.spoken import ALONE_SHARE_MIN, utterances

PASSAGE_CHARS = 400  # a passage of sentences ends with the one that brings it there
PASSAGE_CHARS_MAX = 2_000  # an utterance that is longer is divided
PASSAGES_MAX = 100_000  # of one transcript: years of talk have fewer


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """What is found as one.

    Attributes:
        start_ms: None where the provider gave no time.
        speaker: The label; None where nobody is told apart.
    """

    text: str
    start_ms: int | None
    end_ms: int | None
    speaker: str | None


def passages_of(said: Conversation) -> tuple[Passage, ...]:
    """Return the passages of a transcript, in its order; none without text.

    What the provider has put into no utterance is found, too.

    Raises:
        ProjectionFailed: The utterances are no list of objects.
    """
    turns = utterances(said, Notes()).items or ()
    found = [one for item in turns for one in _of_utterance(item)]
    if found and len(said.turns) == len(turns):
        found = _with_the_rest(said, found)
    if not found:
        found = list(_of_sentences(said.sentences))
    if not found:
        whole = (said.transcript.text or "").strip()
        found = [_passage(piece, None, None, None) for piece in _pieces(whole)]
    return tuple(found[:PASSAGES_MAX])


def _with_the_rest(said: Conversation, found: list[Passage]) -> list[Passage]:
    """Return the passages with those of words that are in no utterance, where these are many."""
    around = said.turns.around
    rest = [
        word for word in said.words if around(word.start, word.end, (word.channel, None)) is None
    ]
    if len(rest) <= len(said.words) * ALONE_SHARE_MIN:
        return found
    return sorted([*found, *_of_sentences(sentences(rest))], key=_start)


def _start(passage: Passage) -> int:
    return passage.start_ms or 0


def _of_utterance(item: Item) -> Iterator[Passage]:
    text = (item["text"] or "").strip()
    if len(text) > PASSAGE_CHARS_MAX:
        divided = list(_of_sentences(sentences(read_words(item["words"], text))))
        if divided:
            yield from divided
            return
    for piece in _pieces(text):
        yield _passage(piece, item["start"], item["end"], item["speaker"])


def _of_sentences(found: Sequence[Sequence[Word]]) -> Iterator[Passage]:
    current: list[Word] = []
    size = 0
    for sentence in found:
        if current and (size >= PASSAGE_CHARS or current[-1].voice != sentence[0].voice):
            yield _of_run(current)
            current, size = [], 0
        for word in sentence:
            current.append(word)
            size += len(word.text) + 1
            if size >= PASSAGE_CHARS_MAX:
                yield _of_run(current)
                current, size = [], 0
    if current:
        yield _of_run(current)


def _of_run(words: Sequence[Word]) -> Passage:
    end = max(word.end for word in words)
    return _passage(joined_text(words), words[0].start, end, words[0].speaker)


def _passage(text: str, start: int | None, end: int | None, speaker: str | None) -> Passage:
    """Return a passage whose texts a store can hold."""
    return Passage(
        text=text_or_none(text) or "",
        start_ms=start,
        end_ms=end,
        speaker=text_or_none(speaker),
    )


def _pieces(text: str) -> Iterator[str]:
    """Yield the text, divided at spaces where it is too long."""
    begin = 0
    while begin < len(text):
        end = begin + PASSAGE_CHARS_MAX
        if end < len(text):
            space = text.rfind(" ", begin + PASSAGE_CHARS, end)
            end = end if space < 0 else space + 1
        yield text[begin:end].strip()
        begin = end
