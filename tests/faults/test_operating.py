"""The drill of docs/OPERATING.md, as it stands there, on a gateway that is killed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stenolog.simulator.assemblyai.behaviour import Behaviour
from stenolog.simulator.assemblyai.provider import API_KEY, Simulator
from stenolog.simulator.threaded import ThreadedSimulator
from tests.gateway_process import ROOT, GatewayProcess, before

MASTER_KEY = "5e" * 32
PATIENCE_S = 20.0


@pytest.fixture
def provider() -> Iterator[str]:
    with ThreadedSimulator(Simulator(behave=lambda _: Behaviour(queued_ms=0, run_ms=10))) as ours:
        yield ours


def asked(
    gateway: GatewayProcess, method: str, path: str, body: object = None
) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(
        gateway.url + path,
        None if body is None else json.dumps(body).encode(),
        {"authorization": gateway.key},
        method=method,
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as exc:
        return exc.code, json.loads(exc.read())


def transcribed(gateway: GatewayProcess) -> str:
    """The id of a transcription that is completed."""
    _, made = asked(gateway, "POST", "/v2/transcript", {"audio_url": "https://a.example/a.mp3"})
    assert text_of(gateway, made["id"])
    return str(made["id"])


def text_of(gateway: GatewayProcess, identifier: str) -> str:
    """What a completed transcription says, once the views have it."""
    ends = time.monotonic() + PATIENCE_S
    while True:
        _, found = asked(gateway, "GET", f"/v2/transcript/{identifier}")
        if found["status"] == "completed":
            return str(found["text"])
        assert time.monotonic() < ends, found
        time.sleep(0.05)


def blocks() -> list[str]:
    text = (ROOT / "docs" / "OPERATING.md").read_text()
    return re.findall(r"^```sh\n(.*?)^```", text, flags=re.M | re.S)


def test_the_drill_brings_back_what_was_kept_and_nothing_that_was_erased(
    tmp_path: Path, provider: str
) -> None:
    back_up, prove, in_earnest = blocks()
    gateway = GatewayProcess(
        tmp_path / "data",
        before(provider, API_KEY, ALLOW_NETWORKS="127.0.0.1/32", MASTER_KEY=MASTER_KEY),
    )
    places = {name: str(tmp_path / name) for name in ("BACKUPS", "KEYS", "DRILL_DIR")}
    for name in ("BACKUPS", "KEYS"):
        (tmp_path / name).mkdir()
    environ = {
        **{k: v for k, v in os.environ.items() if not k.startswith("STENOLOG_")},
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "STENOLOG_MASTER_KEY": MASTER_KEY,
        "DATA_DIR": str(gateway.data_dir),
        **places,
    }

    def run(block: str) -> str:
        done = subprocess.run(
            ["sh", "-ec", block], env=environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    gateway.start()
    kept, gone = transcribed(gateway), transcribed(gateway)
    assert "backup" in run(back_up)
    assert asked(gateway, "DELETE", f"/v2/transcript/{gone}")[0] == 200
    later, text = transcribed(gateway), text_of(gateway, kept)
    assert "verified" in run(prove)
    gateway.kill()
    said = run(in_earnest)
    assert "erased     1 transcriptions" in said
    assert "verified" in said
    gateway.start()
    try:
        assert text_of(gateway, kept) == text
        assert text_of(gateway, gone) == "Deleted by user."
        assert asked(gateway, "GET", f"/v2/transcript/{later}")[0] == 400
        assert transcribed(gateway)
    finally:
        status = gateway.stop()
    assert status == 0, gateway.said
    assert "verified" in run('stenolog log verify --data-dir "$DATA_DIR"')
