"""Real HTTP servers of a test: files to download, a receiver of webhooks, a trap."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A request that arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Site:
    """What a server answers: pages by path, a list of statuses for POST, the last one repeated."""

    url: str = ""
    pages: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    statuses: list[int] = field(default_factory=lambda: [204])
    received: list[Received] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)

    def wait_for(self, count: int, seconds: float = 20.0) -> list[Received]:
        """The requests so far, when there are at least `count` of them."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.received) >= count, seconds)
            return list(self.received)


@contextmanager
def site(host: str = "127.0.0.1") -> Iterator[Site]:
    """A server on a free port until the block ends."""
    made = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._note(b"")
            status, headers, body = made.pages.get(self.path, (404, {}, b"nothing here"))
            self._answer(status, headers, body)

        def do_POST(self) -> None:
            self._note(self.rfile.read(int(self.headers.get("content-length", 0))))
            status = made.statuses.pop(0) if len(made.statuses) > 1 else made.statuses[0]
            self._answer(status, {"location": made.url} if status == 302 else {}, b"")

        def _note(self, body: bytes) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            with made.arrived:
                made.received.append(
                    Received(method=self.command, path=self.path, headers=headers, body=body)
                )
                made.arrived.notify_all()

        def _answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer((host, 0), Handler)
    server.daemon_threads = True
    made.url = f"http://{host}:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
