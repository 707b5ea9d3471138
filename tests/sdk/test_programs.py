"""The programs without an SDK that upload, create and look until it is finished."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from pathlib import Path

import pytest

from tests.gateway_process import GatewayProcess
from tests.sdk.running import node, printed

pytestmark = pytest.mark.xdist_group("sdk")
PROGRAMS = Path(__file__).parent / "programs"
EVERY_S = "0.1"  # the documents say 3; the program is the same
OPTIONS = json.dumps(
    {
        "speech_models": ["assemblyai-stt-3-7", "universal-2"],
        "language_detection": True,
        "speaker_labels": True,
    }
)
LANGUAGES = ("python", "javascript", "curl")


def command(language: str) -> list[str]:
    if language == "javascript":
        return [node(), str(PROGRAMS / "poll.mjs")]
    if language == "curl":
        if shutil.which("curl") is None:
            pytest.skip("curl is not here: nothing is proven about it")
        return ["sh", str(PROGRAMS / "poll.sh")]
    if importlib.util.find_spec("requests") is None:
        pytest.skip("the package requests is not here: it comes with the engine's")
    return [sys.executable, str(PROGRAMS / "poll.py")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_prints_what_was_said_and_by_whom(
    language: str, with_engine: GatewayProcess, opening: Path
) -> None:
    got = printed(command(language), with_engine, opening, OPTIONS=OPTIONS, EVERY_S=EVERY_S)
    assert got["status"] == "completed", got["error"]
    assert "do you hear me" in got["text"].lower()
    assert got["utterances"][0]["speaker"] == "A"


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_ends_in_front_of_a_provider_too(
    language: str, simulated: GatewayProcess, recording: Path
) -> None:
    got = printed(command(language), simulated, recording, OPTIONS=OPTIONS, EVERY_S=EVERY_S)
    assert got["status"] == "completed"
    assert got["audio_url"].startswith(f"{simulated.url}/")
    assert [turn["speaker"] for turn in got["utterances"]][:2] == ["A", "B"]
