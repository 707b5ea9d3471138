"""Clients of AssemblyAI beside its own SDKs: they are installed here, so these tests are a soak."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.gateway_process import GatewayProcess
from tests.sdk.running import node, printed

pytestmark = [pytest.mark.soak, pytest.mark.xdist_group("sdk"), pytest.mark.timeout(600)]
AI_SDK = ("ai@6.0.326", "@ai-sdk/assemblyai@2.0.58")
LANGCHAIN = ("langchain-community==0.4.2", "assemblyai==1.8.2")
INSTALL_S_MAX = 240
PROGRAM_S_MAX = 200  # an engine on a busy machine transcribes the same three times
HERE = Path(__file__).parent
RETIRED = 'The "universal-3-pro" speech model(s) have been deprecated.'


def installed(command: list[str], folder: Path) -> None:
    """Run an installation, or skip with the reason."""
    try:
        subprocess.run(
            command,
            cwd=folder,
            timeout=INSTALL_S_MAX,
            check=True,
            capture_output=True,
            stdin=subprocess.DEVNULL,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as exc:
        pytest.skip(f"{command[-1]} could not be installed ({type(exc).__name__}): not proven")


@pytest.fixture(scope="module")
def ai_sdk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    node()
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not here: nothing is proven about the AI SDK")
    folder = tmp_path_factory.mktemp("ai-sdk")
    (folder / "package.json").write_text('{"private": true}')
    quiet = ("--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts")
    installed([npm, "install", *quiet, *AI_SDK], folder)
    return Path(shutil.copy(HERE / "node" / "ai_sdk.mjs", folder))


@pytest.fixture(scope="module")
def langchain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("langchain")
    installed([sys.executable, "-m", "venv", str(folder)], folder)
    python = folder / "bin" / "python"
    installed([str(python), "-m", "pip", "install", "-q", *LANGCHAIN], folder)
    return python


def test_the_ai_sdk_before_a_provider_that_judges_models(
    ai_sdk: Path, simulated: GatewayProcess, recording: Path
) -> None:
    heard = printed([node(), str(ai_sdk)], simulated, recording)
    for model in ("best", "assemblyai-stt-3-7"):
        assert heard[model]["text"], heard
        assert heard[model]["segments"] > 10
    assert heard["universal-3-pro"]["error"].startswith(f"Transcription failed: {RETIRED}"), heard


def test_the_ai_sdk_before_the_engine_which_is_every_model(
    ai_sdk: Path, with_engine: GatewayProcess, opening: Path
) -> None:
    heard = printed([node(), str(ai_sdk)], with_engine, opening, PROGRAM_S_MAX)
    assert {model: one.get("error") for model, one in heard.items()} == dict.fromkeys(heard)
    assert len({one["text"] for one in heard.values()}) == 1


def test_langchain_loads_text_sentences_and_subtitles(
    langchain: Path, simulated: GatewayProcess, recording: Path
) -> None:
    program = str(HERE / "programs" / "langchain_loader.py")
    base: dict[str, Any] = {"ASSEMBLYAI_BASE_URL": simulated.url}
    heard = printed([str(langchain), program], simulated, recording, **base)
    (text,) = heard["text"]
    assert len(text.split()) > 50
    assert len(heard["sentences"]) > 5  # of another upload, which says other words
    assert all(one.endswith((".", "?", "!")) for one in heard["sentences"][:-1])
    assert heard["subtitles_srt"][0].startswith("1\n00:00:0")


@pytest.mark.parametrize(
    ("client", "reason"),
    [
        ("the official MCP server", "it is in no package registry, PyPI's or npm's"),
        ("the Go command line", "it is built from source, with a toolchain that is not here"),
    ],
)
def test_what_cannot_be_installed_is_named(client: str, reason: str) -> None:
    pytest.skip(f"nothing is proven about {client}: {reason}")
