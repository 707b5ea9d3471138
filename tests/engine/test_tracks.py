"""What is heard is what speaks: the right track, a mix that lost nothing, at its own time."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest

from stenolog.engine.audio.decode import decode
from stenolog.engine.audio.hearing import Recording
from stenolog.engine.audio_errors import AudioRefused
from stenolog.engine.audio_facts import warnings_of
from stenolog.engine.techniques import SAMPLE_RATE, Waveform
from tests.engine import containers, sounds
from tests.engine.containers import Track

TONE = sounds.noise(2.0, 0.2)
QUIET = sounds.silence(2.0)


def heard(content: bytes, audio_ms_max: int = 600_000) -> Recording:
    return decode(io.BytesIO(content), audio_ms_max=audio_ms_max, alive=sounds.nothing)


def codes(recording: Recording) -> list[str]:
    return [code for code, _ in warnings_of(recording.facts)]


def rms(audio: Waveform) -> float:
    return float(np.sqrt(np.mean(audio**2)))


def as_mixed(found: Recording) -> Waveform:
    """The audio before it was brought to the level of all."""
    return found.audio / np.float32(10 ** (found.facts.gain_db / 20))


# Choice of track


@pytest.mark.parametrize(("container", "codec"), [("matroska", "pcm_s16le"), ("mp4", "aac")])
def test_a_silent_track_is_passed_over(container: str, codec: str) -> None:
    """Screen recorders put the desktop first, which may be silent, and the microphone second."""
    found = heard(containers.tracks(container, codec, Track(audio=QUIET), Track(audio=TONE)))
    assert rms(as_mixed(found)) > 0.1
    assert (found.facts.track, found.facts.tracks) == (2, 2)
    assert found.facts.skipped_tracks == (1,)
    assert codes(found) == ["tracks-passed-over", "one-track-of-several"]


def test_the_default_track_is_heard_before_others() -> None:
    content = containers.tracks(
        "matroska", "pcm_s16le", Track(audio=TONE[:16_000]), Track(audio=TONE, default=True)
    )
    found = heard(content)
    assert (found.facts.track, found.audio.size) == (2, TONE.size)
    assert found.facts.skipped_tracks == ()
    silent = containers.tracks(
        "matroska", "pcm_s16le", Track(audio=TONE), Track(audio=QUIET, default=True)
    )
    assert (heard(silent).facts.track, heard(silent).facts.skipped_tracks) == (1, (2,))


def test_more_channels_come_before_fewer() -> None:
    content = containers.tracks(
        "matroska", "pcm_s16le", Track(audio=TONE[:16_000]), Track(audio=TONE, channels=2)
    )
    assert (heard(content).facts.track, heard(content).facts.channels) == (2, 2)


def test_a_track_that_cannot_be_decoded_is_passed_over() -> None:
    content = containers.tracks("matroska", "pcm_s16le", Track(audio=TONE), Track(audio=TONE))
    assert content.count(b"A_PCM/INT/LIT") == 2
    found = heard(content.replace(b"A_PCM/INT/LIT", b"A_UNKNOWN/XYZ", 1))
    assert (found.facts.track, found.facts.tracks) == (2, 2)
    assert rms(as_mixed(found)) > 0.1
    with pytest.raises(AudioRefused, match="this matroska file is encrypted or in a codec"):
        heard(content.replace(b"A_PCM/INT/LIT", b"A_UNKNOWN/XYZ"))


def test_when_all_tracks_are_silent_the_first_is_heard_and_it_is_said() -> None:
    found = heard(
        containers.tracks("matroska", "pcm_s16le", Track(audio=QUIET), Track(audio=QUIET))
    )
    assert (found.facts.track, found.audio.size, found.facts.silent) == (1, QUIET.size, True)
    assert codes(found) == ["one-track-of-several", "silent"]


def test_a_cover_picture_is_no_track_and_no_clock() -> None:
    """Its time is zero, while the sound of a live recording may begin anywhere."""
    flac = sounds.encoded(TONE, "flac", "flac")
    picture = struct.pack(">I", 3) + struct.pack(">I", 10) + b"image/jpeg" + bytes(20)
    picture += struct.pack(">I", 4) + b"\xff\xd8\xff\xe0"
    block = b"\x06" + len(picture).to_bytes(3, "big") + picture
    found = heard(flac[:42] + block + flac[42:])
    assert (found.facts.tracks, found.facts.late_ms, found.audio.size) == (1, 0, TONE.size)


# Mix


CANCELLING = {
    "one inverted": ((TONE, -TONE), None),
    "one inverted and quieter": ((TONE, -0.9 * TONE), None),
    "nothing but the sides of four": ((TONE, -TONE, TONE, -TONE), None),
    "in the channel of low frequencies": ((*(QUIET,) * 3, TONE, QUIET, QUIET), 0x3F),
}


@pytest.mark.parametrize(("channels", "mask"), CANCELLING.values(), ids=CANCELLING.keys())
def test_channels_that_cancel_each_other_are_heard(
    channels: tuple[Waveform, ...], mask: int | None
) -> None:
    found = heard(containers.wav_of(channels, mask=mask))
    assert rms(as_mixed(found)) == pytest.approx(rms(TONE), rel=0.02)
    assert found.facts.channel_alone_ms == 2_000
    assert codes(found) == ["channels-cancel"]


@pytest.mark.parametrize("codec", ["flac", "mp3"])
def test_an_inverted_channel_is_heard_in_any_codec(codec: str) -> None:
    samples = (np.stack((TONE, -TONE)) * 32_767).astype(np.int16)
    container = {"flac": ("flac", "flac"), "mp3": ("mp3", "libmp3lame")}[codec]
    found = heard(sounds.stereo(samples, *container))
    assert rms(as_mixed(found)) == pytest.approx(rms(TONE), rel=0.1)


OTHER = np.random.default_rng(3).normal(0.0, 0.2, TONE.size).clip(-1, 1).astype(np.float32)
MIXED = {
    "the same twice": ((TONE, TONE), 1.0),
    "two voices": ((TONE, OTHER), 0.5**0.5),
    "one silent": ((TONE, QUIET), 0.5),
    "one much louder": ((TONE, 0.05 * OTHER), 0.5),
}


@pytest.mark.parametrize(("channels", "share"), MIXED.values(), ids=MIXED.keys())
def test_channels_that_do_not_cancel_are_mixed(
    channels: tuple[Waveform, ...], share: float
) -> None:
    found = heard(containers.wav_of(channels))
    assert rms(as_mixed(found)) == pytest.approx(share * rms(TONE), rel=0.03)
    assert (found.facts.channel_alone_ms, codes(found)) == (0, [])


def labels(*given: int) -> bytes:
    """Apple's layout of single speakers: 1 is left, 2 right, 3 in the middle, 4 low frequencies."""
    each = b"".join(struct.pack(">II12x", label, 0) for label in given)
    return struct.pack(">III", 0, 0, len(given)) + each


