"""What an exchange keeps of a request, and for how long."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

from stenolog.bootstrap.http.exchange import Exchange
from stenolog.bootstrap.http.framing import Head
from stenolog.bootstrap.http.limits import Limits
from stenolog.bootstrap.http.outgoing import Outgoing


class Line(asyncio.Protocol):
    """A connection that does nothing but be there."""

    may_skip_body = False

    def read_on(self) -> None:
        """Nothing comes."""

    def answered(self) -> None:
        """Nothing follows."""


@contextlib.asynccontextmanager
async def exchanging() -> AsyncIterator[Exchange]:
    """The exchange of a request with a body."""
    ours, theirs = socket.socketpair()
    loop = asyncio.get_running_loop()
    transport, line = await loop.connect_accepted_socket(Line, ours)
    head = Head(
        method="POST",
        target=b"/",
        version="1.1",
        headers=[],
        keep_alive=True,
        expects_continue=False,
    )
    scope = {"type": "http", "method": "POST", "http_version": "1.1"}
    out = Outgoing(transport, Limits(), lambda before, after: None)
    with contextlib.closing(theirs), contextlib.closing(transport):
        yield Exchange(line, out, scope, head, headers=[])


async def test_of_the_body_of_an_answered_request_nothing_is_kept() -> None:
    async with exchanging() as exchange:
        exchange.take(b"x" * 60_000)
        assert exchange.body
        await exchange.send({"type": "http.response.start", "status": 401})
        await exchange.send({"type": "http.response.body"})
        assert not exchange.body
        exchange.take(b"x")
        assert not exchange.body


async def test_of_the_body_of_a_lost_request_nothing_is_kept() -> None:
    async with exchanging() as exchange:
        exchange.take(b"x" * 60_000)
        exchange.lose()
        assert not exchange.body
        exchange.take(b"x")
        assert not exchange.body


async def test_a_request_that_was_lost_before_its_turn_is_not_begun() -> None:
    asked = 0

    async def app(*_: object) -> None:
        nonlocal asked
        asked += 1

    tasks: set[asyncio.Task[None]] = set()
    for lost in (False, True):
        async with exchanging() as exchange:
            if lost:
                exchange.lose()
            exchange.start(app, tasks)
            await asyncio.gather(*tasks)
    assert asked == 1
