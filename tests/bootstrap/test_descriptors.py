"""A gateway that is short of descriptors: it serves, stores, and says so once."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

from stenolog.bootstrap.http.descriptors import KEPT_MAX, connections_within
from tests.gateway_process import GatewayProcess, gateway

SETTINGS = {"ASSEMBLYAI_API_KEY": "nobody", "ASSEMBLYAI_BASE_URL": "http://127.0.0.1:1"}
FEW = 256
SECONDS_MAX = 5.0  # a second is promised; this machine may be doing other things


def address_of(running: GatewayProcess) -> tuple[str, int]:
    host, port = running.url.removeprefix("http://").split(":")
    return host, int(port)


@contextlib.contextmanager
def halves(running: GatewayProcess, count: int) -> Iterator[list[socket.socket]]:
    """So many connections with half a head each."""
    with contextlib.ExitStack() as stack:
        made = []
        for _ in range(count):
            one = stack.enter_context(socket.create_connection(address_of(running), timeout=5))
            with contextlib.suppress(OSError):
                one.sendall(b"GET /heal")
            made.append(one)
        yield made


def answer(running: GatewayProcess, path: str, body: bytes | None = None) -> str:
    request = urllib.request.Request(f"{running.url}{path}", body, {"authorization": running.key})
    began = monotonic()
    with urllib.request.urlopen(request, timeout=SECONDS_MAX) as given:
        said: str = given.read().decode()
        assert given.status == 200
    assert monotonic() - began < SECONDS_MAX
    return said


def gauge(said: str, name: str) -> float:
    found = re.search(rf"^{name} (\S+)$", said, re.M)
    assert found, name
    return float(found[1])


def test_more_connections_than_descriptors_leave_room_for_a_healthy_client(tmp_path: Path) -> None:
    run = ("-m", "tests.bootstrap.with_descriptors", str(FEW))
    with gateway(tmp_path / "data", SETTINGS, run) as running:
        connections_max = connections_within(FEW, 10_000)
        with halves(running, FEW + 50):
            answer(running, "/healthz")
            answer(running, "/readyz")
            answer(
                running, "/v2/transcript", json.dumps({"audio_url": "https://a.example/a"}).encode()
            )
            ends = monotonic() + SECONDS_MAX
            while gauge(said := answer(running, "/metrics"), "stenolog_http_connections_max") == 0:
                assert monotonic() < ends
            assert gauge(said, "stenolog_http_connections_max") == connections_max
            assert gauge(said, "stenolog_descriptors_max") == FEW
        said = running.said
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    events = [line["event"] for line in lines]
    assert events.count("edge.descriptors_few") == 1
    assert events.count("edge.connection_closed") == 1, "one line a minute, with a count"
    assert "edge.connection_not_accepted" not in events, "there were descriptors left"
    assert "Traceback" not in said


def test_connections_leave_descriptors_for_everything_else() -> None:
    for descriptors in (16, 64, 256, 1_024, 4_096, 65_536):
        connections = connections_within(descriptors, 2_048)
        assert 1 <= connections <= 2_048
        assert descriptors - 2 * connections >= min(KEPT_MAX, descriptors // 2)
    assert connections_within(1_024, 2_048) == 288
    assert connections_within(65_536, 2_048) == 2_048