def tag(number: int, count: int) -> bytes:
    return struct.pack(">HH", number, count)


ODD_SPEAKERS = {
    "right, left": ("caf", 2, labels(2, 1)),
    "left, left": ("caf", 2, labels(1, 1)),
    "film": ("caf", 6, labels(3, 1, 2, 5, 6, 4)),
    "aiff, right, left": ("aiff", 2, labels(2, 1)),
    "aiff, right, left, middle": ("aiff", 3, labels(2, 1, 3)),
    **{
        f"{container}, {number}": (container, count, tag(number, count))
        for container in ("caf", "aiff", "mov")
        for number, count in ((122, 6), (123, 6), (124, 6), (114, 3), (150, 3), (141, 6))
    },
}


@pytest.mark.parametrize(("container", "count", "layout"), ODD_SPEAKERS.values(), ids=ODD_SPEAKERS)
def test_speakers_in_an_order_of_their_own_end_no_process(
    container: str, count: int, layout: bytes
) -> None:
    """PyAV frees such an order twice. None is taken for the channel of low frequencies."""
    found = heard(containers.speakers(container, [QUIET] * (count - 1) + [TONE], layout))
    share = 1 / 2 if count == 2 else 1 / count**0.5
    assert rms(as_mixed(found)) == pytest.approx(share * rms(TONE), rel=0.02)
    assert (found.facts.channels, codes(found)) == (count, [])


@pytest.mark.parametrize("container", ["caf", "aiff", "mov"])
def test_speakers_in_the_usual_order_keep_their_names(container: str) -> None:
    """The fourth of 5.1 is for low frequencies, and is heard only when nothing else is there."""
    five = [TONE, QUIET, QUIET, OTHER, QUIET, QUIET]
    found = heard(containers.speakers(container, five, tag(121, 6)))
    without = heard(containers.speakers(container, [TONE, *[QUIET] * 5], tag(121, 6)))
    assert rms(as_mixed(found) - as_mixed(without)) < 0.001


