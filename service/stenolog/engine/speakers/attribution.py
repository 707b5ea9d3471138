"""Assign each word to the voice that spoke it. Pure."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import replace

from stenolog.engine.spoken import SpokenWord
from stenolog.engine.techniques import SpeakerTurn, TimedWord


def with_speakers(
    words: Sequence[TimedWord], turns: Sequence[SpeakerTurn]
) -> tuple[SpokenWord, ...]:
    """Return each word with the voice of the turn around its middle, of the nearest turn otherwise.

    Voices are lettered in the order in which their first words come. Without turns everybody is A.
    """
    letters: dict[int, str] = {}
    spoken = []
    for word in words:
        voice = _voice((word.start_ms + word.end_ms) / 2, turns)
        letter = letters.setdefault(voice, speaker_letter(len(letters)))
        spoken.append(_spoken(word, letter))
    return tuple(spoken)


def without_speakers(words: Sequence[TimedWord]) -> tuple[SpokenWord, ...]:
    """Return the same words without speakers."""
    return tuple(_spoken(word, None) for word in words)


def on_channel(words: Sequence[SpokenWord], number: int) -> tuple[SpokenWord, ...]:
    """Return words of one channel, whose speaker is its number, and the voice behind it."""
    channel = str(number)
    return tuple(
        replace(word, channel=channel, speaker=f"{channel}{word.speaker or ''}") for word in words
    )


def speaker_letter(number: int) -> str:
    """`A` to `Z`, then `AA`, `AB` and so on; `number` counts from 0."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _voice(middle_ms: float, turns: Sequence[SpeakerTurn]) -> int:
    """Return the speaker of the turn around or nearest to a moment; turns do not overlap."""
    if not turns:
        return 0
    after = bisect.bisect_right(turns, middle_ms, key=lambda turn: turn.start_ms)
    near = turns[max(0, after - 1) : after + 1]
    return min(near, key=lambda turn: _distance_ms(middle_ms, turn)).speaker


def _distance_ms(middle_ms: float, turn: SpeakerTurn) -> float:
    return max(turn.start_ms - middle_ms, middle_ms - turn.end_ms, 0.0)


def _spoken(word: TimedWord, speaker: str | None) -> SpokenWord:
    return SpokenWord(
        text=word.text,
        start=word.start_ms,
        end=word.end_ms,
        confidence=word.confidence,
        speaker=speaker,
    )
