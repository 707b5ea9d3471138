"""Cut a conversation into passages: a few whole sentences that are judged together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from stenolog.intelligence.speech import Speech
from stenolog.intelligence.words import Word, joined_text

# What the service's published answers have at most in a passage.
PASSAGE_CHARS_MAX = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """Whole sentences, `first` to `last` of them; times in ms.

    Attributes:
        judged: What was said, for whoever judges it.
        text: The same as it may be shown.
    """

    first: int
    last: int
    judged: str
    text: str
    start: int
    end: int


def passages(said: Speech, shown: Speech) -> tuple[Passage, ...]:
    """Return every sentence in exactly one passage, in order; one that is too long is alone."""
    return tuple(
        Passage(
            first=first,
            last=last,
            judged=_text(said, first, last),
            text=_text(shown, first, last),
            start=min(word.start for word in _words(shown, first, last)),
            end=max(word.end for word in _words(shown, first, last)),
        )
        for first, last in _bounds(said)
    )


def _bounds(said: Speech) -> Iterator[tuple[int, int]]:
    """Yield first and last sentence of each passage."""
    first, chars = 0, 0
    for at, sentence in enumerate(said.sentences):
        more = len(joined_text(sentence)) + 1
        if chars and chars + more > PASSAGE_CHARS_MAX:
            yield first, at - 1
            first, chars = at, 0
        chars += more
    if said.sentences:
        yield first, len(said.sentences) - 1


def _words(speech: Speech, first: int, last: int) -> list[Word]:
    return [word for sentence in speech.sentences[first : last + 1] for word in sentence]


def _text(speech: Speech, first: int, last: int) -> str:
    return " ".join(joined_text(sentence) for sentence in speech.sentences[first : last + 1])
