"""Real HTTP servers of a test: files to download, a receiver of webhooks, a trap."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.threaded_server import Answering, Received, serving_threads


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

    class Handler(Answering):
        def do_GET(self) -> None:
            self._note()
            status, headers, body = made.pages.get(self.path, (404, {}, b"nothing here"))
            self.answer(status, headers, body)

        def do_POST(self) -> None:
            self._note()
            status = made.statuses.pop(0) if len(made.statuses) > 1 else made.statuses[0]
            self.answer(status, {"location": made.url} if status == 302 else {}, b"")

        def _note(self) -> None:
            with made.arrived:
                made.received.append(self.taken())
                made.arrived.notify_all()

    with serving_threads(Handler, host) as url:
        made.url = url
        yield made
