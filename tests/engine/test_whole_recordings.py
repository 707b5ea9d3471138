"""The whole recording is heard: tags are no sound, a chain has an end, a length may be wrong."""

from __future__ import annotations

import io
import struct
import time

import numpy as np
import pytest

from stenolog.engine.audio.decode import decode
from stenolog.engine.audio.hearing import Recording
from stenolog.engine.audio.tags import leading_tags_end, tags_in
from stenolog.engine.audio_facts import warnings_of
from stenolog.engine.techniques import SAMPLE_RATE
from tests.engine import containers, sounds

SECOND = sounds.noise(1.0, 0.2)
TWO = np.concatenate((sounds.noise(1.0, 0.2), sounds.silence(1.0)))
MP3 = sounds.encoded(TWO, "mp3", "libmp3lame")
BARE_MP3 = MP3[MP3.index(b"\xff") :]
AAC = sounds.encoded(TWO, "adts", "aac")


def heard(content: bytes) -> Recording:
    return decode(io.BytesIO(content), audio_ms_max=600_000, alive=sounds.nothing)


def seconds(content: bytes) -> float:
    return heard(content).audio.size / SAMPLE_RATE


def codes(recording: Recording) -> list[str]:
    return [code for code, _ in warnings_of(recording.facts)]


def loud(recording: Recording, begin: float, end: float) -> bool:
    part = recording.audio[round(begin * SAMPLE_RATE) : round(end * SAMPLE_RATE)]
    return float(np.sqrt(np.mean(part**2))) > 0.02


TAGS = {
    "id3v2.3": containers.id3v2(3),
    "id3v2.2": containers.id3v2(2),
    "id3v2.4 with footer": containers.id3v2(4, footer=True),
    "id3v2 with padding": containers.id3v2(3, padding=30_000),
    "zeros behind a tag": containers.id3v2(3) + bytes(20_000),
    "id3v1": containers.id3v1(),
    "id3v1 enhanced": containers.id3v1(long=True),
    "apev2": containers.apev2(),
    "apev2 without header": containers.apev2(header=False),
    "several apev2": containers.apev2() + containers.apev2() + containers.apev2(header=False),
    "lyrics3 and id3v1": containers.lyrics3() + containers.id3v1(),
    "all in a row": b"".join(
        (
            containers.apev2(),
            containers.lyrics3(),
            containers.id3v1(),
            containers.id3v2(4),
            containers.id3v2(3),
        )
    ),
}


@pytest.mark.parametrize("tag", TAGS.values(), ids=TAGS.keys())
@pytest.mark.parametrize("sound", [BARE_MP3, AAC], ids=["mp3", "aac"])
def test_tags_between_parts_are_no_sound(sound: bytes, tag: bytes) -> None:
    """Wherever a tag stands, the recording is what it is without."""
    plain = heard(sound + sound)
    first = b"" if tag.startswith(b"LYRICS") else tag  # nobody begins with words of a song
    for content in (sound + tag + sound, first + sound + sound, first + 2 * (sound + tag)):
        found = heard(content)
        assert abs(found.audio.size - plain.audio.size) < 0.06 * SAMPLE_RATE
        assert (found.facts.inserted_ms, codes(found)) == (0, [])


