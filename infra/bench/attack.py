"""A hostile client in a process of its own: `python -m infra.bench.attack NAME HOST PORT PATH KEY`.

Of several paths, with commas between them, each connection asks for the next one.
It prints one line when everything is sent that can be, and goes on until its input ends.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import resource
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

SEND_SECONDS = 6.0
RECEIVES_BYTES = 4_096
DRIP_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """What each of `connections` sends: once, or again and again as long as it is taken."""

    connections: int
    sends: Callable[[str, str], bytes]
    again: bool = False
    drips: bool = False


def _metrics(path: str, key: str) -> bytes:
    return b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 400


def _burst(path: str, key: str) -> bytes:
    request = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
    return request * ((256 << 10) // len(request))


def _transcript(path: str, key: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {key}\r\n\r\n".encode()


def _upload(path: str, key: str) -> bytes:
    head = f"POST /v2/upload HTTP/1.1\r\nHost: x\r\nAuthorization: {key}\r\n"
    return f"{head}Content-Length: 2000000000\r\n\r\nx".encode()


def _large_upload(path: str, key: str) -> bytes:
    return _upload(path, key) + bytes(1_000_000)  # all but what a frame holds


def _json(path: str, key: str) -> bytes:
    head = f"POST /v2/transcript HTTP/1.1\r\nHost: x\r\nAuthorization: {key}\r\n"
    return f"{head}Content-Length: 1000000\r\n\r\n".encode() + b"[" * 950_000


def _headers(path: str, key: str) -> bytes:
    return b"GET /metrics HTTP/1.1\r\nHost: x\r\n" + b"a:b\r\n" * 12_000 + b"\r\n"


def _large_head(path: str, key: str) -> bytes:
    return b"GET /metrics HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 60_000 + b"\r\n\r\n"


def _large_half(path: str, key: str) -> bytes:
    return _large_head(path, key)[:-2]


def _half(path: str, key: str) -> bytes:
    return b"GET /heal"


ATTACKS: Mapping[str, Attack] = {
    "pipelines-50": Attack(connections=50, sends=_metrics, again=True),
    "pipelines-1000": Attack(connections=1_000, sends=_metrics, again=True),
    "bursts-20": Attack(connections=20, sends=_burst),
    "unread-30": Attack(connections=30, sends=_transcript),
    "polls-250": Attack(connections=250, sends=_transcript),
    "uploads-64": Attack(connections=64, sends=_upload, drips=True),
    "frames-64": Attack(connections=64, sends=_large_upload, drips=True),
    "bodies-300": Attack(connections=300, sends=_json, drips=True),
    "halves-1100": Attack(connections=1_100, sends=_half, drips=True),
    "headers-500": Attack(connections=500, sends=_headers),
    "heads-1000": Attack(connections=1_000, sends=_large_head),
    "large-halves-1000": Attack(connections=1_000, sends=_large_half, drips=True),
}


def main() -> None:
    """Attack."""
    name, host, port, path, key = sys.argv[1:]
    attack = ATTACKS[name]
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    sockets = [_connected(host, int(port)) for _ in range(attack.connections)]
    paths = itertools.cycle(attack.sends(one, key) for one in path.split(","))
    data = dict(zip(sockets, paths, strict=False))
    left = dict(data)
    ends = time.monotonic() + SEND_SECONDS
    while time.monotonic() < ends and any(left.values()):
        for one in sockets:
            left[one] = _sent(one, left[one])
            if not left[one] and attack.again:
                left[one] = data[one]
        time.sleep(0.05)
    threading.Thread(target=_end_with_input, daemon=True).start()
    print("sent", flush=True)
    for _ in _every(DRIP_SECONDS):
        for one in sockets:
            if attack.drips:
                _sent(one, b"x")
            elif attack.again:
                left[one] = _sent(one, left[one] or data[one])


def _connected(host: str, port: int) -> socket.socket:
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVES_BYTES)
    with contextlib.suppress(OSError):
        one.settimeout(5)
        one.connect((host, port))
    one.setblocking(False)
    return one


def _sent(one: socket.socket, data: bytes) -> bytes:
    with contextlib.suppress(OSError):
        return data[one.send(data) :]
    return data


def _every(seconds: float) -> Iterator[None]:
    while True:
        time.sleep(seconds)
        yield


def _end_with_input() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
