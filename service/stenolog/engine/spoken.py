"""Hold what was said: words, utterances and text, as a transcript shows them. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from stenolog.engine.confidence import mean_confidence

PAUSE_MS = 500  # of one channel, in which the others have their turn; lines end with one, too


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenWord:
    """A finished word: times in ms, `speaker` a letter or None without speaker labels.

    `channel` is its number from 1, None where channels are not told apart; with it the speaker is
    that number, and the letter behind it.
    """

    text: str
    start: int
    end: int
    confidence: float
    speaker: str | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """Consecutive words of one speaker."""

    speaker: str
    channel: str | None
    words: tuple[SpokenWord, ...]

    @property
    def text(self) -> str:
        """Its words with spaces between."""
        return joined(self.words)

    @property
    def confidence(self) -> float:
        """The mean over its words."""
        return mean_confidence([word.confidence for word in self.words])


def joined(words: Sequence[SpokenWord]) -> str:
    """Return the words as running text."""
    return " ".join(word.text for word in words)


def in_pieces(channels: Iterable[Sequence[SpokenWord]]) -> tuple[SpokenWord, ...]:
    """Return the words of all channels, each stretch that one speaks without a pause in one piece.

    Pieces stand by their start, so that who answers in the middle is read behind who went on.
    """
    pieces = [list(_without_pause(words)) for words in channels]
    ordered = heapq.merge(*pieces, key=lambda piece: piece[0].start)
    return tuple(word for piece in ordered for word in piece)


def _without_pause(words: Sequence[SpokenWord]) -> Iterator[list[SpokenWord]]:
    piece: list[SpokenWord] = []
    for word in words:
        if piece and word.start - piece[-1].end > PAUSE_MS:
            yield piece
            piece = []
        piece.append(word)
    if piece:
        yield piece


def utterances(words: Sequence[SpokenWord]) -> tuple[Utterance, ...]:
    """Runs of words with the same speaker, in order; every word must have one."""
    found: list[Utterance] = []
    run: list[SpokenWord] = []
    for word in words:
        if run and run[-1].speaker != word.speaker:
            found.append(_utterance(run))
            run = []
        run.append(word)
    if run:
        found.append(_utterance(run))
    return tuple(found)


def _utterance(run: Sequence[SpokenWord]) -> Utterance:
    speaker = run[0].speaker
    assert speaker is not None
    return Utterance(speaker=speaker, channel=run[0].channel, words=tuple(run))