def test_what_is_damaged_is_still_silence_beside_a_tag() -> None:
    """A tag is cut out; what is lost behind it keeps its time."""
    hole = bytes(range(1, 200)) * (len(BARE_MP3) // 398)  # half of a part, and no tag
    found = heard(BARE_MP3 + containers.id3v2() + BARE_MP3 + hole + BARE_MP3)
    assert 6.5 < found.audio.size / SAMPLE_RATE < 7.5
    assert codes(found)[0] == "sound-missing"


def test_a_tag_that_is_none_is_not_cut_out() -> None:
    """Three letters in a frame are chance: what follows is no tag's header."""
    at = len(BARE_MP3) // 2
    for chance in (b"ID3\x09\x00\x00\xff\xff\xff\xff", b"TAG", b"APETAGEX", b"LYRICSBEGIN"):
        content = BARE_MP3[:at] + chance + BARE_MP3[at + len(chance) :]
        assert abs(seconds(content) - seconds(BARE_MP3)) < 0.12


EMPTY_ID3 = b"ID3\x03" + bytes(6)
CRAFTED = {
    "leading tags": EMPTY_ID3 * 20_000,
    "tags": BARE_MP3 + EMPTY_ID3 * 20_000,
    "titles": BARE_MP3 + b"TAG" * 100_000,
    "titles and zeros": BARE_MP3 + (b"TAG" * 42 + bytes(600)) * 400,
    "words": BARE_MP3 + b"LYRICSBEGIN" * 30_000,
}


@pytest.mark.parametrize("content", CRAFTED.values(), ids=CRAFTED.keys())
def test_thousands_of_tags_are_read_quickly_and_with_signs_of_life(content: bytes) -> None:
    """Each look costs as much as it finds, however much of the file is left behind it."""
    alive: list[int] = []
    begun = time.process_time()
    file = io.BytesIO(content + b"\xff" * (4 << 20))
    start = leading_tags_end(file, lambda: alive.append(1))
    tags_in(file, start, lambda: alive.append(1))
    assert time.process_time() - begun < 2
    assert len(alive) > 3


MONO_OPUS = sounds.encoded(TWO, "ogg", "libopus", rate=48_000)
STEREO_OPUS = sounds.encoded(TWO, "ogg", "libopus", rate=48_000, layout="stereo")
OGG_FLAC = sounds.encoded(TWO, "ogg", "flac", rate=44_100)
FLAC = sounds.encoded(TWO, "flac", "flac", rate=16_000)
STEREO_FLAC = sounds.encoded(TWO, "flac", "flac", rate=44_100, layout="stereo")
M4A = sounds.encoded(TWO, "ipod", "aac", rate=44_100)
WAV = sounds.wav(TWO)
AIFF = sounds.encoded(TWO, "aiff", "pcm_s16be", rate=44_100)
CHAINS = {
    "opus, mono and stereo": (MONO_OPUS, STEREO_OPUS),
    "opus, stereo and mono": (STEREO_OPUS, MONO_OPUS),
    "opus, alike": (MONO_OPUS, MONO_OPUS),
    "ogg, opus and flac": (MONO_OPUS, OGG_FLAC, STEREO_OPUS),
    "ogg flac, two rates": (OGG_FLAC, sounds.encoded(TWO, "ogg", "flac", rate=16_000)),
    "flac, two formats": (FLAC, STEREO_FLAC),
    "flac, back again": (STEREO_FLAC, FLAC, STEREO_FLAC),
    "mp4": (M4A, sounds.encoded(TWO, "mp4", "aac", rate=22_050)),
    "wav": (WAV, sounds.wav(TWO, rate=16_000, channels=2)),
    "aiff": (AIFF, AIFF),
    "mp3, two rates": (BARE_MP3, sounds.encoded(TWO, "mp3", "libmp3lame", rate=44_100)),
}


@pytest.mark.parametrize("links", CHAINS.values(), ids=CHAINS.keys())
def test_a_chain_is_heard_to_its_end(links: tuple[bytes, ...]) -> None:
    found = heard(b"".join(links))
    assert abs(found.audio.size / SAMPLE_RATE - 2 * len(links)) < 0.25
    for number in range(len(links)):
        assert loud(found, 2 * number + 0.2, 2 * number + 0.9)
        assert not loud(found, 2 * number + 1.3, 2 * number + 1.9)
    assert codes(found) == []


def test_a_link_that_cannot_be_read_is_told_and_the_others_are_heard() -> None:
    broken = bytearray(STEREO_OPUS)
    at = broken.index(b"OpusTags")
    broken[at:] = bytes(len(broken) - at)
    found = heard(MONO_OPUS + bytes(broken) + MONO_OPUS)
    assert 3.9 < found.audio.size / SAMPLE_RATE < 4.3
    assert found.facts.parts == 3
    assert "bytes-unread" in codes(found)


@pytest.mark.parametrize(
    "content", [WAV, STEREO_FLAC, MONO_OPUS, AIFF, M4A], ids=["wav", "flac", "ogg", "aiff", "m4a"]
)
@pytest.mark.parametrize("padding", [0, 3, 5_000])
def test_an_id3_in_front_of_a_container_is_passed(content: bytes, padding: int) -> None:
    assert abs(seconds(containers.id3v2() + bytes(padding) + content) - 2.0) < 0.1


FORMAT = (b"fmt ", struct.pack("<HHIIHH", 1, 1, SAMPLE_RATE, 2 * SAMPLE_RATE, 2, 16))
SAMPLES = (TWO * 32_767).astype("<i2").tobytes()
LIST = (b"LIST", b"INFOISFT\x05\0\0\0name\0\0")


@pytest.mark.parametrize("share", [0.5, 0.25, 0.001])
def test_a_length_that_is_too_small_is_mended(share: float) -> None:
    """A writer that counts samples instead of bytes declares half."""
    declared = round(len(SAMPLES) * share / 2) * 2
    found = heard(containers.riff(FORMAT, (b"data", SAMPLES), declared=declared))
    assert abs(found.audio.size - TWO.size) <= 1
    assert (found.facts.length_mended, found.facts.declared_ms) == (True, round(2_000 * share))
    assert codes(found) == ["length-mended"]


def test_a_length_that_is_right_ends_the_sound() -> None:
    """What follows are chunks, tags or the padding that some writers forget."""
    for behind in (LIST, (b"odd ", b"x"), (b"id3 ", containers.id3v2())):
        found = heard(containers.riff(FORMAT, (b"data", SAMPLES), behind))
        assert (found.audio.size, codes(found)) == (TWO.size, [])
    for tag in (containers.id3v1(), containers.id3v2(), containers.apev2()):
        found = heard(containers.riff(FORMAT, (b"data", SAMPLES)) + tag)
        assert (found.audio.size, codes(found)) == (TWO.size, [])
    cut = containers.riff(FORMAT, (b"data", SAMPLES), (b"LIST", bytes(9_000)))[:-4_000]
    assert heard(cut).audio.size == TWO.size


def test_other_forms_are_mended_too() -> None:
    aiff = sounds.encoded(TWO, "aiff", "pcm_s16be", rate=16_000)
    at = aiff.index(b"SSND") + 4
    caf = sounds.encoded(TWO, "caf", "pcm_s16be", rate=16_000)
    data = caf.index(b"data") + 4
    for content in (
        aiff[:at] + struct.pack(">I", 8 + TWO.size) + aiff[at + 4 :],
        caf[:data] + struct.pack(">Q", 4 + TWO.size) + caf[data + 8 :],
        containers.eight_svx(TWO, declared=TWO.size // 2),
    ):
        found = heard(content)
        assert abs(found.audio.size - TWO.size) < 20
        assert codes(found) == ["length-mended"]


@pytest.mark.parametrize("declared", [0, 0xFFFF_FFFF, 0x7FFF_FFFF, 2_000_000_000])
def test_a_length_that_nobody_knew_is_no_promise(declared: int) -> None:
    found = heard(containers.riff(FORMAT, (b"data", SAMPLES), declared=declared))
    assert abs(found.audio.size - TWO.size) <= 1
    assert (found.facts.declared_ms, codes(found)) == (None, [])


LONG = sounds.encoded(sounds.noise(60.0, 0.1), "flac", "flac")
HALVES = {
    "flac": LONG,
    "wav": sounds.wav(sounds.noise(60.0)),
    "m4a, index first": containers.index_first(sounds.encoded(sounds.noise(60.0), "ipod", "aac")),
    "mp3": sounds.encoded(sounds.noise(60.0), "mp3", "libmp3lame"),
    "matroska": sounds.encoded(sounds.noise(60.0), "matroska", "libopus", rate=48_000),
    "tta": sounds.encoded(sounds.noise(60.0), "tta", "tta"),
}


@pytest.mark.parametrize("whole", HALVES.values(), ids=HALVES.keys())
def test_half_a_file_says_so(whole: bytes) -> None:
    assert codes(heard(whole)) == []
    found = heard(whole[: len(whole) // 2])
    assert 59_900 <= (found.facts.declared_ms or 0) <= 60_200
    assert 25_000 < found.facts.decoded_ms < 35_000
    assert "cut-short" in codes(found)
    message = dict(warnings_of(found.facts))["cut-short"]
    assert "of the declared 1 minutes" in message or "of the declared 60" in message
