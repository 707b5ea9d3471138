"""Declare the interfaces between the techniques of speech, and the data that they exchange.

Each technique (voice activity, recognition, word times, speakers) is one module that keeps one of
these promises, so that another recogniser is one more module and changes nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from stenolog.engine.options import Keyterms, SpeakerBounds

SAMPLE_RATE = 16_000  # what every model here was trained on, in Hz
STEP_SAMPLES = 512  # one voice-activity step: Silero VAD at 16 kHz

Waveform = NDArray[np.float32]
"""Mono audio at `SAMPLE_RATE`, one dimension, every sample finite and within ±1."""

Heartbeat = Callable[[], None]
"""Called between pieces of work; whoever watches takes silence for a hang."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A stretch of speech to recognise in one piece: samples from `start` up to before `end`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognisedWord:
    """A word as it is written, punctuation attached; `confidence` in 0 to 1."""

    text: str
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedWord:
    """A word and when it was spoken, in ms from the beginning; `start_ms` <= `end_ms`."""

    text: str
    confidence: float
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WordTimes:
    """When the words of a line were spoken.

    Attributes:
        times_ms: Start and end of each word, from the beginning of the line, in order.
        margin_ms: How far outside of these times a word may still be heard.
    """

    times_ms: tuple[tuple[int, int], ...]
    margin_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakerTurn:
    """A stretch of one voice; `speaker` is a number without meaning of its own."""

    start_ms: int
    end_ms: int
    speaker: int


class VoiceActivity(Protocol):
    """Finds speech in audio."""

    def probabilities(self, audio: Waveform, alive: Heartbeat) -> NDArray[np.float32]:
        """Return the probability of speech per `STEP_SAMPLES` samples; the last step is padded.

        Empty audio has no steps.
        """
        ...


class Recogniser(Protocol):
    """Turns a line of speech into words."""

    @property
    def model(self) -> str:
        """The name that a transcript shows as `speech_model_used`."""
        ...

    def words(self, audio: Waveform, keyterms: Keyterms | None) -> tuple[RecognisedWord, ...]:
        """Return the words of one line in order; empty when nothing was understood.

        Those that the caller expects are written where they are nearly as likely as others.
        """
        ...


class WordTimer(Protocol):
    """Finds when the words of a line were spoken."""

    def times(self, audio: Waveform, words: Sequence[str]) -> WordTimes:
        """Return the times of all words of a line; none overlap, and all are inside of it."""
        ...


class SpeakerSeparator(Protocol):
    """Finds who speaks when."""

    def turns(
        self, audio: Waveform, bounds: SpeakerBounds, alive: Heartbeat
    ) -> tuple[SpeakerTurn, ...]:
        """Stretches of speech in order of time, each of one voice; empty when nobody speaks."""
        ...
