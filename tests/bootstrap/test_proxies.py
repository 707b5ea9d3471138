"""The proxies of docs/DEPLOY.md, with its own configurations, before a gateway; only TLS is off.

An attacker without a key sends, as the body of a request with `Upgrade`, a request that would be
run with the key of whoever comes next on the same connection to the gateway.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.gateway_process import GatewayProcess, gateway

DEPLOY = (Path(__file__).parents[2] / "docs" / "DEPLOY.md").read_text()
SETTINGS = {"ASSEMBLYAI_API_KEY": "nobody", "ASSEMBLYAI_BASE_URL": "http://127.0.0.1:1"}
TRIES = 60
READY_S = 10.0


def configuration(name: str) -> str:
    """The block of the guide that follows this name."""
    return re.split(r"```\n", DEPLOY.partition(f"\n{name}")[2], maxsplit=2)[1]


def nginx(place: Path, port: int, upstream: str) -> list[str]:
    server = configuration("nginx:").replace("listen 443 ssl;", f"listen 127.0.0.1:{port};")
    server = re.sub(r"\n *(ssl_\w+|error_log)[^\n]*", "", server)
    server = server.replace("127.0.0.1:8080", upstream)
    paths = "".join(
        f"{kind}_temp_path {place / kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    file = place / "nginx.conf"
    file.write_text(
        f"daemon off; pid {place / 'pid'}; error_log {place / 'errors'} crit; events {{}}\n"
        f"http {{ {paths}\n{server} }}\n"
    )
    return ["nginx", "-p", str(place), "-c", str(file)]


def caddy(place: Path, port: int, upstream: str) -> list[str]:
    site = configuration("Caddy").replace("stenolog.example {", f"http://127.0.0.1:{port} {{")
    file = place / "Caddyfile"
    file.write_text(f"{{\n\tadmin off\n}}\n{site.replace('127.0.0.1:8080', upstream)}")
    return ["caddy", "run", "--config", str(file), "--adapter", "caddyfile"]


PROXIES: dict[str, Callable[[Path, int, str], list[str]]] = {"nginx": nginx, "caddy": caddy}


@contextlib.contextmanager
def proxied(name: str, place: Path, running: GatewayProcess) -> Iterator[int]:
    """The port of a proxy before the gateway."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    command = PROXIES[name](place, port, running.url.removeprefix("http://"))
    with (place / "said").open("wb") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said, cwd=place)
    try:
        ends = time.monotonic() + READY_S
        while True:
            assert time.monotonic() < ends, (place / "said").read_text()
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
        yield port
    finally:
        process.terminate()
        process.wait(READY_S)


def attack(port: int, body: bytes, pause_s: float) -> socket.socket:
    """An attacker's request, whose body comes a little later."""
    attacker = socket.create_connection(("127.0.0.1", port), timeout=5)
    attacker.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    head = b"POST /v2/transcript HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n"
    attacker.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body))
    time.sleep(pause_s)
    attacker.sendall(body)
    return attacker


@pytest.mark.soak
@pytest.mark.parametrize("name", PROXIES)
def test_nobody_uses_anothers_key_through_a_proxy(name: str, tmp_path: Path) -> None:
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    with gateway(tmp_path / "data", SETTINGS) as running:
        headers = {"authorization": running.key, "content-type": "application/json"}
        with proxied(name, tmp_path, running) as port:
            url = f"http://127.0.0.1:{port}/v2/transcript"
            audio = json.dumps({"audio_url": "https://audio.example/1.mp3"}).encode()
            offered = {**headers, "connection": "Upgrade", "upgrade": "h2c"}
            with urllib.request.urlopen(urllib.request.Request(url, audio, offered)) as made:
                transcription_id = json.load(made)["id"]
            inner = f"DELETE /v2/transcript/{transcription_id} HTTP/1.1\r\nHost: x\r\nX-Ignore: "
            for number in range(TRIES):
                with attack(port, inner.encode(), number % 5 / 250):
                    read = urllib.request.Request(f"{url}/{transcription_id}", headers=headers)
                    with urllib.request.urlopen(read) as answer:
                        item = json.load(answer)
                assert item["id"] == transcription_id
                assert "deleted" not in item["audio_url"]
