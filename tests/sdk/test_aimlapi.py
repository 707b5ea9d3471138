"""AIMLAPI's documented program, by URL and by file: the engine, or AIMLAPI itself, serves it."""

from __future__ import annotations

import functools
import http.server
import importlib.util
import json
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stenolog.simulator.aimlapi.provider import API_KEY
from stenolog.simulator.threaded import ThreadedAimlapiSimulator
from tests.gateway_process import GatewayProcess, gateway
from tests.sdk.running import printed

pytestmark = [
    pytest.mark.xdist_group("sdk"),
    pytest.mark.skipif(
        importlib.util.find_spec("requests") is None,
        reason="the package requests is not here: it comes with the engine's",
    ),
]
PROGRAM = [sys.executable, str(Path(__file__).parent / "programs" / "aimlapi.py")]
WHISPER = {"MODEL": "#g1_whisper-large", "EVERY_S": "0.1"}
ANYWHERE = "https://audio.example/call.mp3"


@pytest.fixture(scope="module")
def aimlapi() -> Iterator[str]:
    with ThreadedAimlapiSimulator() as running:
        yield running


@pytest.fixture(scope="module")
def before_aimlapi(
    aimlapi: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GatewayProcess]:
    settings = {
        "AIMLAPI_API_KEY": API_KEY,
        "AIMLAPI_BASE_URL": aimlapi,
        "ALLOW_NETWORKS": "127.0.0.0/8",
    }
    with gateway(tmp_path_factory.mktemp("aimlapi"), settings) as process:
        yield process


@pytest.fixture
def served(opening: Path) -> Iterator[str]:
    """Where the recording can be downloaded."""
    folder = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(opening.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), folder) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/{opening.name}"
        server.shutdown()
        thread.join()


def test_the_engine_serves_it_by_file_and_by_url(
    with_engine: GatewayProcess, opening: Path, served: str
) -> None:
    by_file = printed(PROGRAM, with_engine, opening, **WHISPER)
    by_url = printed(PROGRAM, with_engine, opening, AUDIO_URL=served, **WHISPER)
    assert "do you hear me" in by_file["text"]
    assert by_url["text"] == by_file["text"]


def asked(url: str, key: str) -> Any:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {key}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


@pytest.mark.parametrize("where", [{}, {"AUDIO_URL": ANYWHERE}])
def test_aimlapis_own_result_is_passed_on_as_it_is(
    where: dict[str, str],
    aimlapi: str,
    before_aimlapi: GatewayProcess,
    recording: Path,
) -> None:
    got = printed(PROGRAM, before_aimlapi, recording, **WHISPER, **where)
    assert got["text"]
    shown = asked(f"{before_aimlapi.url}/api/v1/transcripts/{got['id']}", before_aimlapi.key)
    assert shown["provider"] == "aimlapi"
    own = asked(f"{aimlapi}/v1/stt/{shown['provider_job']}", API_KEY)
    assert got["answer"]["result"] == got["answer"]["output"] == own["result"]
