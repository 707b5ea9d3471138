"""Say how long a job may take, and how much of the CPU it may have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from stenolog.engine.settings import EngineSettings

JOB_MS_MIN = 300_000  # however short the audio: the machine may be busy
DECODED_PER_MS = 20  # ms of audio in a ms at the least; decoders were measured at 460 and more


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a job may take: before its duration is known, and in all once it is."""

    decoding_ms: int
    whole_ms: Callable[[int], int]


def patience_of(settings: EngineSettings) -> Patience:
    """Return what `job_seconds_max` says, else as long as the audio lasts, and five minutes."""
    limit = settings.job_seconds_max
    longest_ms = max(JOB_MS_MIN, settings.audio_ms_max // DECODED_PER_MS)
    return Patience(
        decoding_ms=longest_ms if limit is None else limit * 1000,
        whole_ms=partial(_whole_ms, settings),
    )


def cpu_seconds(settings: EngineSettings) -> int:
    """Return all cores for as long as the longest audio may take."""
    return settings.threads * _whole_ms(settings, settings.audio_ms_max) // 1000 + 1


def _whole_ms(settings: EngineSettings, audio_ms: int) -> int:
    limit = settings.job_seconds_max
    return limit * 1000 if limit is not None else max(JOB_MS_MIN, audio_ms)
