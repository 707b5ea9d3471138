"""Simulate a customer's endpoint: it records deliveries and answers as it is told."""

from __future__ import annotations

import itertools
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from stenolog.bounded import BoundedMemory
from stenolog.clock import now_ms
from stenolog.simulator.server import LocalServer

BODY_BYTES_MAX = 8_388_608  # kept of one delivery
DELIVERIES_MAX, DELIVERIES_BYTES_MAX = 20_000, 268_435_456  # kept, the newest


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One request that came in; `headers` has lower-case names, `query` is as it was sent."""

    number: int
    at_ms: int
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a delivery is answered; `drop` closes the connection instead, `wait_ms` is before."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    wait_ms: int = 0
    drop: bool = False


Answer = Callable[[Delivery], Reply]


class Receiver:
    """Takes deliveries on any path and with any method; `answer` may be set at any time."""

    def __init__(self, answer: Answer | None = None) -> None:
        self.answer: Answer = answer or (lambda delivery: Reply())
        self._got: BoundedMemory[int, Delivery] = BoundedMemory(
            DELIVERIES_MAX, bytes_max=DELIVERIES_BYTES_MAX, size_of=lambda one: len(one.body)
        )
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
        self._server = LocalServer(
            Starlette(routes=[Route("/{path:path}", self._receive, methods=methods)])
        )

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        """The newest that came, in order; a snapshot, safe to take from any thread."""
        with self._lock:
            return self._got.values()

    @asynccontextmanager
    async def serve(self, *, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
        """Serve until the block ends; gives the base URL.

        Raises:
            OSError: The port is taken.
        """
        self._closing = anyio.Event()
        async with self._server.serve(host=host, port=port) as base_url:
            try:
                yield base_url
            finally:
                self._closing.set()

    async def accept_connections(self) -> None:
        """Take connections again."""
        await self._server.accept()

    async def refuse_connections(self) -> None:
        """Close every connection and refuse new ones."""
        await self._server.refuse()

    async def _receive(self, request: Request) -> Response:
        body = bytearray()
        try:
            async for chunk in request.stream():
                body += chunk[: BODY_BYTES_MAX - len(body)]
        except ClientDisconnect:
            return Response()  # nobody reads it, and half a delivery is none
        with self._lock:
            delivery = Delivery(
                number=next(self._numbers),
                at_ms=now_ms(),
                method=request.method,
                path=request.url.path,
                query=request.url.query,
                headers={name.lower(): value for name, value in request.headers.items()},
                body=bytes(body),
            )
            self._got.put(delivery.number, delivery)
        reply = self.answer(delivery)
        if reply.wait_ms:
            with anyio.move_on_after(reply.wait_ms / 1000):
                await self._closing.wait()
        return _Replied(self._server, reply)


class _Replied(Response):
    """The answer, or none."""

    def __init__(self, server: LocalServer, reply: Reply) -> None:
        super().__init__(reply.body, reply.status, dict(reply.headers))
        self._server = server
        self._drop = reply.drop

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._drop:
            await self._server.drop(scope, receive)
        else:
            await super().__call__(scope, receive, send)
