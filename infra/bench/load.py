"""The load generator: a process that posts over keep-alive connections and times the answers.

`python -m infra.bench.load` reads one `Load` as JSON on standard input and prints one `Timing`.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import httptools

from infra.bench.children import answer_of
from infra.bench.figures import percentile

SECONDS_MAX = 60
MODULE = "infra.bench.load"


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One request: its path, the one header that it has beside the usual, its body."""

    path: str
    header: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is asked, each request once.

    Attributes:
        method: POST, or GET without a body.
        header_name: Of the header of every `Post`.
        rate: Requests a second; None: each connection posts again as soon as it is answered.
    """

    url: str
    posts: Sequence[Post]
    header_name: str
    connections: int
    rate: float | None = None
    method: Literal["GET", "POST"] = "POST"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How a load went; milliseconds count from when a request was due, or was sent without rate."""

    seconds: float
    took_ms: Sequence[float]
    statuses: Mapping[str, int]

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return len(self.took_ms) / self.seconds

    def p(self, share: float) -> float:
        """The percentile of the times, in milliseconds."""
        return percentile(self.took_ms, share)


async def run_load(load: Load, *, errors: Path, wanted_status: int = 204) -> Timing:
    """Post from a process of its own.

    Raises:
        RuntimeError: A request was answered otherwise than wanted, or the process failed.
    """
    printed = await answer_of(MODULE, json.dumps(asdict(load)).encode(), errors=errors)
    timing = Timing(**json.loads(printed))
    if set(timing.statuses) != {str(wanted_status)}:
        raise RuntimeError(f"answers were {dict(timing.statuses)}, not {wanted_status} alone")
    return timing


class _Connection(asyncio.Protocol):
    """One keep-alive connection with at most one request under way."""

    def __init__(self, driver: _Driver) -> None:
        self._driver = driver
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self.began = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._driver.lost(exc)

    def post(self, request: bytes, began: float) -> None:
        assert self._transport is not None
        self.began = began
        self._transport.write(request)

    def close(self) -> None:
        assert self._transport is not None
        self._transport.close()

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        self._parser = httptools.HttpResponseParser(self)  # the next answer gets a fresh one
        self._driver.answered(self, status)


class _Driver:
    """Hands requests to idle connections, in order, when they are due."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._requests = [_request(load, post) for post in load.posts]
        self._loop = asyncio.get_running_loop()
        self._idle: list[_Connection] = []
        self._due: deque[tuple[float | None, bytes]] = deque()
        self._took_ms: list[float] = []
        self._statuses: Counter[str] = Counter()
        self._done: asyncio.Future[None] = self._loop.create_future()

    async def run(self) -> Timing:
        parts = urlsplit(self._load.url)
        assert parts.hostname is not None
        assert parts.port is not None
        made = []
        for _ in range(self._load.connections):
            _, connection = await self._loop.create_connection(
                lambda: _Connection(self), parts.hostname, parts.port
            )
            made.append(connection)
        self._idle = list(made)
        began = self._loop.time()
        if self._load.rate is None:
            self._due.extend((None, request) for request in self._requests)
            self._send()
        else:
            for number, request in enumerate(self._requests):
                due = began + number / self._load.rate
                self._loop.call_at(due, self._fall_due, due, request)
        async with asyncio.timeout(SECONDS_MAX):
            await self._done
        seconds = self._loop.time() - began
        for connection in made:
            connection.close()
        return Timing(seconds=seconds, took_ms=self._took_ms, statuses=dict(self._statuses))

    def answered(self, connection: _Connection, status: int) -> None:
        self._took_ms.append((self._loop.time() - connection.began) * 1000)
        self._statuses[str(status)] += 1
        self._idle.append(connection)
        if len(self._took_ms) == len(self._requests):
            self._done.set_result(None)
        else:
            self._send()

    def lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._done.set_exception(exc or ConnectionError("a connection was closed"))

    def _fall_due(self, due: float, request: bytes) -> None:
        self._due.append((due, request))
        self._send()

    def _send(self) -> None:
        while self._due and self._idle:
            due, request = self._due.popleft()
            self._idle.pop().post(request, self._loop.time() if due is None else due)


def _request(load: Load, post: Post) -> bytes:
    head = (
        f"{load.method} {post.path} HTTP/1.1\r\nHost: {urlsplit(load.url).netloc}\r\n"
        f"{load.header_name}: {post.header}\r\n"
    )
    if load.method == "GET":
        return f"{head}\r\n".encode()
    body = post.body.encode()
    about = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return (head + about).encode() + body


async def _main() -> None:
    given = json.loads(await asyncio.to_thread(sys.stdin.buffer.read))
    given["posts"] = [Post(**post) for post in given["posts"]]
    print(json.dumps(asdict(await _Driver(Load(**given)).run())))


if __name__ == "__main__":
    asyncio.run(_main())
