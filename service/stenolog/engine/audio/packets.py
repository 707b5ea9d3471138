"""Decode a container's packets to frames of sound with their times; skip damaged packets."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import av

from stenolog.engine import audio_errors
from stenolog.engine.techniques import Heartbeat

PACKETS_BAD_MAX = 100_000  # a file of nothing but damage must end
HEARTBEAT_PACKETS = 500  # about 10 s of MP3
# Formats without time stamps: FFmpeg counts packets, and what is lost between two is not seen.
WITHOUT_TIMES = frozenset({"mp3", "aac", "amr", "ac3", "eac3"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedFrame:
    """A decoded frame; `seconds` is its place by the container's clock, None when it has none."""

    frame: Any
    seconds: float | None


class Packets:
    """Reads the packets of one audio stream, once.

    Attributes:
        bad: How many could not be decoded so far.
        damaged: How many of them came behind the first sound: a recording may begin anywhere.
        broken: The container could not be read on.
    """

    def __init__(self, media: Any, stream: Any) -> None:
        self.bad = self.damaged = 0
        self.broken = False
        self._heard = False
        self._media = media
        self._stream = stream
        self._lost = _LostBytes() if media.format.name in WITHOUT_TIMES else None

    def frames(self, alive: Heartbeat) -> Iterator[PlacedFrame]:
        """Frames in order; damage in the container itself ends the stream.

        Raises:
            AudioRefused: More than `PACKETS_BAD_MAX` packets could not be decoded.
        """
        packets = self._media.demux(self._stream)
        for number in itertools.count():
            if number % HEARTBEAT_PACKETS == 0:
                alive()
            try:
                packet = next(packets, None)
            except EOFError:
                return
            except av.error.FFmpegError:
                self.broken = True
                return
            if packet is None:
                return
            try:
                frames = packet.decode()
            except (av.error.FFmpegError, EOFError):
                self.bad += 1
                self.damaged += self._heard
                if self.bad > PACKETS_BAD_MAX:
                    raise audio_errors.undecodable() from None
                continue
            if self._lost is not None and frames and packet.pos is not None:
                self._lost.found(packet.pos, packet.size)
            self._heard = self._heard or bool(frames)
            for frame in frames:
                yield self._placed(frame)

    def _placed(self, frame: Any) -> PlacedFrame:
        if self._lost is None:
            return PlacedFrame(frame=frame, seconds=frame.time)
        seconds = self._lost.seconds
        self._lost.decoded(frame.samples / frame.sample_rate)
        return PlacedFrame(frame=frame, seconds=seconds)


class _LostBytes:
    """Estimates times in a stream without a clock: skipped bytes took as long as the others.

    Attributes:
        seconds: Where the next frame is.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._end: int | None = None
        self._bytes = 0
        self._seconds = 0.0

    def found(self, position: int, size: int) -> None:
        """Note that a packet at `position` of the file could be decoded."""
        if self._end is not None and position > self._end and self._bytes:
            self.seconds += (position - self._end) * self._seconds / self._bytes
        self._end = position + size
        self._bytes += size

    def decoded(self, seconds: float) -> None:
        """So much sound came out of it."""
        self.seconds += seconds
        self._seconds += seconds