@pytest.mark.parametrize("count", [3, 6, 8])
@pytest.mark.parametrize("mask", [None, 0])
def test_speakers_that_are_not_named_count_the_same(count: int, mask: int | None) -> None:
    """None of them is taken for a channel of low frequencies."""
    for place in range(count):
        channels = [TONE if number == place else QUIET for number in range(count)]
        found = heard(containers.wav_of(channels, mask=mask))
        assert rms(as_mixed(found)) == pytest.approx(rms(TONE) / count**0.5, rel=0.02)
        assert codes(found) == []


@pytest.mark.parametrize(
    ("mask", "count"), [(0x30, 2), (0x600, 2), (0x5000, 2), (0x108, 2), (0x8, 1), (0x30600, 4)]
)
def test_speakers_that_ffmpeg_does_not_mix_are_heard(mask: int, count: int) -> None:
    """A pair at the back, at the sides or above; nothing but low frequencies."""
    found = heard(containers.wav_of([TONE, *[QUIET] * (count - 1)], mask=mask))
    share = 1 if count == 1 else 1 / 2 if count == 2 else 1 / count**0.5
    assert rms(as_mixed(found)) == pytest.approx(share * rms(TONE), rel=0.05)


def test_both_voices_are_heard_where_only_some_seconds_cancel() -> None:
    """It is decided second by second: a call whose beginning is inverted keeps both its sides."""
    left = np.concatenate((TONE, TONE, QUIET))
    right = np.concatenate((-TONE, QUIET, OTHER))
    found = heard(containers.wav_of((left, right)))
    for begin in range(0, 6, 2):
        assert rms(as_mixed(found)[begin * SAMPLE_RATE : (begin + 2) * SAMPLE_RATE]) > 0.09
    assert found.facts.channel_alone_ms == 2_000


@pytest.mark.parametrize("count", range(1, 9))
def test_any_number_of_channels_is_mixed(count: int) -> None:
    found = heard(containers.wav_of((TONE,) * count))
    assert found.audio.size == TONE.size
    assert rms(as_mixed(found)) > 0.19


# Level


@pytest.mark.parametrize("level_db", [20, 0, -20, -40])
def test_all_recordings_are_heard_at_the_same_level(level_db: int) -> None:
    """Whatever the level of a recorder, the models hear what they were trained on."""
    speech = np.concatenate([OTHER[:8_000] if n % 2 else QUIET[:8_000] for n in range(16)])
    found = heard(sounds.encoded(speech * np.float32(10 ** (level_db / 20)), "caf", "pcm_f32be"))
    loud = found.audio[8_200:15_800]
    assert found.facts.gain_db == pytest.approx(-level_db - 6, abs=1)
    assert rms(loud) == pytest.approx(0.1, rel=0.1)
    assert np.abs(found.audio).max() <= 1.0


def test_gain_has_bounds() -> None:
    """Hiss does not become a storm, and a voice between long pauses is not cut off."""
    hiss = sounds.noise(4.0, 3e-4)
    assert heard(sounds.encoded(hiss, "caf", "pcm_f32be")).facts.gain_db == 40
    rare = np.concatenate((sounds.noise(60.0, 1e-3), OTHER[:16_000]))
    found = heard(sounds.encoded(rare, "caf", "pcm_f32be"))
    assert found.facts.gain_db < 10
    assert float(np.mean(np.abs(found.audio) >= 1.0)) < 0.001


# Time


def begins(recording: Recording) -> float:
    """When something is heard, in seconds."""
    return float(np.argmax(np.abs(recording.audio) > 0.05)) / SAMPLE_RATE


@pytest.mark.parametrize(
    ("container", "codec"),
    [("mp4", "aac"), ("matroska", "libopus"), ("mov", "pcm_s16le"), ("mpegts", "mp2")],
)
def test_sound_that_starts_late_is_heard_late(container: str, codec: str) -> None:
    rate = 48_000 if codec == "libopus" else SAMPLE_RATE
    late = Track(audio=TONE, begin=5.0, rate=rate)
    found = heard(containers.tracks(container, codec, late, video_seconds=9.0))
    assert begins(found) == pytest.approx(5.0, abs=0.15)
    assert found.facts.late_ms == pytest.approx(5_000, abs=150)
    assert (found.facts.inserted_ms, codes(found)) == (0, [])


def test_an_edit_list_alone_delays_sound_too() -> None:
    """Without a film: the presentation begins with five seconds of nothing."""
    found = heard(containers.tracks("mp4", "aac", Track(audio=TONE, begin=5.0)))
    assert begins(found) == pytest.approx(5.0, abs=0.1)


