"""Find speech and changes of speaker with pyannote's segmentation model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stenolog.engine.speech import weights
from stenolog.engine.speech.sessions import open_model
from stenolog.engine.techniques import SAMPLE_RATE, Heartbeat, Waveform

WINDOW_SECONDS = 10
WINDOW_SAMPLES = WINDOW_SECONDS * SAMPLE_RATE  # the model's fixed input
WINDOW_FRAMES = 589  # its answer: one row of three voices per frame
FRAME_SECONDS = WINDOW_SECONDS / WINDOW_FRAMES


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """Stretches of speech and the changes of voice in them, in 10 ms frames, both in order."""

    stretches: tuple[tuple[int, int], ...]
    changes: tuple[int, ...]


class Segmentation:
    """Runs the model, which is opened once; one call at a time."""

    def __init__(self, *, threads: int) -> None:
        self._session = open_model(weights.embedded_model("segmentation"), threads=threads)

    def speech(self, audio: Waveform, alive: Heartbeat) -> Speech:
        """Windows of 10 s without overlap: voices are numbered anew in each, which is enough."""
        windows = -(-audio.size // WINDOW_SAMPLES)
        active = np.zeros((windows, WINDOW_FRAMES, 3), dtype=bool)
        for window in range(windows):
            alive()
            piece = np.zeros((1, 1, WINDOW_SAMPLES), dtype=np.float32)
            part = audio[window * WINDOW_SAMPLES : (window + 1) * WINDOW_SAMPLES]
            piece[0, 0, : part.size] = part
            active[window] = self._session.run(None, {"waveforms": piece})[0][0] > 0.5
        return read_activity(active, audio.size)


def read_activity(active: NDArray[np.bool_], samples: int) -> Speech:
    """Speech from who is active per window and frame; `samples` ends the last window."""
    codes = active.reshape(-1, 3) @ np.array([1, 2, 4])
    speaking = codes > 0
    edges = np.flatnonzero(np.diff(np.concatenate(([0], speaking.astype(np.int8), [0]))))
    end = samples * 100 // SAMPLE_RATE
    stretches = tuple(
        (_frame(first), min(_frame(last), end))
        for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
        if _frame(first) < end
    )
    places = np.flatnonzero((codes[1:] != codes[:-1]) & speaking[1:] & speaking[:-1]) + 1
    changes = tuple(_frame(place) for place in places.tolist() if place % WINDOW_FRAMES)
    return Speech(stretches=stretches, changes=changes)


def _frame(place: int) -> int:
    return round(place * FRAME_SECONDS * 100)
