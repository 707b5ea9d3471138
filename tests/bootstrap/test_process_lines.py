"""Standard error of a gateway when clients misbehave and when it is stopped in mid-request."""

from __future__ import annotations

import json
import socket
from pathlib import Path

from tests.gateway_process import GatewayProcess, gateway

SETTINGS = {"ASSEMBLYAI_API_KEY": "nobody", "ASSEMBLYAI_BASE_URL": "http://127.0.0.1:1"}


def connected(running: GatewayProcess) -> socket.socket:
    host, port = running.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=5)


def answered(running: GatewayProcess, request: bytes) -> bytes:
    """What one request on a connection of its own is answered."""
    with connected(running) as client:
        client.sendall(request)
        return client.recv(4_096)


def test_standard_error_is_json_whatever_happens(tmp_path: Path) -> None:
    with gateway(tmp_path / "data", SETTINGS) as running:
        assert answered(running, b"nonsense\r\n\r\n").startswith(b"HTTP/1.1 400 ")
        upgrade = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
        assert answered(running, upgrade).startswith(b"HTTP/1.1 200 ")
        with connected(running) as unfinished:
            unfinished.sendall(
                b"POST /v2/transcript HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                b"Authorization: %b\r\nContent-Length: 9\r\n\r\n" % running.key.encode()
            )
            assert unfinished.recv(4_096).startswith(b"HTTP/1.1 100 ")  # it waits for the body
            assert running.stop() == 0
    said = running.said
    banner, _, _ = said.partition("Try: ")
    assert "listens on" in banner
    plain = [line for line in said.splitlines() if not line.startswith("{")]
    assert all(line.startswith(("Stenolog listens", "  ", "Try: ")) for line in plain), plain
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    events = [line["event"] for line in lines]
    assert any(line.get("status") == 400 for line in lines), "what is no request has its line too"
    assert events.count("edge.upgrade_ignored") == 1
    assert events.count("edge.failed") == 1, "what stops ends a body that is not here with 503"
    assert not any("exception" in line for line in lines)
    assert not any("WebSocket" in event for event in events)
