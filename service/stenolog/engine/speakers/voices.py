"""Find who speaks when: one vector per unit of speech; units with similar vectors are one voice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from stenolog.engine.options import SpeakerBounds
from stenolog.engine.speakers.clustering import Labels, Vectors, cluster
from stenolog.engine.speakers.fbank import log_mel
from stenolog.engine.speakers.segmentation import Segmentation
from stenolog.engine.speakers.units import Unit, cut_units
from stenolog.engine.speech import weights
from stenolog.engine.speech.sessions import open_model
from stenolog.engine.techniques import Heartbeat, SpeakerTurn, Waveform

FRAMES_MIN = 25  # 0.25 s; less of a voice has no usable vector
FRAMES_TILED = 100  # shorter units are repeated to 1 s, as the model expects some length
VECTOR_SIZE = 256
HEARTBEAT_UNITS = 50


class Voices:
    """A `SpeakerSeparator` by clustering; one call at a time."""

    def __init__(self, *, threads: int) -> None:
        self._segmentation = Segmentation(threads=threads)
        self._embedding = open_model(weights.embedded_model("embedding"), threads=threads)

    def turns(
        self, audio: Waveform, bounds: SpeakerBounds, alive: Heartbeat
    ) -> tuple[SpeakerTurn, ...]:
        """Return one turn per unit; neighbours of the same voice are not joined."""
        units = cut_units(audio, self._segmentation.speech(audio, alive))
        features = log_mel(audio, alive)
        heard = [
            i for i, u in enumerate(units) if min(u.last, len(features)) - u.first >= FRAMES_MIN
        ]
        if not heard:
            return tuple(_turn(unit, 0) for unit in units)
        vectors = self._vectors(features, [units[index] for index in heard], alive)
        seconds = np.array([units[index].seconds for index in heard])
        alive()
        labels = _spread(units, heard, cluster(vectors, seconds, bounds))
        return tuple(_turn(unit, label) for unit, label in zip(units, labels, strict=True))

    def _vectors(
        self, features: NDArray[np.float32], units: Sequence[Unit], alive: Heartbeat
    ) -> Vectors:
        vectors = np.empty((len(units), VECTOR_SIZE))
        for index, unit in enumerate(units):
            if index % HEARTBEAT_UNITS == 0:
                alive()
            part = features[unit.first : unit.last]
            part = part - part.mean(axis=0)
            if len(part) < FRAMES_TILED:
                part = np.tile(part, (-(-FRAMES_TILED // len(part)), 1))
            ones = np.ones((1, len(part)), dtype=np.float32)
            vectors[index] = self._embedding.run(None, {"fbank": part[None], "weights": ones})[0][0]
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        vectors /= np.maximum(lengths, 1e-12)
        return vectors


def _spread(units: Sequence[Unit], heard: Sequence[int], labels: Labels) -> list[int]:
    """Return a label for every unit; one without a vector takes that of the nearest in time."""
    middles = np.array([units[index].first + units[index].last for index in heard])
    return [
        int(labels[int(np.argmin(np.abs(middles - (unit.first + unit.last))))]) for unit in units
    ]


def _turn(unit: Unit, speaker: int) -> SpeakerTurn:
    return SpeakerTurn(start_ms=unit.first * 10, end_ms=unit.last * 10, speaker=speaker)
