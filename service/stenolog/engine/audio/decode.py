"""Decode media of any accepted container to mono audio at 16 kHz; bytes may be hostile.

Runs in a worker process only. FFmpeg gets an open file and a list of allowed demuxers. It never
sees a path or a URL, so a playlist can make it neither connect nor read other files.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import av
import numpy as np
from numpy.typing import NDArray

from stenolog.engine import audio_errors
from stenolog.engine.audio.packets import Packets
from stenolog.engine.audio.sniff import SNIFF_BYTES, UNKNOWN, is_container, kind_of_document
from stenolog.engine.audio_errors import AudioRefused
from stenolog.engine.techniques import SAMPLE_RATE, Heartbeat, Waveform

# Demuxers that hold audio and refer to nothing outside their own bytes.
DEMUXERS = "wav,mp3,flac,ogg,mov,matroska,webm,aac,aiff,amr,asf,au,caf,mpegts,avi,flv"
AUDIO_MS_MIN = 160  # AssemblyAI documentation, "Audio duration is too short"
RATE_HZ_MIN, RATE_HZ_MAX = 4_000, 768_000  # below, a few KB become hours of samples
CHANNELS_MAX = 8  # 7.1 surround; more is damage or malice
GROWTH_SAMPLES = 600 * SAMPLE_RATE  # ten minutes, 38 MB
GAP_SAMPLES_MIN = SAMPLE_RATE // 10  # shorter holes between packets are rounding of time stamps
GAP_SAMPLES_MAX = 300 * SAMPLE_RATE  # longer ones are clocks that were set, as in broadcasts


def decode(file: BinaryIO, *, audio_ms_max: int, alive: Heartbeat) -> Waveform:
    """Decode `file`: a truncated one as far as it goes; missing packets become silence.

    Raises:
        AudioRefused: Not media, no audio in it, an odd format, too short, or over `audio_ms_max`.
    """
    head = _checked_beginning(file)
    options = {"format_whitelist": DEMUXERS, "protocol_whitelist": "file"}
    with (
        _library(head),
        av.open(file, mode="r", options=options, metadata_errors="ignore") as media,
    ):
        if not media.streams.audio:
            raise audio_errors.no_audio_stream()
        stream = media.streams.audio[0]
        sink = _Samples(audio_ms_max * SAMPLE_RATE // 1000, audio_ms_max)
        _drain(Packets(media, stream), sink, alive)
    audio = sink.joined()
    if audio.size * 1000 < AUDIO_MS_MIN * SAMPLE_RATE:
        raise audio_errors.too_short()
    return audio


def _checked_beginning(file: BinaryIO) -> bytes:
    """Return the first bytes; what is surely no audio is named, and never reaches FFmpeg."""
    head = file.read(SNIFF_BYTES)
    file.seek(0)
    if not head:
        raise audio_errors.empty_file()
    kind = kind_of_document(head)
    if kind is not None:
        raise audio_errors.not_audio(kind)
    return head


class _Samples:
    """Collects decoded samples in order of arrival, up to a limit.

    They are in one growing block, because hours of audio fit only once into a worker's memory.
    """

    def __init__(self, samples_max: int, audio_ms_max: int) -> None:
        self._block = np.empty(min(samples_max, GROWTH_SAMPLES), dtype=np.float32)
        self._samples_max = samples_max
        self._audio_ms_max = audio_ms_max
        self.count = 0

    def add(self, piece: NDArray[np.float32]) -> None:
        begin = self._reserve(piece.size)
        self._block[begin : self.count] = piece

    def silence(self, samples: int) -> None:
        begin = self._reserve(samples)
        self._block[begin : self.count] = 0.0

    def joined(self) -> Waveform:
        """Return all of them, finite and within ±1; nothing can be added afterwards."""
        self._block.resize(self.count, refcheck=False)
        for begin in range(0, self.count, GROWTH_SAMPLES):
            part = self._block[begin : begin + GROWTH_SAMPLES]
            np.nan_to_num(part, copy=False, nan=0.0, posinf=1.0, neginf=-1.0)
            np.clip(part, -1.0, 1.0, out=part)
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


def _drain(packets: Packets, sink: _Samples, alive: Heartbeat) -> None:
    """Move all frames into the sink, each to its place."""
    resampler = _Resampler(sink)
    begin: float | None = None  # what the container's clock says at the first sample
    for placed in packets.frames(alive):
        _check_format(placed.frame)
        if placed.seconds is not None:
            if begin is None:
                begin = placed.seconds
            missing = round((placed.seconds - begin) * SAMPLE_RATE) - sink.count
            if missing > GAP_SAMPLES_MAX:
                # The clock was set and no sound was lost.
                begin = placed.seconds - sink.count / SAMPLE_RATE
            elif missing > GAP_SAMPLES_MIN:
                resampler.flush()
                missing = round((placed.seconds - begin) * SAMPLE_RATE) - sink.count
                sink.silence(max(0, missing))
        resampler.take(placed.frame)
    resampler.flush()
    if sink.count == 0:
        # A header without samples is audio, only none of it.
        raise audio_errors.undecodable() if packets.bad else audio_errors.too_short()


class _Resampler:
    """Resamples frames of any one format; after a change of format it begins anew."""

    def __init__(self, sink: _Samples) -> None:
        self._sink = sink
        self._inner: Any = None
        self._format: object = None

    def take(self, frame: Any) -> None:
        frame.pts = None  # the gaps are filled by us
        sound = (frame.sample_rate, frame.layout.name, frame.format.name)
        if sound != self._format:
            self.flush()
            self._format = sound
        if self._inner is None:
            self._inner = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
        self._add(self._inner.resample(frame))

    def flush(self) -> None:
        if self._inner is not None:
            self._add(self._inner.resample(None))
            self._inner = None

    def _add(self, frames: Any) -> None:
        for frame in frames:
            self._sink.add(frame.to_ndarray().reshape(-1).astype(np.float32, copy=False))


def _check_format(frame: Any) -> None:
    if not RATE_HZ_MIN <= frame.sample_rate <= RATE_HZ_MAX:
        raise audio_errors.odd_format(f"a sample rate of {frame.sample_rate} Hz")
    if frame.layout.nb_channels > CHANNELS_MAX:
        raise audio_errors.odd_format(f"{frame.layout.nb_channels} channels")


@contextmanager
def _library(head: bytes) -> Iterator[None]:
    """FFmpeg's errors stop here; our own pass."""
    try:
        yield
    except AudioRefused:
        raise
    except MemoryError:
        raise  # the worker has no memory left, whatever the file
    except (av.error.FFmpegError, ValueError, EOFError) as exc:
        known = is_container(head)
        raise (audio_errors.undecodable() if known else audio_errors.not_audio(UNKNOWN)) from exc
