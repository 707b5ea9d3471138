"""Requests that are under way when the service stops: each has an answer, or ends whole."""

from __future__ import annotations

import signal
import socket
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import urlsplit

import pytest

from stenolog.simulator.assemblyai.provider import API_KEY
from tests.bootstrap.raw_clients import connected
from tests.gateway_process import GatewayProcess, before, gateway

SIZE = 1_000_000
SENT = 600_000
LOOK_S = 0.02
STOP_S_MAX = 10.0
HELD = b"GET /held HTTP/1.1\r\nHost: here\r\n\r\n"


def begun(running: GatewayProcess, data_dir: Path) -> socket.socket:
    """An upload of which the service has taken some."""
    url = urlsplit(running.url)
    end = socket.create_connection((str(url.hostname), int(url.port or 0)), timeout=STOP_S_MAX)
    head = f"POST /v2/upload HTTP/1.1\r\nHost: here\r\nAuthorization: {running.key}\r\n"
    end.sendall(f"{head}Content-Length: {SIZE}\r\n\r\n".encode() + bytes(SENT))
    until = monotonic() + STOP_S_MAX
    while not any((data_dir / "uploads").glob("*.part")):
        assert monotonic() < until, "it did not begin"
        sleep(LOOK_S)
    return end


def refuses(running: GatewayProcess) -> None:
    """Return once nobody can connect any more."""
    url, until = urlsplit(running.url), monotonic() + STOP_S_MAX
    while monotonic() < until:
        try:
            socket.create_connection((str(url.hostname), int(url.port or 0)), timeout=1).close()
        except OSError:
            return
        sleep(LOOK_S)
    raise AssertionError("it does not stop")


def to_the_end(end: socket.socket) -> bytes:
    """All that comes until the other side closes, which is no reset."""
    return b"".join(iter(lambda: end.recv(65_536), b""))


@pytest.mark.parametrize("rest", [0, SIZE - SENT])
def test_an_upload_is_taken_whole_or_told_to_come_again(tmp_path: Path, rest: int) -> None:
    data_dir = tmp_path / "data"
    with gateway(data_dir, before("http://127.0.0.1:9", API_KEY)) as running:
        assert running.process is not None
        with begun(running, data_dir) as end:
            running.process.send_signal(signal.SIGTERM)
            refuses(running)  # it is stopping now
            end.sendall(bytes(rest))
            answer = to_the_end(end).lower()
        assert running.process.wait(STOP_S_MAX) == 0, running.said
    head, _, body = answer.partition(b"\r\n\r\n")
    if rest:
        assert head.startswith(b"http/1.1 200 ")
    else:
        assert head.startswith(b"http/1.1 503 ")
        assert b"\r\nretry-after: " in head
        assert body.startswith(b'{"error":"')
        assert not any((data_dir / "uploads").iterdir())
    assert b"\r\nconnection: close" in head


async def test_whoever_could_not_be_answered_in_time_is_told_to_come_again() -> None:
    async with connected() as (served, client):
        client.send(HELD)
        await served.asked.wait()
        served.server.stop()
        answer = (await client.read_to_end()).lower()
        assert answer.startswith(b"http/1.1 503 ")
        assert b"\r\nretry-after: 5\r\n" in answer
