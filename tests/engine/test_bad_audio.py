"""Every kind of bad audio ends in a sentence that says what is wrong, and the engine lives."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from stenolog.engine.techniques import Waveform
from stenolog.wire.assemblyai.sentences import download_failed, failure_of
from tests.engine import sounds
from tests.engine.conftest import AUDIO_MS_MAX, UPLOAD_BYTES_MAX
from tests.engine.engine_process import EngineProcess
from tests.engine.servers import Site, site

pytestmark = pytest.mark.xdist_group("engine")

NOT_AUDIO = "Transcoding failed. File does not appear to contain audio. File type is "
WAV_HEADER = sounds.wav(sounds.silence(0))


def refused(engine: EngineProcess, content: bytes, **params: object) -> str:
    body = engine.transcribe(content, **params)
    assert body["status"] == "error"
    assert body["text"] is None
    assert body["words"] is None
    return str(body["error"])


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"this is only text, " * 300, "text/plain (text)."),
        (b"<!DOCTYPE html><html><p>404", "text/html (HTML document)."),
        (b'{"error": "not found"}', "application/json (JSON document)."),
        (b"%PDF-1.7 \x00\x01\x02", "application/pdf (PDF document)."),
        (b"PK\x03\x04" + bytes(400), "application/zip (Zip archive)."),
        (b"\x89PNG\r\n\x1a\n" + bytes(60), "image/png (PNG image)."),
        (bytes(range(1, 200)) * 60, "application/octet-stream (data)."),
    ],
)
def test_what_is_not_audio_is_named(engine: EngineProcess, content: bytes, kind: str) -> None:
    assert refused(engine, content) == NOT_AUDIO + kind


def test_an_empty_file_is_called_empty(engine: EngineProcess) -> None:
    assert refused(engine, b"") == "Transcoding failed. The file is empty."


def test_playlists_and_images_are_refused_without_a_connection(engine: EngineProcess) -> None:
    with site() as trap:
        for content in (
            f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{trap.url}/a.ts\n".encode(),
            b"#EXTM3U\n#EXTINF:5,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
            f"ffconcat version 1.0\nfile '{trap.url}/a.mp3'\n".encode(),
            f"<?xml version='1.0'?><svg><image href='{trap.url}/a.png'/></svg>".encode(),
            b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>",
        ):
            error = refused(engine, content)
            assert error.startswith(NOT_AUDIO)
            assert "not allowed" in error
        assert trap.received == []


def test_a_playlist_behind_binary_dust_is_not_opened_either(engine: EngineProcess) -> None:
    with site() as trap:
        playlist = f"#EXTM3U\n#EXTINF:5,\n{trap.url}/a.ts\n".encode()
        assert refused(engine, b"ID3\x03\x00\x00\x00\x00\x00\x00" + playlist)
        assert refused(engine, b"\x00" + playlist)
        assert trap.received == []


@pytest.mark.parametrize("samples", [0, 1, 2_559])
def test_less_than_160_ms_is_too_short(engine: EngineProcess, samples: int) -> None:
    content = sounds.wav(sounds.silence(samples / 16_000))
    assert refused(engine, content) == "Audio duration is too short."


def test_160_ms_are_enough(engine: EngineProcess) -> None:
    assert engine.transcribe(sounds.wav(sounds.silence(0.16)))["status"] == "completed"


def test_audio_over_the_limit_is_refused_while_it_is_decoded(engine: EngineProcess) -> None:
    long = sounds.encoded(sounds.silence(AUDIO_MS_MAX / 1000 + 600), "flac", "flac")
    assert len(long) < 200_000
    error = refused(engine, long)
    assert error == "Audio duration is too long: more than the limit of 120 seconds."


def test_an_absurd_sample_rate_is_refused(engine: EngineProcess) -> None:
    assert refused(engine, sounds.wav(sounds.noise(1.0), rate=1)).endswith("1 Hz.")


def test_too_many_channels_are_refused(engine: EngineProcess) -> None:
    assert "channels" in refused(engine, sounds.wav(sounds.noise(0.2), channels=255))


def test_a_video_without_sound_has_no_audio_stream(engine: EngineProcess) -> None:
    assert refused(engine, sounds.video_only()) == (
        "Transcoding failed. The file has no audio stream."
    )


def test_a_container_cut_before_its_index_is_damaged(engine: EngineProcess) -> None:
    whole = sounds.encoded(sounds.noise(2.0), "mp4", "aac")
    error = refused(engine, whole[: len(whole) // 2])
    assert error.startswith("Transcoding failed. The file is damaged")


def test_a_truncated_mp3_is_transcribed_as_far_as_it_goes(engine: EngineProcess) -> None:
    whole = sounds.encoded(sounds.speech("two_cities", 0, 13), "mp3", "libmp3lame")
    body = engine.transcribe(whole[: len(whole) // 2])
    assert body["status"] == "completed"
    assert body["audio_duration"] in (6, 7)
    assert body["text"].startswith("It was the best of times")


def test_damage_in_the_middle_leaves_times_right(engine: EngineProcess) -> None:
    """What cannot be decoded is silence, not a shorter recording."""
    whole = sounds.encoded(sounds.speech("two_cities", 0, 13), "mp3", "libmp3lame")
    third = len(whole) // 3
    damaged = whole[:third] + bytes(third // 2) + whole[third + third // 2 :]
    body, undamaged = engine.transcribe(damaged), engine.transcribe(whole)
    assert body["status"] == "completed"
    assert abs(body["words"][-1]["end"] - undamaged["words"][-1]["end"]) < 1_000


def test_a_header_that_promises_gigabytes_gives_what_is_there(engine: EngineProcess) -> None:
    content = bytearray(sounds.wav(sounds.silence(1.0)))
    content[4:8] = content[40:44] = struct.pack("<I", 0xFFFF_FF00)
    body = engine.transcribe(bytes(content))
    assert (body["status"], body["audio_duration"]) == ("completed", 1)


def test_samples_that_are_no_numbers_never_reach_a_model(engine: EngineProcess) -> None:
    values = struct.pack("<f", float("nan")) + struct.pack("<f", float("inf"))
    data = values * 16_000
    header = b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt "
    header += struct.pack("<IHHIIHH", 16, 3, 1, 16_000, 64_000, 4, 32)
    body = engine.transcribe(header + b"data" + struct.pack("<I", len(data)) + data)
    assert body["status"] == "completed"


@pytest.mark.parametrize("content", [sounds.silence(3), sounds.noise(3)], ids=["silence", "noise"])
def test_no_speech_is_a_transcript_without_words(engine: EngineProcess, content: Waveform) -> None:
    body = engine.transcribe(sounds.wav(content), speaker_labels=True)
    assert body["status"] == "completed"
    assert (body["text"], body["words"], body["utterances"]) == ("", [], [])
    assert body["confidence"] == 0
    assert body["audio_duration"] == 3


def test_the_language_of_silence_cannot_be_detected(engine: EngineProcess) -> None:
    error = refused(engine, sounds.wav(sounds.silence(2)), language_detection=True)
    assert error == "language_detection cannot be performed on files with no spoken audio."


def test_speech_that_is_no_english_is_an_error(engine: EngineProcess) -> None:
    """English backwards, a little faster, has the sounds of speech and no English in it."""
    forwards = sounds.speech("two_cities", 0, 17)
    places = np.arange(forwards.size - 1, 0, -1.2)
    backwards = np.interp(places, np.arange(forwards.size), forwards).astype(np.float32)
    assert "does not appear to be clear English" in refused(engine, sounds.wav(backwards))


def test_an_upload_over_the_limit_is_refused(engine: EngineProcess) -> None:
    answer = engine.http.post("/v2/upload", content=iter([bytes(UPLOAD_BYTES_MAX), b"x"]))
    assert answer.status_code == 413
    assert f"{UPLOAD_BYTES_MAX} bytes" in answer.json()["error"]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/a.mp3",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]:9/a.mp3",
        "http://[::ffff:127.0.0.1]:9/a.mp3",
    ],
)
def test_private_addresses_are_not_fetched(engine: EngineProcess, url: str) -> None:
    body = engine.transcribe_url(url)
    assert body["status"] == "error"
    assert body["error"].startswith(f"Download error, unable to download {url}: ")
    assert "not allowed" in body["error"]


def test_what_a_name_leads_to_is_not_told(engine: EngineProcess) -> None:
    """Whether a name leads inside or does not exist is said in the same words."""
    for url in ("http://localhost:9/a.mp3", "http://nobody.invalid/a.mp3"):
        assert engine.transcribe_url(url)["error"] == download_failed(url)


def test_a_redirect_to_a_private_address_is_not_followed(
    engine: EngineProcess, files: Site
) -> None:
    with site() as trap:
        files.pages["/a.mp3"] = (302, {"location": f"{trap.url}/secret"}, b"")
        body = engine.transcribe_url(f"{files.url}/a.mp3")
        assert body["status"] == "error"
        assert "not allowed" in body["error"]
        assert trap.received == []


def test_redirects_are_followed_twenty_times_and_no_more(
    engine: EngineProcess, files: Site
) -> None:
    for hop in range(21):
        files.pages[f"/{hop}"] = (302, {"location": f"/{hop + 1}"}, b"")
    files.pages["/21"] = (200, {}, sounds.wav(sounds.silence(1)))
    assert engine.transcribe_url(f"{files.url}/1")["status"] == "completed"
    assert engine.transcribe_url(f"{files.url}/0")["error"].startswith("Download error")


def test_a_download_that_fails_says_so(engine: EngineProcess, files: Site) -> None:
    files.pages["/500"] = (500, {}, b"")
    missing, broken = f"{files.url}/404", f"{files.url}/500"
    assert engine.transcribe_url(missing)["error"] == (
        f"Download error to {missing}, 404 Client Error: Not Found for url: {missing}"
    )
    assert engine.transcribe_url(broken)["error"] == (
        f"Download error to {broken}, 500 Server Error: Internal Server Error for url: {broken}"
    )
    failure = failure_of(engine.transcribe_url(broken)["error"])
    assert failure is not None
    assert failure.retryable, "the gateway submits it again"


def test_a_download_over_the_limit_is_broken_off(engine: EngineProcess, files: Site) -> None:
    files.pages["/big"] = (200, {}, bytes(UPLOAD_BYTES_MAX + 1))
    assert "over the limit" in engine.transcribe_url(f"{files.url}/big")["error"]


def test_after_all_that_the_engine_still_transcribes(engine: EngineProcess) -> None:
    body = engine.transcribe(sounds.wav(sounds.speech("two_cities", 0, 4.8)))
    assert body["text"].startswith("It was the best of times")
