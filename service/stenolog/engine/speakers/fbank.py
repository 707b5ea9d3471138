"""Compute log-mel features as Kaldi does; the speaker model was trained on these."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from stenolog.engine.techniques import SAMPLE_RATE, Heartbeat, Waveform

HOP_SAMPLES = SAMPLE_RATE // 100  # 10 ms
WINDOW_SAMPLES = SAMPLE_RATE // 40  # 25 ms
FFT_SIZE = 512
MELS = 80
HZ_LOW, HZ_HIGH = 20.0, 8_000.0
PRE_EMPHASIS = 0.97
INTEGER_SCALE = 32_768.0  # Kaldi's samples are 16-bit integers
# One hour in one piece takes 2.4 GB.
PIECE_FRAMES = 5 * 60 * 100


def log_mel(audio: Waveform, alive: Heartbeat) -> NDArray[np.float32]:
    """Frames by `MELS`, one frame every 10 ms while a whole window fits; empty for less."""
    frames = max(0, 1 + (audio.size - WINDOW_SAMPLES) // HOP_SAMPLES)
    features = np.empty((frames, MELS), dtype=np.float32)
    for first in range(0, frames, PIECE_FRAMES):
        alive()
        last = min(frames, first + PIECE_FRAMES)
        piece = audio[first * HOP_SAMPLES : (last - 1) * HOP_SAMPLES + WINDOW_SAMPLES]
        features[first:last] = _piece(piece)
    return features


def _piece(audio: Waveform) -> NDArray[np.float32]:
    windows = np.lib.stride_tricks.sliding_window_view(audio, WINDOW_SAMPLES)[::HOP_SAMPLES]
    scaled = windows * np.float32(INTEGER_SCALE)
    scaled -= scaled.mean(axis=1, keepdims=True)
    before = np.concatenate((scaled[:, :1], scaled[:, :-1]), axis=1)
    scaled -= np.float32(PRE_EMPHASIS) * before
    scaled *= np.hamming(WINDOW_SAMPLES).astype(np.float32)
    power = np.abs(np.fft.rfft(scaled, FFT_SIZE)).astype(np.float32) ** 2
    energies = power @ _filters()
    features: NDArray[np.float32] = np.log(np.maximum(energies, np.finfo(np.float32).eps))
    return features


@functools.cache
def _filters() -> NDArray[np.float32]:
    """Triangles of equal width on the mel scale: FFT bins by mels."""
    edges = np.linspace(_mel(HZ_LOW), _mel(HZ_HIGH), MELS + 2)
    bins = _mel(np.arange(FFT_SIZE // 2 + 1) * SAMPLE_RATE / FFT_SIZE)[:, None]
    left, centre, right = edges[:-2], edges[1:-1], edges[2:]
    rising = (bins - left) / (centre - left)
    falling = (right - bins) / (right - centre)
    return np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)


def _mel(hertz: float | NDArray[np.float64]) -> NDArray[np.float64]:
    return 1127.0 * np.log1p(np.asarray(hertz, dtype=np.float64) / 700.0)
