"""Measure how loud every 10 ms of audio is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stenolog.engine.techniques import SAMPLE_RATE, Waveform

FRAME_SAMPLES = SAMPLE_RATE // 100
FRAME_MS = 10
SILENCE = 1e-10  # of power; keeps the logarithm finite
PIECE_FRAMES = 60_000  # ten minutes: squares of hours would be gigabytes


def log_power(audio: Waveform) -> NDArray[np.float64]:
    """Return the natural log of each frame's mean power; the last is padded with zeros."""
    count = -(-audio.size // FRAME_SAMPLES)
    power = np.empty(count, dtype=np.float64)
    for first in range(0, count, PIECE_FRAMES):
        last = min(count, first + PIECE_FRAMES)
        frames = np.zeros((last - first) * FRAME_SAMPLES, dtype=np.float32)
        part = audio[first * FRAME_SAMPLES : last * FRAME_SAMPLES]
        frames[: part.size] = part
        power[first:last] = np.mean(frames.reshape(-1, FRAME_SAMPLES) ** 2, axis=1)
    return np.log(power + SILENCE)
