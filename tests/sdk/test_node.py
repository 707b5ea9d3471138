"""The official Node SDK, used as its documents show, with only `baseUrl` changed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.gateway_process import GatewayProcess
from tests.sdk.conftest import FAILED
from tests.sdk.running import node, printed

pytestmark = pytest.mark.xdist_group("sdk")
SDK = "assemblyai@4.41.5"
INSTALL_S_MAX = 25
INSTALL = ("install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", SDK)
PROGRAMS = Path(__file__).parent / "node"
ALL_WAYS = ("url", "path", "buffer", "array", "stream", "data")


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the SDK and the programs that use it; a skip says why there is none."""
    node()
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not here: nothing is proven about the Node SDK")
    folder = tmp_path_factory.mktemp("node")
    (folder / "package.json").write_text('{"private": true}')
    try:
        subprocess.run([npm, *INSTALL], cwd=folder, timeout=INSTALL_S_MAX, check=True, **QUIET)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as exc:
        pytest.skip(f"npm could not install {SDK} ({type(exc).__name__}): Node SDK not proven")
    shutil.copytree(PROGRAMS, folder, dirs_exist_ok=True)
    return folder


QUIET: dict[str, Any] = {"capture_output": True, "stdin": subprocess.DEVNULL}


@pytest.fixture(scope="module")
def got(programs: Path, simulated: GatewayProcess, recording: Path) -> dict[str, Any]:
    return printed([node(), str(programs / "simulated.mjs")], simulated, recording)


@pytest.mark.parametrize("way", ALL_WAYS)
def test_audio_is_transcribed_however_it_is_given(got: dict[str, Any], way: str) -> None:
    assert got[way]["status"] == "completed"
    assert got[way]["text"]
    assert got[way]["webhook_status_code"] is None


def test_speakers_are_told_apart(got: dict[str, Any]) -> None:
    assert {turn["speaker"] for turn in got["url"]["utterances"]} == {"A", "B"}
    assert got["url"]["audio_url"] == "https://audio.example/call.mp3"


def test_an_uploaded_files_url_can_be_used(got: dict[str, Any], simulated: GatewayProcess) -> None:
    first, second = got["uploaded"]["urls"]
    assert first != second
    assert first.startswith(f"{simulated.url}/")
    assert got["uploaded"]["transcript"]["audio_url"] == first
    assert got["uploaded"]["transcript"]["status"] == "completed"


def test_a_submitted_one_is_waited_for_and_got_again(got: dict[str, Any]) -> None:
    submitted = got["submitted"]
    assert submitted["status"] == "queued"
    assert submitted["ready"]["status"] == "completed"
    assert submitted["again"] == submitted["ready"]
    assert submitted["again"]["id"] == submitted["id"]


def test_twenty_at_once_are_twenty_transcripts(got: dict[str, Any]) -> None:
    assert len({one["id"] for one in got["parallel"]}) == 20
    assert len({one["audio_url"] for one in got["parallel"]}) == 20
    assert {one["status"] for one in got["parallel"]} == {"completed"}


def test_a_list_is_paged_in_both_directions_by_its_urls(got: dict[str, Any]) -> None:
    listed = got["listed"]
    assert len(listed["first"]) == len(listed["older"]) == 2
    assert not set(listed["first"]) & set(listed["older"])
    assert listed["newer"] == listed["first"]
    assert listed["dates"]
    assert listed["completed"] == ["completed"] * 3


def test_what_was_asked_for_is_found_and_echoed(got: dict[str, Any]) -> None:
    rich = got["rich"]
    assert rich["status"] == "completed"
    assert [chapter["gist"] for chapter in rich["chapters"]]
    assert rich["auto_highlights_result"]["results"]
    assert list(rich["content_safety_labels"]["summary"]) == ["financials"]
    assert "of Meadow Klinik. Hello, my name is [PERSON_NAME] [PERSON_NAME] and" in rich["text"]
    assert rich["redact_pii_policies"] == ["person_name"]
    assert rich["iab_categories_result"]["results"]
    assert rich["sentiment_analysis_results"]
    assert rich["entities"]
    assert rich["language_code"] == "en_us"
    assert rich["custom_spelling"] == [{"from": ["clinic"], "to": "Klinik"}]
    assert rich["webhook_url"] == "https://customer.example/hook"
    assert rich["webhook_auth"] is True
    assert rich["webhook_auth_header_name"] == "X-Secret"
    assert "webhook_auth_header_value" not in rich


