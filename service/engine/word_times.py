"""When each word of a line was spoken: in proportion to its letters, within the voiced frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from service.engine.techniques import SAMPLE_RATE, Waveform

FRAME_SAMPLES = SAMPLE_RATE // 100
FRAME_MS = 10
# Of the range of energy above its quiet 5th percentile; median error of starts 143 ms.
VOICED_SHARE = 0.2
SILENCE = 1e-10  # keeps the logarithm finite


class VoicedFrames:
    """A `WordTimer` that needs no model."""

    def times_ms(self, audio: Waveform, words: Sequence[str]) -> tuple[tuple[int, int], ...]:
        """Pauses fall between words, never inside the count of letters."""
        if not words:
            return ()
        voiced = _voiced_frames(audio)
        letters = np.array([_letters(word) for word in words], dtype=np.float64)
        edges = np.concatenate(([0.0], np.cumsum(letters))) / letters.sum() * voiced.size
        times = []
        for index in range(len(words)):
            first = min(int(edges[index]), voiced.size - 1)
            last = min(max(first, int(np.ceil(edges[index + 1])) - 1), voiced.size - 1)
            start, end = int(voiced[first]), int(voiced[last]) + 1
            times.append((start * FRAME_MS, min(end * FRAME_MS, _duration_ms(audio))))
        return tuple(times)


def _voiced_frames(audio: Waveform) -> NDArray[np.int64]:
    """Numbers of the frames with a voice in them; every frame when none stands out."""
    count = max(1, audio.size // FRAME_SAMPLES)
    frames = np.zeros(count * FRAME_SAMPLES, dtype=np.float32)
    usable = min(audio.size, frames.size)
    frames[:usable] = audio[:usable]
    energy = 10 * np.log10(np.mean(frames.reshape(count, -1) ** 2, axis=1) + SILENCE)
    low = float(np.percentile(energy, 5))
    voiced = np.flatnonzero(energy > low + VOICED_SHARE * (float(energy.max()) - low))
    return voiced if voiced.size else np.arange(count)


def _letters(word: str) -> int:
    return max(1, sum(character.isalnum() for character in word))


def _duration_ms(audio: Waveform) -> int:
    return audio.size * 1000 // SAMPLE_RATE
