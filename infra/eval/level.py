"""Measure whether the level of a recording changes what is heard."""

from __future__ import annotations

import io
from collections.abc import Iterator

import av
import numpy as np

from infra.bench.figures import Figure, at_most
from infra.eval.ears import AUDIO_MS_MAX, Ears
from infra.eval.scoring import plain_words, word_errors
from infra.eval.speakers import wav
from stenolog.engine.audio.decode import decode
from stenolog.engine.options import SpeechOptions
from stenolog.engine.speech.weights import wheel
from stenolog.engine.spoken import joined
from stenolog.engine.techniques import SAMPLE_RATE, Waveform

LEVELS_DBFS = (0.0, -10.0, -20.0, -30.0, -40.0, -50.0, -60.0)  # of the whole recording, RMS
SECONDS = 20
DIFFERENT_PERCENT_MAX = 2.0  # of the words in files of 16 bits; none where samples are floats


def measure(ears: Ears) -> Iterator[Figure]:
    """Yield the share of words that differ from those at -20 dBFS, at the worst level."""
    folder = wheel()
    assert folder is not None, "the engine is installed"
    content = (folder / "assets" / "two_cities.wav").read_bytes()
    audio = decode(io.BytesIO(content), audio_ms_max=AUDIO_MS_MAX, alive=lambda: None).audio
    reading = audio[: SECONDS * SAMPLE_RATE]
    reading = reading / np.sqrt(np.mean(reading**2))
    for name, written, most in (
        ("floats", _floats, 0.0),
        ("16 bits", _integers, DIFFERENT_PERCENT_MAX),
    ):
        texts = {level: _text(written(reading * 10 ** (level / 20)), ears) for level in LEVELS_DBFS}
        usual = texts[-20.0]
        count = len(plain_words(usual))
        shares = {level: word_errors(usual, text)[0] / count for level, text in texts.items()}
        loudest = 0.0 if name == "floats" else -10.0  # more does not fit into 16 bits
        yield Figure(
            name=f"words that differ, -60 to {loudest:.0f} dBFS, {name}",
            value=100 * max(share for level, share in shares.items() if level <= loudest),
            unit="%",
            wanted=at_most(most),
            detail={"by_dbfs": shares},
        )


def _text(content: bytes, ears: Ears) -> str:
    return joined(ears.hear_file(io.BytesIO(content), SpeechOptions()).words)


def _integers(audio: Waveform) -> bytes:
    return wav(np.clip(audio, -1, 1))


def _floats(audio: Waveform) -> bytes:
    """Return a WAV file of floats, which may be beyond full scale."""
    file = io.BytesIO()
    with av.open(file, "w", format="wav") as container:
        stream = container.add_stream("pcm_f32le", rate=SAMPLE_RATE)
        stream.layout = "mono"
        samples = audio.astype(np.float32)[None, :]
        frame = av.AudioFrame.from_ndarray(samples, format="flt", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()
