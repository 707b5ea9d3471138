"""A service on loopback that is not ours, and answers whatever a test wants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.threaded_server import Answering, Received, serving_threads


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

    class Handler(Answering):
        def do_GET(self) -> None:
            made.received.append(self.taken())
            found = (own for path, own in made.paths.items() if self.path.startswith(path))
            self.answer(200, {}, next(found, made.body))

        do_POST = do_DELETE = do_GET

    with serving_threads(Handler) as url:
        made.url = url
        yield made