def test_channels_are_strings(got: dict[str, Any]) -> None:
    assert {word["channel"] for word in got["channels"]["words"]} == {"1", "2"}


def test_sentences_subtitles_and_words_are_those_of_the_transcript(got: dict[str, Any]) -> None:
    derived = got["derived"]
    for name in ("sentences", "paragraphs"):
        parts = derived[name][name]
        assert [word["text"] for part in parts for word in part["words"]] == derived["spoken"]
    assert max(map(len, derived["srt"].splitlines())) <= 32
    assert derived["vtt"].startswith("WEBVTT")
    assert derived["found"]["total_count"] >= 1
    assert derived["found"]["matches"][0]["indexes"][0] == 0


def test_redacted_audio_is_downloaded(got: dict[str, Any]) -> None:
    assert got["redacted"] == {"status": "redacted_audio_ready", "start": "RIFF"}


def test_a_summary_of_the_wanted_kind(got: dict[str, Any]) -> None:
    assert got["summed"]["summary"].startswith("- ")
    assert (got["summed"]["summary_type"], got["summed"]["chapters"]) == ("bullets", None)


def test_too_little_speech_is_an_error_with_the_documented_sentence(got: dict[str, Any]) -> None:
    assert (got["threshold"]["status"], got["threshold"]["text"]) == ("error", None)
    assert got["threshold"]["error"] == (
        "Audio speech threshold 0.9461 is below the requested speech threshold value 0.95"
    )


def test_the_old_way_to_create_and_wait_still_works(got: dict[str, Any]) -> None:
    assert got["created"]["status"] == "completed"
    assert got["created"]["audio_url"] == "https://audio.example/old.mp3"


def test_a_deleted_one_is_scrubbed_for_good(got: dict[str, Any]) -> None:
    for one in got["deleted"].values():
        assert (one["status"], one["text"]) == ("completed", "Deleted by user.")
        assert one["audio_url"] == "http://deleted_by_user"
        assert one["words"] is None


def test_the_polling_interval_is_the_customers(got: dict[str, Any]) -> None:
    assert len(got["intervals"]) >= 2
    assert all(interval >= 190 for interval in got["intervals"]), got["intervals"]


def test_a_failed_job_resolves_with_the_providers_sentence(got: dict[str, Any]) -> None:
    assert got["failed"]["status"] == "error"
    assert got["failed"]["error"] == FAILED


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("parameter", "speech_threshold"),
        ("key", "Authentication error"),
        ("id", "Transcript lookup error, transcript id not found"),
        ("empty", "Upload failed"),
        ("late", "Polling timeout"),
        ("sync", "are not offered"),
        ("dictation", "are not offered"),
        ("token", "are not offered"),
        ("old token", "are not offered"),
    ],
)
def test_an_error_is_thrown_with_the_services_sentence(
    got: dict[str, Any], what: str, sentence: str
) -> None:
    assert sentence in got["thrown"][what]


def test_real_speech_is_transcribed_and_what_the_engine_cannot_do_is_named(
    programs: Path, with_engine: GatewayProcess, opening: Path
) -> None:
    found = printed([node(), str(programs / "engine.mjs")], with_engine, opening)
    assert found["said"]["status"] == "completed", found["said"]["error"]
    assert "do you hear me" in found["said"]["text"].lower()
    assert found["said"]["utterances"][0]["speaker"] == "A"
    spoken = [word["text"] for word in found["said"]["words"]]
    sentences = found["sentences"]["sentences"]
    assert [word["text"] for sentence in sentences for word in sentence["words"]] == spoken
    assert found["vtt"].startswith("WEBVTT")
    assert found["found"]["total_count"] >= 1
    assert (found["deleted"]["text"], found["deleted"]["words"]) == ("Deleted by user.", None)
    assert "custom_topics is not supported by the embedded engine" in found["refused"]
