"""Make parts of a recording unhearable, and encode it."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Sequence

import av
import numpy as np

from stenolog.engine.techniques import SAMPLE_RATE, Heartbeat, Waveform

TONE_HZ = 1_000  # the tone that broadcasters use
TONE_LEVEL = 0.1  # -20 dBFS: no louder than speech
MP3_BITS_PER_SECOND = 64_000  # for one channel at 16 kHz more is not heard
PIECE_SAMPLES = 10 * SAMPLE_RATE  # 320 KB as PCM
BYTES_PER_SAMPLE = 2
WAV_DATA_BYTES_MAX = 2**32 - 64  # of its 32-bit sizes


def bleep(audio: Waveform, hidden_ms: Sequence[tuple[int, int]], *, silent: bool) -> None:
    """Replace these times, in ms, by a tone or by silence; `audio` itself is changed."""
    for start_ms, end_ms in hidden_ms:
        first = max(0, start_ms * SAMPLE_RATE // 1000)
        last = min(audio.size, -(-end_ms * SAMPLE_RATE // 1000))
        for begin in range(first, last, PIECE_SAMPLES):
            end = min(begin + PIECE_SAMPLES, last)
            places = np.arange(begin, end, dtype=np.float64)
            tone = np.sin(places * (2 * np.pi * TONE_HZ / SAMPLE_RATE)) * TONE_LEVEL
            audio[begin:end] = 0.0 if silent else tone.astype(np.float32)


def as_mp3(audio: Waveform, alive: Heartbeat) -> Iterator[bytes]:
    """Yield an MP3 file of one channel at 16 kHz, piece by piece."""
    sink = _Sink()
    options = {"write_xing": "0", "id3v2_version": "0"}  # both would be written at the end
    with av.open(sink, "w", format="mp3", options=options) as container:
        stream = container.add_stream("mp3", rate=SAMPLE_RATE)
        stream.bit_rate = MP3_BITS_PER_SECOND
        stream.layout = "mono"
        for piece in _pieces(audio):
            frame = av.AudioFrame.from_ndarray(piece[None, :], format="s16", layout="mono")
            frame.sample_rate = SAMPLE_RATE
            container.mux(stream.encode(frame))
            yield sink.take()
            alive()
        container.mux(stream.encode(None))
    yield sink.take()


def as_wav(audio: Waveform, alive: Heartbeat) -> Iterator[bytes]:
    """Yield a WAV file of one channel of 16 bits at 16 kHz, piece by piece."""
    size = audio.size * BYTES_PER_SAMPLE
    assert size <= WAV_DATA_BYTES_MAX, "the engine takes no recording that is so long"
    rate = SAMPLE_RATE * BYTES_PER_SAMPLE
    form = struct.pack("<HHIIHH", 1, 1, SAMPLE_RATE, rate, BYTES_PER_SAMPLE, 16)
    yield b"RIFF" + struct.pack("<I", 36 + size) + b"WAVE"
    yield b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", size)
    for piece in _pieces(audio):
        yield piece.tobytes()
        alive()


def _pieces(audio: Waveform) -> Iterator[np.ndarray[tuple[int], np.dtype[np.int16]]]:
    for begin in range(0, audio.size, PIECE_SAMPLES):
        yield np.rint(audio[begin : begin + PIECE_SAMPLES] * 32_767).astype("<i2")


class _Sink(io.RawIOBase):
    """Collects what an encoder writes; it cannot go back."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload]  # a buffer, by io's contract
        self._written += piece
        return len(piece)

    def take(self) -> bytes:
        """Return what was written since the last call."""
        taken = bytes(self._written)
        self._written.clear()
        return taken