def test_an_edit_list_that_cuts_is_followed_and_nothing_is_missed() -> None:
    content = bytearray(sounds.encoded(sounds.noise(10.0, 0.2), "mp4", "aac"))
    at = content.index(b"elst") + 8  # duration and first sample of its only entry
    movie_scale = int.from_bytes(content[(mvhd := content.index(b"mvhd")) + 16 : mvhd + 20], "big")
    assert content[at : at + 4] == b"\0\0\0\1"
    content[at + 4 : at + 12] = struct.pack(">II", 3 * movie_scale, 2 * SAMPLE_RATE)
    found = heard(bytes(content))
    assert found.audio.size / SAMPLE_RATE == pytest.approx(3.0, abs=0.1)
    assert codes(found) == []


@pytest.mark.parametrize("container", ["matroska", "mpegts", "flv"])
def test_a_clock_that_does_not_begin_at_zero_is_no_delay(container: str) -> None:
    """Live recordings and broadcasts begin at any time; sound and film begin together."""
    codec = {"matroska": "pcm_s16le", "mpegts": "mp2", "flv": "libmp3lame"}[container]
    rate = 44_100 if container == "flv" else SAMPLE_RATE
    found = heard(containers.tracks(container, codec, Track(audio=TONE, begin=100.0, rate=rate)))
    assert begins(found) < 0.2
    assert (found.facts.late_ms, codes(found)) == (0, [])


def test_timed_metadata_is_no_clock_and_no_tag() -> None:
    found = heard(containers.timed_metadata(TONE, 5.0))
    assert found.audio.size / SAMPLE_RATE == pytest.approx(2.0, abs=0.1)
    assert (found.facts.late_ms, found.facts.tracks, codes(found)) == (0, 1, [])


def test_a_negative_start_loses_and_delays_nothing() -> None:
    content = containers.tracks(
        "matroska", "libopus", Track(audio=TONE, begin=-0.5, rate=48_000), video_seconds=2.0
    )
    found = heard(content)
    assert found.audio.size / SAMPLE_RATE == pytest.approx(2.0, abs=0.1)
    assert begins(found) < 0.1


def test_sound_that_is_hours_late_is_not_waited_for_and_it_is_said() -> None:
    content = containers.tracks(
        "matroska", "pcm_s16le", Track(audio=TONE, begin=4_000.0), video_seconds=1.0
    )
    found = heard(content)
    assert found.audio.size == TONE.size
    assert codes(found) == ["clock-set"]


def test_the_limit_counts_the_silence_in_front() -> None:
    content = containers.tracks("mp4", "aac", Track(audio=TONE, begin=20.0), video_seconds=1.0)
    with pytest.raises(AudioRefused, match="more than the limit of 10 seconds"):
        heard(content, audio_ms_max=10_000)


# Formats


def test_listed_formats_that_need_a_hand_are_read() -> None:
    for content, container in (
        (containers.mxf(TONE), "mxf"),
        (containers.eight_svx(TONE), "iff"),
        (containers.qcp(50), "qcp"),
    ):
        found = heard(content)
        assert found.facts.container == container
        assert found.audio.size / SAMPLE_RATE > 0.9


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"MThd\0\0\0\x06\0\1", "MIDI"),
        (b".RMF\0\0\0\x12", "RealMedia"),
        (b"\x7f\xfe\x80\x01\xfc\x3c", "DTS"),
        (b"DSD \x1c\0\0\0", "DSF"),
        (b"\xac\x40\xff\xff", "AC-4"),
        (b"NIST_1A\n   1024\n\0", "NIST SPHERE"),
    ],
)
def test_what_cannot_be_read_is_named(head: bytes, name: str) -> None:
    with pytest.raises(AudioRefused, match=rf"File type is .*\({name}, which "):
        heard(head + bytes(range(1, 200)) * 40)


FORM = (
    b"------------------------d74496d66958873e\r\n"
    b'Content-Disposition: form-data; name="file"; filename="a.wav"\r\n'
    b"Content-Type: audio/wav\r\n\r\n"
)


def test_a_form_is_told_from_audio() -> None:
    for inside in (sounds.wav(TONE), sounds.encoded(TONE, "mp3", "libmp3lame")):
        with pytest.raises(AudioRefused, match="a form around the file: send the file's own bytes"):
            heard(FORM + inside + b"\r\n--------------------------d74496d66958873e--\r\n")
