"""Compute how long, how much and how fast each speaker spoke.

It counts utterances, or the words' speaker labels where there are none. A turn is everything that a
speaker says until another one speaks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from stenolog.projections.canonical import CanonicalTranscript, Findings, Item, Spoken, spoken
from stenolog.projections.of.items import by_start

SHARE_DIGITS = 4
WORDS_PER_MINUTE_DIGITS = 1
MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of speech of one speaker; `start` and `end` in ms, equal when a time is missing."""

    speaker: str
    start: int
    end: int
    words: int


@dataclass(slots=True)
class _Tally:
    talk_ms: int = 0
    words: int = 0
    turns: int = 0
    longest_turn_ms: int = 0


def talk_of_speakers(transcript: CanonicalTranscript) -> Findings:
    """Return one item for each speaker, in the order in which they first speak.

    Raises:
        ProjectionFailed: The utterances or the words are not a list of objects.
    """
    utterances, words = transcript.utterances().items, transcript.words().items
    stretches = list(_stretches(utterances or (), _words_of_utterance))
    if not stretches:
        stretches = list(_stretches(words or (), lambda _: 1))
    if not stretches:
        return Findings(items=None if utterances is None and words != [] else ())
    return Findings(items=_items(_tallies(stretches)))


def _stretches(items: Sequence[Item], words_of: Callable[[Spoken], int]) -> Iterator[Stretch]:
    for item in by_start(items):
        piece = spoken(item)
        if piece.speaker is None:
            continue
        start, end = piece.start_ms, piece.end_ms
        if start is None or end is None or end < start:
            known = start if start is not None else end or 0
            start = end = known
        yield Stretch(piece.speaker, start, end, words_of(piece))


def _words_of_utterance(utterance: Spoken) -> int:
    return len((utterance.text or "").split()) if utterance.words is None else utterance.words


def _tallies(stretches: Sequence[Stretch]) -> dict[str, _Tally]:
    """Return one tally a speaker, in the order in which they first speak."""
    tallies: dict[str, _Tally] = {}
    speaking, turn_start, turn_end = "", 0, 0
    for piece in stretches:
        tally = tallies.setdefault(piece.speaker, _Tally())
        if piece.speaker != speaking or not tally.turns:
            tally.turns += 1
            speaking, turn_start, turn_end = piece.speaker, piece.start, piece.end
        turn_end = max(turn_end, piece.end)
        tally.talk_ms += piece.end - piece.start
        tally.words += piece.words
        tally.longest_turn_ms = max(tally.longest_turn_ms, turn_end - turn_start)
    return tallies


def _items(tallies: dict[str, _Tally]) -> list[Item]:
    all_ms = sum(tally.talk_ms for tally in tallies.values())
    return [
        {
            "speaker": speaker,
            "talk_ms": tally.talk_ms,
            "share": round(tally.talk_ms / all_ms, SHARE_DIGITS) if all_ms else None,
            "words": tally.words,
            "words_per_minute": _words_per_minute(tally),
            "turns": tally.turns,
            "longest_turn_ms": tally.longest_turn_ms,
        }
        for speaker, tally in tallies.items()
    ]


def _words_per_minute(tally: _Tally) -> float | None:
    if not tally.talk_ms:
        return None
    return round(tally.words * MINUTE_MS / tally.talk_ms, WORDS_PER_MINUTE_DIGITS)
