"""Hidden words are a tone or silence in the audio, which is kept as long as there is room."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import av
import numpy as np
import pytest

from stenolog.engine.audio.bleeping import as_mp3, as_wav, bleep
from stenolog.engine.host.redacted_audio import RedactedFiles
from stenolog.engine.techniques import SAMPLE_RATE, Waveform
from tests.engine.sounds import nothing

URL = "http://127.0.0.1:9"


def loud(seconds: float) -> Waveform:
    return np.full(int(seconds * SAMPLE_RATE), 0.5, dtype=np.float32)


def strength(audio: Waveform, hertz: int) -> float:
    """How much of a frequency is in it: 1 for a tone of its full level."""
    places = np.arange(audio.size)
    turns = np.exp(-2j * np.pi * hertz * places / SAMPLE_RATE)
    return float(abs(np.mean(audio * turns))) * 2


def test_hidden_times_are_a_tone_and_the_rest_is_as_it_was() -> None:
    audio = loud(3)
    bleep(audio, [(1_000, 1_500), (2_900, 9_000)], silent=False)
    assert strength(audio[16_000:24_000], 1_000) == pytest.approx(0.1, abs=0.001)
    assert np.all(audio[:16_000] == 0.5)
    assert np.all(audio[24_000:46_400] == 0.5)
    assert abs(audio[46_400:]).max() <= 0.1


def test_hidden_times_can_be_silent() -> None:
    audio = loud(25)
    bleep(audio, [(0, 20_000)], silent=True)
    assert not audio[:320_000].any()
    assert np.all(audio[320_000:] == 0.5)


@pytest.mark.parametrize("seconds", [0, 0.01, 12.5])
def test_a_wav_file_has_the_samples(seconds: float) -> None:
    with wave.open(io.BytesIO(b"".join(as_wav(loud(seconds), nothing)))) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16_000, 1, 2)
        heard = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
    assert heard.size == int(seconds * SAMPLE_RATE)
    assert set(heard) <= {16_384}


def test_an_mp3_file_has_the_tone_where_it_belongs() -> None:
    audio = np.zeros(12 * SAMPLE_RATE, dtype=np.float32)
    bleep(audio, [(5_000, 7_000)], silent=False)
    pieces = list(as_mp3(audio, nothing))
    assert len(pieces) >= 2, "it is written piece by piece"
    with av.open(io.BytesIO(b"".join(pieces))) as container:
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
    heard = np.concatenate([frame.reshape(-1) for frame in frames]).astype(np.float32)
    assert abs(heard.size / SAMPLE_RATE - 12) < 0.2
    assert strength(heard[84_000:108_000], 1_000) > 0.09
    assert strength(heard[:72_000], 1_000) < 0.001


def test_a_file_is_found_by_its_whole_name_until_it_is_dropped(tmp_path: Path) -> None:
    files = RedactedFiles(tmp_path, URL)
    files.begin("job", "mp3")
    files.write("job", b"ab")
    files.write("job", b"c")
    url = files.url("job")
    assert url is not None
    assert url.startswith(f"{URL}/redacted/")
    name = url.rpartition("/")[2]
    path = files.find(name)
    assert path is not None
    assert path.read_bytes() == b"abc"
    assert files.find(name[:-1]) is None
    assert files.find("é") is None
    files.begin("job", "mp3")
    assert files.find(name) is None, "an earlier attempt's is gone"
    files.write("job", b"d")
    files.drop(["job", "other"])
    assert files.url("job") is None
    assert not list(tmp_path.iterdir())


def test_the_oldest_files_make_room(tmp_path: Path) -> None:
    files = RedactedFiles(tmp_path, URL, bytes_max=10)
    for job in ("first", "second", "third"):
        files.begin(job, "wav")
        files.write(job, b"1234")
    assert [files.url(job) is None for job in ("first", "second", "third")] == [True, False, False]
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) == 8
