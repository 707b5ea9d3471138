"""Collect decoded samples in one block, up to a limit."""

from __future__ import annotations

import numpy as np

from stenolog.engine import audio_errors
from stenolog.engine.audio.mixing import Samples
from stenolog.engine.techniques import SAMPLE_RATE, Waveform

SAMPLE_MAX = 32.0  # 30 dB above full scale, as floats may be; beyond it is damage
GROWTH_SAMPLES = 600 * SAMPLE_RATE  # ten minutes, 38 MB


class CollectedSamples:
    """Collects samples in order of arrival.

    They are in one growing block, because hours of audio fit only once into a worker's memory.

    Attributes:
        count: How many there are.
        peak: The largest of them, once they are `joined`.
    """

    def __init__(self, audio_ms_max: int) -> None:
        self._samples_max = audio_ms_max * SAMPLE_RATE // 1000
        self._audio_ms_max = audio_ms_max
        self._block = np.empty(min(self._samples_max, GROWTH_SAMPLES), dtype=np.float32)
        self.count = 0
        self.peak = 0.0

    def add(self, piece: Samples) -> None:
        """One piece more.

        Raises:
            AudioRefused: There are more than the limit allows.
        """
        begin = self._reserve(piece.size)
        self._block[begin : self.count] = piece

    def silence(self, samples: int) -> None:
        """So many zeros more.

        Raises:
            AudioRefused: There are more than the limit allows.
        """
        begin = self._reserve(samples)
        self._block[begin : self.count] = 0.0

    def joined(self) -> Waveform:
        """Return all of them, finite and within `SAMPLE_MAX`; nothing can be added afterwards."""
        self._block.resize(self.count, refcheck=False)
        for begin in range(0, self.count, GROWTH_SAMPLES):
            part = self._block[begin : begin + GROWTH_SAMPLES]
            np.nan_to_num(part, copy=False, nan=0.0, posinf=1.0, neginf=-1.0)
            np.clip(part, -SAMPLE_MAX, SAMPLE_MAX, out=part)
            self.peak = max(self.peak, float(part.max()), -float(part.min()))
        return self._block

    def _reserve(self, samples: int) -> int:
        """Return where `samples` more may be written; they are counted."""
        begin = self.count
        if begin + samples > self._samples_max:
            raise audio_errors.too_long(self._audio_ms_max)
        self.count += samples
        if self.count > self._block.size:
            # Nobody else refers to the block: it is moved by the kernel, not copied.
            self._block.resize(self.count + GROWTH_SAMPLES, refcheck=False)
        return begin
