"""Media of any accepted container becomes mono audio at 16 kHz; hostile bytes are expected.

Runs in a worker process only. FFmpeg is given an open file and a list of demuxers: it never sees a
path or a URL, and a playlist can make it neither connect nor read other files.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import av
import numpy as np
from numpy.typing import NDArray

from service.engine import audio_errors
from service.engine.audio_errors import AudioRefused
from service.engine.sniff import SNIFF_BYTES, UNKNOWN, is_container, kind_of_document
from service.engine.techniques import SAMPLE_RATE, Heartbeat, Waveform

# Demuxers that hold audio and refer to nothing outside their own bytes.
DEMUXERS = "wav,mp3,flac,ogg,mov,matroska,webm,aac,aiff,amr,asf,au,caf,mpegts,avi,flv"
AUDIO_MS_MIN = 160  # AssemblyAI documentation, "Audio duration is too short"
RATE_HZ_MIN, RATE_HZ_MAX = 4_000, 768_000  # below, a few KB become hours of samples
CHANNELS_MAX = 8  # 7.1 surround; more is damage or malice
GAP_SAMPLES_MIN = SAMPLE_RATE // 10  # shorter holes between packets are rounding of time stamps
PACKETS_BAD_MAX = 100_000  # a file of nothing but damage must end
HEARTBEAT_PACKETS = 500  # about 10 s of MP3


def decode(file: BinaryIO, *, audio_ms_max: int, alive: Heartbeat) -> Waveform:
    """The sound of `file`: what is there when it is truncated, silence where packets are missing.

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
        _drain(media, stream, sink, alive)
    audio = sink.joined()
    if audio.size * 1000 < AUDIO_MS_MIN * SAMPLE_RATE:
        raise audio_errors.too_short()
    return audio


def _checked_beginning(file: BinaryIO) -> bytes:
    """The first bytes; what is surely no audio is named, and never reaches FFmpeg."""
    head = file.read(SNIFF_BYTES)
    file.seek(0)
    if not head:
        raise audio_errors.empty_file()
    kind = kind_of_document(head)
    if kind is not None:
        raise audio_errors.not_audio(kind)
    return head


class _Samples:
    """Decoded samples in arrival order, never more than the limit."""

    def __init__(self, samples_max: int, audio_ms_max: int) -> None:
        self._pieces: list[NDArray[np.float32]] = []
        self._samples_max = samples_max
        self._audio_ms_max = audio_ms_max
        self.count = 0

    def add(self, piece: NDArray[np.float32]) -> None:
        self.count += piece.size
        if self.count > self._samples_max:
            raise audio_errors.too_long(self._audio_ms_max)
        self._pieces.append(piece)

    def silence(self, samples: int) -> None:
        if self.count + samples > self._samples_max:
            raise audio_errors.too_long(self._audio_ms_max)
        self.add(np.zeros(samples, dtype=np.float32))

    def joined(self) -> Waveform:
        audio = np.empty(self.count, dtype=np.float32)
        at = 0
        for index, piece in enumerate(self._pieces):
            audio[at : at + piece.size] = piece
            at += piece.size
            self._pieces[index] = np.empty(0, dtype=np.float32)  # gives memory back as we go
        np.nan_to_num(audio, copy=False, nan=0.0, posinf=1.0, neginf=-1.0)
        return np.clip(audio, -1.0, 1.0, out=audio)


def _drain(media: Any, stream: Any, sink: _Samples, alive: Heartbeat) -> None:
    resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
    first_seconds: float | None = None
    decoded = False
    packets = _Packets()
    for frame in packets.frames(media, stream, alive):
        if not decoded:
            _check_format(frame)
            decoded = True
        if frame.time is not None:
            if first_seconds is None:
                first_seconds = float(frame.time)
            missing = round((frame.time - first_seconds) * SAMPLE_RATE) - sink.count
            if missing > GAP_SAMPLES_MIN:
                _take(resampler.resample(None), sink)
                resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
                missing = round((frame.time - first_seconds) * SAMPLE_RATE) - sink.count
                sink.silence(max(0, missing))
        frame.pts = None  # the resampler would otherwise fill or drop by itself
        _take(resampler.resample(frame), sink)
    if not decoded:
        # A header without samples is audio, only none of it.
        raise audio_errors.undecodable() if packets.bad else audio_errors.too_short()
    _take(resampler.resample(None), sink)


class _Packets:
    """Reads packets one by one and counts those that cannot be decoded."""

    def __init__(self) -> None:
        self.bad = 0

    def frames(self, media: Any, stream: Any, alive: Heartbeat) -> Iterator[Any]:
        """Frames in order; a damaged packet is skipped, damage in the container ends the file."""
        packets = media.demux(stream)
        for number in itertools.count():
            if number % HEARTBEAT_PACKETS == 0:
                alive()
            try:
                packet = next(packets, None)
            except (av.error.FFmpegError, EOFError):
                return
            if packet is None:
                return
            try:
                yield from packet.decode()
            except (av.error.FFmpegError, EOFError):
                self.bad += 1
                if self.bad > PACKETS_BAD_MAX:
                    raise audio_errors.undecodable() from None


def _check_format(frame: Any) -> None:
    if not RATE_HZ_MIN <= frame.sample_rate <= RATE_HZ_MAX:
        raise audio_errors.odd_format(f"a sample rate of {frame.sample_rate} Hz")
    if frame.layout.nb_channels > CHANNELS_MAX:
        raise audio_errors.odd_format(f"{frame.layout.nb_channels} channels")


def _take(frames: Any, sink: _Samples) -> None:
    for frame in frames:
        sink.add(frame.to_ndarray().reshape(-1).astype(np.float32, copy=False))


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
