"""Sounds for tests: noise, silence, recordings of the wheel, and their files in any container."""

from __future__ import annotations

import io
import wave
from fractions import Fraction
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from stenolog.engine.audio.decode import decode
from stenolog.engine.speech import weights
from stenolog.engine.techniques import SAMPLE_RATE, Waveform

BIT_RATE = 96_000


def recording(name: str) -> bytes:
    """The file of a recording that ships in the wheel."""
    folder = weights.wheel()
    assert folder is not None
    return (folder / "assets" / f"{name}.wav").read_bytes()


def speech(name: str, start: float = 0.0, end: float = 1e9) -> Waveform:
    """Seconds of such a recording at 16 kHz."""
    file = io.BytesIO(recording(name))
    audio = decode(file, audio_ms_max=600_000, alive=nothing).audio
    return audio[round(start * SAMPLE_RATE) : round(min(end, 1e4) * SAMPLE_RATE)]


def silence(seconds: float) -> Waveform:
    return np.zeros(round(seconds * SAMPLE_RATE), dtype=np.float32)


def noise(seconds: float, loudness: float = 0.05) -> Waveform:
    made = np.random.default_rng(7).normal(0.0, loudness, round(seconds * SAMPLE_RATE))
    return np.clip(made, -1.0, 1.0).astype(np.float32)


def wav_of(channels: NDArray[np.float32]) -> bytes:
    """A 16-bit WAV file of several channels, one a row."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(channels.shape[0])
        out.setsampwidth(2)
        out.setframerate(SAMPLE_RATE)
        out.writeframes((channels.T * 32_767).astype("<i2").tobytes())
    return file.getvalue()


def wav(audio: Waveform, rate: int = SAMPLE_RATE, channels: int = 1) -> bytes:
    """A 16-bit WAV file; every channel holds the same sound."""
    samples = (np.repeat(audio, channels) * 32_767).astype("<i2")
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(samples.tobytes())
    return file.getvalue()


def encoded(
    audio: Waveform, container: str, codec: str, *, rate: int = 16_000, layout: str = "mono"
) -> bytes:
    """The sound in a container, as FFmpeg writes it."""
    file = io.BytesIO()
    with av.open(file, mode="w", format=container) as media:
        stream: Any = media.add_stream(codec, rate=rate)
        stream.layout = layout
        stream.bit_rate = BIT_RATE
        resampler = av.AudioResampler(
            format=stream.codec_context.format,
            layout=layout,
            rate=rate,
            frame_size=stream.codec_context.frame_size or 1_024,
        )
        frame = av.AudioFrame.from_ndarray(audio[None, :], format="flt", layout="mono")
        frame.sample_rate, frame.time_base, frame.pts = SAMPLE_RATE, Fraction(1, SAMPLE_RATE), 0
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            media.mux(stream.encode(piece))
        media.mux(stream.encode(None))
    return file.getvalue()


def stereo(samples: NDArray[np.int16], container: str, codec: str) -> bytes:
    """Two channels at 16 kHz, as FFmpeg writes them."""
    file = io.BytesIO()
    with av.open(file, mode="w", format=container) as media:
        stream: Any = media.add_stream(codec, rate=SAMPLE_RATE)
        stream.layout = "stereo"
        stream.bit_rate = BIT_RATE
        size = stream.codec_context.frame_size or 1_024
        wanted = stream.codec_context.format
        resampler = av.AudioResampler(
            format=wanted, layout="stereo", rate=SAMPLE_RATE, frame_size=size
        )
        packed = samples.T.reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(packed), format="s16", layout="stereo"
        )
        frame.sample_rate, frame.time_base, frame.pts = SAMPLE_RATE, Fraction(1, SAMPLE_RATE), 0
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            media.mux(stream.encode(piece))
        media.mux(stream.encode(None))
    return file.getvalue()


def nothing() -> None:
    """A heartbeat that nobody hears."""


def video_only() -> bytes:
    """A short film of black, without sound."""
    file = io.BytesIO()
    with av.open(file, mode="w", format="mp4") as media:
        stream: Any = media.add_stream("mpeg4", rate=5)
        stream.width = stream.height = 32
        stream.pix_fmt = "yuv420p"
        for _ in range(5):
            picture = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), dtype=np.uint8))
            media.mux(stream.encode(picture))
        media.mux(stream.encode(None))
    return file.getvalue()


def with_hole(audio: Waveform, hole_seconds: float) -> bytes:
    """The sound twice in a Matroska file, with nothing in between for so long by its clock."""
    file = io.BytesIO()
    with av.open(file, mode="w", format="matroska") as media:
        stream: Any = media.add_stream("pcm_s16le", rate=SAMPLE_RATE)
        stream.layout = "mono"
        samples = (audio * 32_767).astype(np.int16)
        starts = (0, audio.size + round(hole_seconds * SAMPLE_RATE))
        for start in starts:
            for at in range(0, samples.size, 1_600):
                piece = samples[at : at + 1_600]
                frame = av.AudioFrame.from_ndarray(piece[None, :], format="s16", layout="mono")
                frame.sample_rate, frame.time_base = SAMPLE_RATE, Fraction(1, SAMPLE_RATE)
                frame.pts = start + at
                media.mux(stream.encode(frame))
        media.mux(stream.encode(None))
    return file.getvalue()
