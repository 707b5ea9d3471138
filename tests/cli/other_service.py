"""A service on loopback that is not ours, and answers whatever a test wants."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.engine.servers import Received


@dataclass(slots=True)
class Other:
    """Answers 200 with the same bytes to everything, or with others for the beginning of a path."""

    url: str = ""
    body: bytes = b"{}"
    paths: dict[str, bytes] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)

    @property
    def keys(self) -> list[str]:
        """Every key that it was shown."""
        return [one.headers["authorization"] for one in self.received if self._shown(one.headers)]

    def _shown(self, headers: Mapping[str, str]) -> bool:
        return "authorization" in headers


@contextmanager
def other_service(body: bytes = b"{}") -> Iterator[Other]:
    """One on a free port until the block ends."""
    made = Other(body=body)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            sent = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            made.received.append(
                Received(method=self.command, path=self.path, headers=headers, body=sent)
            )
            found = (own for path, own in made.paths.items() if self.path.startswith(path))
            answer = next(found, made.body)
            self.send_response(200)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_POST = do_DELETE = do_GET

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
