"""Compute how long, how much and how fast each speaker spoke.

It counts utterances, or the words' speaker labels where there are none. A turn is everything that a
speaker says until another one speaks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from stenolog.projections.canonical import Findings, Item, by_start
from stenolog.projections.shaped.conversation import Conversation
from stenolog.projections.shaped.fields import Fields
from stenolog.projections.shaped.notes import Notes

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


def talk_of_speakers(said: Conversation, notes: Notes) -> Findings:
    """Return one item for each speaker, in the order in which they first speak.

    Raises:
        ProjectionFailed: The utterances or the words are not a list of objects.
    """
    fields = Fields(notes)
    utterances = fields.listed(said.answer, "utterances")
    fields.listed(said.answer, "words")
    stretches = list(_stretches(fields, said.raw_utterances, _words_in))
    if not stretches:
        stretches = list(_stretches(fields, by_start(said.raw_words), lambda _: 1))
    if not stretches:
        silent = said.answer.get("words") == []
        return Findings(items=None if utterances is None and not silent else ())
    return Findings(items=_items(_tallies(stretches)))


def _stretches(
    fields: Fields, items: Sequence[Item], words_of: Callable[[Item], int]
) -> Iterator[Stretch]:
    for item in items:
        speaker = fields.label(item, "speaker")
        if speaker is not None:
            start, end = fields.span(item)
            yield Stretch(speaker, start or 0, end or 0, words_of(item))


def _words_in(utterance: Item) -> int:
    words, text = utterance.get("words"), utterance.get("text")
    if isinstance(words, list):
        return len(words)
    return len(text.split()) if isinstance(text, str) else 0


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
