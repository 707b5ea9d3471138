"""Mix a recording's channels to one, at 16 kHz; where they cancel each other, hear the loudest.

Or hear one of them alone.
"""

from __future__ import annotations

import contextlib
from typing import Any, Protocol

import av
import numpy as np
from numpy.typing import NDArray

from stenolog.engine.techniques import SAMPLE_RATE

BLOCK_SAMPLES = SAMPLE_RATE  # it is decided anew every second
# A mix that keeps less than an eighth of the power that its channels bring into it has lost what
# they have in common; one with less than a hundredth of the loudest channel's is not heard.
KEPT_SHARE_MIN = 1 / 8
LOUDEST_SHARE_MIN = 1 / 100
SILENT_PEAK = 2.0**-13  # -78 dB: what a 16-bit converter makes of nothing
SILENT_POWER = SILENT_PEAK**2
PAIR = 2
UNNAMED = "{} channels"  # what FFmpeg calls speakers that the file does not name
STAY_SHARE = 0.5  # the channel that was heard before is left for one of twice its power

Samples = NDArray[np.float32]


class Sink(Protocol):
    """Takes mono samples."""

    count: int

    def add(self, piece: Samples) -> None:
        """One piece more."""
        ...


class Mixdown:
    """Resamples frames of any one format and mixes them; after a change of format it begins anew.

    With `channel`, counted from 0, the others are not heard; where there is none such, silence is.

    Attributes:
        alone_samples: How many samples are of one channel, because the mix had lost them.
    """

    def __init__(self, sink: Sink, channel: int | None = None) -> None:
        self._channel = channel
        self.alone_samples = 0
        self._sink = sink
        self._inner: Any = None
        self._format: object = None
        self._weights: Samples | None = None
        self._waiting: list[Samples] = []
        self._waiting_count = 0
        self._before = 0

    @property
    def count(self) -> int:
        """How many samples were made so far, those included that wait to be mixed."""
        return self._sink.count + self._waiting_count

    def take(self, frame: Any) -> None:
        """One decoded frame more."""
        frame.pts = None  # the gaps are filled by the caller
        sound = (frame.sample_rate, frame.layout.name, frame.format.name)
        if sound != self._format:
            self.flush()
            self._format = sound
        if self._inner is None:
            several = frame.layout.nb_channels > 1
            self._weights = self._weights_of(frame.layout) if several else None
            layout = "mono" if self._weights is None else frame.layout
            self._inner = av.AudioResampler(format="flt", layout=layout, rate=SAMPLE_RATE)
        self._add(self._inner.resample(frame))

    def flush(self) -> None:
        """Whatever waits is mixed."""
        if self._inner is not None:
            self._add(self._inner.resample(None))
            self._inner = None
        self._mix_waiting(1)

    def _add(self, frames: Any) -> None:
        for frame in frames:
            piece = frame.to_ndarray().reshape(-1).astype(np.float32, copy=False)
            if self._weights is None:
                self._sink.add(np.zeros_like(piece) if self._channel else piece)
                continue
            piece = piece.reshape(-1, self._weights.size).T
            self._waiting.append(piece)
            self._waiting_count += piece.shape[1]
        self._mix_waiting(BLOCK_SAMPLES)

    def _mix_waiting(self, samples_min: int) -> None:
        """Mix what waits in blocks, as long as there are `samples_min`."""
        if self._waiting_count < samples_min:
            return
        assert self._weights is not None
        waiting = np.concatenate(self._waiting, axis=1)
        begin = 0
        while waiting.shape[1] - begin >= samples_min:
            block = waiting[:, begin : begin + BLOCK_SAMPLES]
            # What is no number would be in every sum.
            block = np.nan_to_num(block, nan=0.0, posinf=1.0, neginf=-1.0)
            self._sink.add(self._mixed(block, self._weights))
            begin += block.shape[1]
        rest = waiting[:, begin:]
        self._waiting, self._waiting_count = [rest] if rest.size else [], rest.shape[1]

    def _weights_of(self, layout: Any) -> Samples:
        if self._channel is None:
            return _weights(layout)
        channels = np.arange(layout.nb_channels)
        return np.asarray(channels == self._channel, dtype=np.float32)

    def _mixed(self, block: Samples, weights: Samples) -> Samples:
        mix: Samples = weights @ block
        if self._channel is not None:
            return mix
        powers = np.mean(block**2, axis=1)
        power = float(np.mean(mix**2))
        in_mix = powers * (weights > 0)  # not the channel of low frequencies
        heard = in_mix if in_mix.max() > SILENT_POWER else powers
        loudest = int(np.argmax(heard))
        if heard[self._before % heard.size] >= STAY_SHARE * heard[loudest]:
            loudest = self._before % heard.size
        kept = power >= KEPT_SHARE_MIN * float(weights**2 @ powers)
        if heard[loudest] <= SILENT_POWER or (kept and power >= LOUDEST_SHARE_MIN * heard[loudest]):
            return mix
        self._before = loudest
        self.alone_samples += mix.size
        alone: Samples = block[loudest]
        return alone


def _weights(layout: Any) -> Samples:
    """Return how much of each channel goes into the mix: in FFmpeg's proportions.

    Two channels are averaged, so that the same sound in both is that sound. More are kept at the
    power of one. All have the same weight when their speakers are not named, or FFmpeg has no
    proportions for them, as for a pair at the back.
    """
    count = layout.nb_channels
    weights = np.ones(count, dtype=np.float32)
    if layout.name != UNNAMED.format(count):
        with contextlib.suppress(av.error.FFmpegError):
            weights = _proportions(layout)
    if not np.isfinite(weights).all() or weights.sum() <= 0:
        weights = np.ones(count, dtype=np.float32)
    whole = weights.sum() if count == PAIR else np.sqrt(np.sum(weights**2))
    return np.asarray(weights / whole, dtype=np.float32)


def _proportions(layout: Any) -> Samples:
    """Return how FFmpeg mixes these speakers to one.

    Raises:
        FFmpegError: It does not.
    """
    count = layout.nb_channels
    # Packed: PyAV 18 reads beyond eight planes of a planar frame.
    each = np.eye(count, dtype=np.float32).reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(each, format="flt", layout=layout)
    frame.sample_rate = SAMPLE_RATE
    mono = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
    mixed = [*mono.resample(frame), *mono.resample(None)]
    weights = np.concatenate([one.to_ndarray().reshape(-1) for one in mixed])[:count]
    return np.asarray(weights, dtype=np.float32)
