"""The process: it starts with one clear line or not at all, and ends when it is told to."""

from __future__ import annotations

import json
import signal
import socket
import sqlite3
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from time import monotonic

import pytest

from stenolog.simulator.assemblyai.behaviour import Behaviour
from stenolog.simulator.assemblyai.provider import API_KEY, Simulator
from stenolog.simulator.threaded import ThreadedSimulator
from tests.gateway_process import GatewayProcess, before, gateway

CANNOT_START = 3
WRONG_SETTING = 2
STOP_S_MAX = 10.0


@pytest.fixture
def provider() -> Iterator[ThreadedSimulator]:
    threaded = ThreadedSimulator(Simulator(behave=lambda body: Behaviour(never_ends=True)))
    with threaded:
        yield threaded


def refused(process: GatewayProcess, status: int) -> str:
    """The one line of a gateway that did not start."""
    process.start(wait=False)
    assert process.process is not None
    assert process.process.wait(STOP_S_MAX) == status, process.said
    (line,) = [line for line in process.said.splitlines() if line.startswith("stenolog: ")]
    assert "Traceback" not in process.said
    return line


def nowhere() -> dict[str, str]:
    """Settings with a provider that is not there."""
    return before("http://127.0.0.1:9", API_KEY)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_status_0_while_work_is_under_way(
    tmp_path: Path, provider: ThreadedSimulator, number: signal.Signals
) -> None:
    with gateway(tmp_path / "data", before(provider.base_url, API_KEY)) as running:
        assert running.process is not None
        provider.simulator.latency_ms = 60_000
        submit(running)
        ends = monotonic() + STOP_S_MAX
        running.process.send_signal(number)
        assert running.process.wait(STOP_S_MAX) == 0, running.said
        assert monotonic() < ends
        assert "Traceback" not in running.said
        assert not (tmp_path / "data" / "lock").read_text()


def submit(running: GatewayProcess) -> None:
    """A transcription is accepted, whether or not the provider answers."""
    request = urllib.request.Request(
        f"{running.url}/v2/transcript",
        json.dumps({"audio_url": "https://audio.example/a.mp3"}).encode(),
        {"authorization": running.key},
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        assert answer.status == 200


def test_nobody_else_may_read_what_it_makes(tmp_path: Path) -> None:
    with gateway(tmp_path / "data", nowhere()) as running:
        made = {path.name: path.stat().st_mode for path in running.data_dir.iterdir()}
    del made["said"]  # the test's own
    assert {"log.db", "keys.db", "views.db", "master-key", "api-key"} <= made.keys()
    assert [name for name, mode in made.items() if mode & 0o077] == []


def test_a_request_under_way_is_answered_at_the_end(tmp_path: Path) -> None:
    """An upload that is being sent when the signal comes is durable, and answered so."""
    with gateway(tmp_path / "data", nowhere()) as running:
        assert running.process is not None
        address = running.url.removeprefix("http://").split(":")
        with socket.create_connection((address[0], int(address[1])), timeout=10) as client:
            head = f"POST /v2/upload HTTP/1.1\r\nhost: x\r\nauthorization: {running.key}\r\n"
            client.sendall(f"{head}content-length: 10\r\n\r\n12345".encode())
            # The answer to another request shows that the first is being read.
            submit(running)
            running.process.send_signal(signal.SIGTERM)
            sender = Thread(target=client.sendall, args=(b"67890",))
            sender.start()
            answer = client.recv(65_536)
            sender.join()
        assert answer.startswith(b"HTTP/1.1 200"), answer
        assert running.process.wait(STOP_S_MAX) == 0


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = GatewayProcess(
            tmp_path / "data",
            nowhere(),
            ("-m", "tests.bootstrap.with_port", str(port)),
        )
        line = refused(process, CANNOT_START)
    assert f"port {port}" in line
    assert "--port" in line


def test_a_directory_that_another_gateway_has_is_refused(tmp_path: Path) -> None:
    with gateway(tmp_path / "data", nowhere()) as running:
        line = refused(GatewayProcess(tmp_path / "data", nowhere()), CANNOT_START)
        assert running.url in line
        assert str(running.process and running.process.pid) in line


def test_a_file_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    with gateway(tmp_path / "data", nowhere()):
        pass
    connection = sqlite3.connect(tmp_path / "data" / "log.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    (tmp_path / "data" / "said").unlink()
    line = refused(GatewayProcess(tmp_path / "data", nowhere()), CANNOT_START)
    assert "newer" in line


def test_a_lost_master_key_is_refused(tmp_path: Path) -> None:
    with gateway(tmp_path / "data", nowhere()):
        pass
    (tmp_path / "data" / "master-key").unlink()
    (tmp_path / "data" / "said").unlink()
    line = refused(GatewayProcess(tmp_path / "data", nowhere()), CANNOT_START)
    assert "master key" in line


def test_an_unknown_setting_is_refused(tmp_path: Path) -> None:
    line = refused(GatewayProcess(tmp_path / "data", {"DATADIR": "x"}), WRONG_SETTING)
    assert "STENOLOG_DATA_DIR" in line


def test_what_it_says_is_where_everything_is_and_then_one_json_line_a_unit_of_work(
    tmp_path: Path, provider: ThreadedSimulator
) -> None:
    with gateway(tmp_path / "data", before(provider.base_url, API_KEY)) as running:
        submit(running)
        ends = monotonic() + STOP_S_MAX
        while '"action": "submit"' not in running.said.replace('":"', '": "'):
            assert monotonic() < ends, running.said
        said = running.said
    assert f"Stenolog listens on {running.url}" in said
    assert str(tmp_path / "data" / "api-key") in said
    assert "back it up" in said
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    acted = next(line for line in lines if line["event"] == "reconciler.acted")
    assert acted["correlation_id"]
    for secret in (running.key, API_KEY, "audio.example"):
        assert secret not in said
