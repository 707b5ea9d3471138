"""Split speech into units that are short enough to hold one voice each."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stenolog.engine.audio.energy import log_power
from stenolog.engine.speakers.segmentation import Speech
from stenolog.engine.techniques import Waveform

GAP_FRAMES_MIN = 10  # a quiet 0.10 s may be a change of speaker
UNIT_FRAMES_MAX = 300  # 3 s
QUIET_SHARE = 0.35  # of the range between quiet and loud
QUIET_RANGE = 12.0  # in natural logarithms of power (52 dB): silence below that is all alike


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """Frames of 10 ms, `first` up to, not including, `last`."""

    first: int
    last: int

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return (self.last - self.first) / 100


def cut_units(audio: Waveform, speech: Speech) -> tuple[Unit, ...]:
    """Return all of the speech in order: cut at quiet gaps, at changes of voice, and every 3 s."""
    energy = log_power(audio)
    cuts = set(speech.changes) | set(_gaps(energy, speech))
    units: list[Unit] = []
    for first, last in speech.stretches:
        inside = sorted(cut for cut in cuts if first < cut < last)
        for begin, end in itertools.pairwise([first, *inside, last]):
            units.extend(_pieces(begin, end))
    return tuple(units)


def _pieces(begin: int, end: int) -> Iterator[Unit]:
    count = -(-(end - begin) // UNIT_FRAMES_MAX)
    edges = [begin + (end - begin) * index // count for index in range(count + 1)]
    for first, last in itertools.pairwise(edges):
        yield Unit(first=first, last=last)


def _gaps(energy: NDArray[np.float64], speech: Speech) -> Iterator[int]:
    """Yield the lowest frame of every quiet gap that lies between speech."""
    spoken = np.zeros(energy.size, dtype=bool)
    for first, last in speech.stretches:
        spoken[first:last] = True
    if not spoken.any():
        return
    high = float(np.percentile(energy[spoken], 90))
    low = max(float(np.percentile(energy, 5)), high - QUIET_RANGE)
    quiet = spoken & (energy < low + QUIET_SHARE * (high - low))
    edges = np.flatnonzero(np.diff(np.concatenate(([0], quiet.astype(np.int8), [0]))))
    for begin, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if end - begin >= GAP_FRAMES_MIN:
            yield begin + int(np.argmin(energy[begin:end]))
