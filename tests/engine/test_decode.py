"""Every container of the list becomes the same sound; what varies inside a file is followed."""

from __future__ import annotations

import io

import numpy as np
import pytest

from stenolog.engine.audio.decode import decode
from stenolog.engine.audio.hearing import DEMUXERS
from stenolog.engine.audio_errors import AudioRefused
from stenolog.engine.techniques import SAMPLE_RATE, Waveform
from tests.engine import sounds

# Container, codec, sample rate: each demuxer of the list at least once.
FILES = [
    ("wav", "pcm_s16le", 16_000),
    ("mp3", "libmp3lame", 44_100),
    ("flac", "flac", 48_000),
    ("ogg", "libopus", 48_000),
    ("ogg", "flac", 44_100),
    ("mp4", "aac", 44_100),
    ("mov", "aac", 22_050),
    ("ipod", "aac", 44_100),
    ("matroska", "libopus", 24_000),
    ("webm", "libopus", 48_000),
    ("adts", "aac", 16_000),
    ("aiff", "pcm_s16be", 44_100),
    ("asf", "wmav2", 44_100),
    ("au", "pcm_mulaw", 8_000),
    ("caf", "pcm_s16be", 16_000),
    ("mpegts", "mp2", 48_000),
    ("avi", "pcm_s16le", 44_100),
    ("flv", "libmp3lame", 44_100),
    ("ac3", "ac3", 48_000),
    ("eac3", "eac3", 48_000),
    ("wv", "wavpack", 44_100),
    ("tta", "tta", 44_100),
    ("voc", "pcm_u8", 16_000),
    ("w64", "pcm_s16le", 44_100),
    ("mpeg", "mp2", 48_000),
    ("vob", "ac3", 48_000),
    ("mp2", "mp2", 48_000),
    ("3gp", "aac", 44_100),
    ("matroska", "ac3", 48_000),
]
DEMUXED_AS = {
    "mp4": "mov",
    "ipod": "mov",
    "3gp": "mov",
    "adts": "aac",
    "vob": "mpeg",
    "mp2": "mp3",
}
# No part of FFmpeg writes them: `test_listed_formats` has the first three, made by hand. The rest
# is proprietary, and nobody can make one here.
NOT_WRITTEN = {"iff", "mxf", "qcp", "ape", "dss"}
# A frame of AMR narrow band at 12.2 kbit/s that says nothing: the wheel has no encoder for it.
AMR_SECOND = b"#!AMR\n" + (b"\x3c" + bytes(31)) * 50


def decoded(content: bytes, audio_ms_max: int = 60_000) -> Waveform:
    return decode(io.BytesIO(content), audio_ms_max=audio_ms_max, alive=sounds.nothing).audio


def test_every_demuxer_of_the_list_is_tried() -> None:
    tried = {DEMUXED_AS.get(container, container) for container, _, _ in FILES} | {"amr"}
    assert tried | NOT_WRITTEN == set(DEMUXERS.split(","))


@pytest.mark.parametrize(("container", "codec", "rate"), FILES)
def test_a_container_gives_back_its_sound(container: str, codec: str, rate: int) -> None:
    """Loud and quiet halves are where they were put, whatever the codec adds at the edges."""
    made = np.concatenate((sounds.noise(1.0, 0.2), sounds.silence(1.0)))
    audio = decoded(sounds.encoded(made, container, codec, rate=rate))
    assert audio.dtype == np.float32
    assert 1.9 < audio.size / SAMPLE_RATE < 2.3
    first, second = audio[4_000:12_000], audio[21_000:29_000]
    assert np.std(first) > 0.02
    assert np.std(second) < 0.01


def test_amr_is_decoded() -> None:
    assert decoded(AMR_SECOND).size == SAMPLE_RATE


def test_48_khz_stereo_becomes_mono_at_16_khz() -> None:
    seconds = np.arange(48_000) / 48_000
    tone = (0.5 * np.sin(2 * np.pi * 440 * seconds)).astype(np.float32)
    audio = decoded(sounds.wav(tone, rate=48_000, channels=2))
    assert audio.size == SAMPLE_RATE
    spectrum = np.abs(np.fft.rfft(audio))
    assert int(np.argmax(spectrum)) == 440


def test_a_change_of_format_in_mid_file_is_followed() -> None:
    low = sounds.encoded(sounds.noise(1.0), "mp3", "libmp3lame", rate=16_000)
    high = sounds.encoded(sounds.noise(1.0), "mp3", "libmp3lame", rate=44_100, layout="stereo")
    assert 1.8 < decoded(low + high).size / SAMPLE_RATE < 2.6


def test_a_hole_between_time_stamps_is_silence() -> None:
    content = sounds.with_hole(sounds.noise(1.0, 0.2), hole_seconds=3.0)
    audio = decoded(content)
    assert 4.8 < audio.size / SAMPLE_RATE < 5.3
    assert float(np.abs(audio[24_000:56_000]).max()) < 0.01


def test_a_clock_that_was_set_is_no_hole() -> None:
    content = sounds.with_hole(sounds.noise(1.0, 0.2), hole_seconds=4_000.0)
    assert 1.9 < decoded(content).size / SAMPLE_RATE < 2.3


def test_the_limit_counts_silence_in_holes_too() -> None:
    content = sounds.with_hole(sounds.noise(1.0, 0.2), hole_seconds=100.0)
    with pytest.raises(AudioRefused, match="more than the limit of 10 seconds"):
        decoded(content, audio_ms_max=10_000)


def test_exactly_the_limit_is_allowed() -> None:
    assert decoded(sounds.wav(sounds.silence(2.0)), audio_ms_max=2_000).size == 32_000
    with pytest.raises(AudioRefused, match="too long"):
        decoded(sounds.wav(sounds.silence(2.001)), audio_ms_max=2_000)


def test_a_heartbeat_is_heard_on_the_way() -> None:
    beats: list[int] = []
    decode(
        io.BytesIO(sounds.wav(sounds.silence(1.0))),
        audio_ms_max=60_000,
        alive=lambda: beats.append(1),
    )
    assert beats


@pytest.mark.parametrize("container", ["mp3", "flac", "matroska", "mp4"])
def test_mutated_files_end_in_sound_or_in_a_sentence(container: str) -> None:
    codec = {"mp3": "libmp3lame", "flac": "flac", "matroska": "libopus", "mp4": "aac"}[container]
    whole = sounds.encoded(sounds.noise(1.0), container, codec)
    random = np.random.default_rng(11)
    sentences: list[str] = []
    for _ in range(25):
        content = bytearray(whole)
        for place in random.integers(0, len(content), 20):
            content[place] = int(random.integers(0, 256))
        try:
            audio = decoded(bytes(content))
        except AudioRefused as exc:
            sentences.append(str(exc))
        else:
            assert np.isfinite(audio).all()
            assert float(np.abs(audio).max(initial=0.0)) <= 1.0
    assert all(sentence.endswith(".") for sentence in sentences)
