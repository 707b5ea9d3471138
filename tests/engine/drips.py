"""A real HTTP server that answers byte by byte and does not come to an end."""

from __future__ import annotations

import itertools
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass(slots=True)
class Drip:
    """What is sent: the head at once, then a piece each `pause_seconds`; `pieces` None: no end."""

    head: bytes
    piece: bytes
    pause_seconds: float = 0.02
    pieces: int | None = None
    url: str = ""
    asked: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def wait_for(self, count: int, seconds: float = 10.0) -> None:
        """So many more requests have come."""
        for _ in range(count):
            assert self.asked.acquire(timeout=seconds)


@contextmanager
def dripping(drip: Drip, host: str = "127.0.0.1") -> Iterator[Drip]:
    """The server on a free port until the block ends."""
    over = threading.Event()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):  # the client has enough
                self.request.recv(65_536)
                drip.asked.release()
                self.request.sendall(drip.head)
                for _ in itertools.islice(itertools.count(), drip.pieces):
                    if over.wait(drip.pause_seconds):
                        break
                    self.request.sendall(drip.piece)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        request_queue_size = 128

    with Server((host, 0), Handler) as server:
        drip.url = f"http://{host}:{server.server_address[1]}/audio"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield drip
        finally:
            over.set()
            server.shutdown()
            thread.join()
