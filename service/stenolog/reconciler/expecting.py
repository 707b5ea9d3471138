"""Expect how long a job takes, from its audio's length and from the jobs that ended lately."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stenolog.bounded import BoundedMemory
from stenolog.clock import microseconds
from stenolog.commands.transcription.state import Submission

EXPECTED_MS_MIN = 60_000  # a job is given at least a minute
EXPECTED_MS_MAX = 3_600_000  # and no more than an hour, however long others took
LENGTH_SHARE = 2  # where nothing is known of others: half of the audio's length
RECENT_MAX = 32  # jobs of one model
RECENT_MIN = 8  # with fewer nothing is learned of them
LATE_SHARE = 10  # one of so many took longer than what is expected
MODELS_MAX = 64  # of one provider
AUDIO_MS_MAX = 86_400_000  # that a request may speak of
MODEL_CHARACTERS_MAX = 64


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request says of how long its job takes; `audio_ms` is None where it does not say."""

    model: str
    audio_ms: int | None


@dataclass(frozen=True, slots=True)
class _Took:
    took_ms: int
    audio_ms: int | None


def asked_of(params: Mapping[str, Any]) -> Asked:
    """Return the model that is asked for first, and the length of the part of the audio.

    The audio itself is measured by the provider, which tells it with the result.
    """
    models, start, end = (
        params.get(name) for name in ("speech_models", "audio_start_from", "audio_end_at")
    )
    first = models[0] if isinstance(models, list) and models else ""
    model = first if isinstance(first, str) else ""
    audio_ms = None
    if isinstance(end, int) and isinstance(start, int | None):
        audio_ms = min(max(0, end - (start or 0)), AUDIO_MS_MAX)
    return Asked(model[:MODEL_CHARACTERS_MAX], audio_ms)


class Durations:
    """Remembers of one place how long its last jobs took; a restart forgets it.

    Only jobs that called back count: of others it is known when we looked, not when they ended.
    """

    def __init__(self) -> None:
        self._recent: BoundedMemory[str, deque[_Took]] = BoundedMemory(MODELS_MAX)

    def ended(self, submission: Submission, model: str | None, audio_ms: int | None) -> None:
        """Note that a job has completed; one of which nobody called, or knows the model, is not."""
        accepted_at, called_at = submission.accepted_at, submission.called_back_at
        if model is None or accepted_at is None or called_at is None:
            return
        took_ms = (microseconds(called_at) - microseconds(accepted_at)) // 1_000
        recent = self._recent.get(model) or deque(maxlen=RECENT_MAX)
        recent.append(_Took(max(0, took_ms), audio_ms))
        self._recent.put(model, recent)

    def expected_ms(self, asked: Asked) -> int:
        """Return how long such a job takes at most, but for one of ten; from a minute to an hour.

        With the audio's length it is by the rate of the last jobs, else by their times.
        """
        length_ms, recent = asked.audio_ms, self._recent.get(asked.model) or ()
        if length_ms is None:
            found = _most([float(one.took_ms) for one in recent]) or 0.0
        else:
            rates = [one.took_ms / one.audio_ms for one in recent if one.audio_ms]
            found = length_ms * (_most(rates) or 1 / LENGTH_SHARE)
        return int(min(max(EXPECTED_MS_MIN, found), EXPECTED_MS_MAX))


def _most(values: list[float]) -> float | None:
    """Return what nine of ten do not exceed; None of too few."""
    if len(values) < RECENT_MIN:
        return None
    return sorted(values)[-1 - len(values) // LATE_SHARE]
