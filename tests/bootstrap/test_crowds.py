"""Whoever comes behind a crowd of connections is heard before the crowd was."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import socket
from collections.abc import Iterator

import pytest

from stenolog.bootstrap.http.limits import Limits
from stenolog.bootstrap.http.outgoing import RESET
from tests.bootstrap.raw_clients import GET, Client, Served, serving
from tests.house.waiting import until

CROWD = 200
PROBE = b"GET /healthz HTTP/1.1\r\nHost: here\r\n\r\n"
HEAD = b"GET / HTTP/1.1\r\nHost: here\r\nX: " + b"x" * 30_000


def connected(served: Served, sends: bytes) -> socket.socket:
    """A connection that the server has had no turn yet to take; what it sends is there, too."""
    one = socket.create_connection(("127.0.0.1", served.port))
    one.setblocking(False)
    if sends:
        one.send(sends)
    return one


@contextlib.contextmanager
def crowd(served: Served, sends: bytes) -> Iterator[list[socket.socket]]:
    """Many of them."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(connected(served, sends)) for _ in range(CROWD)]


async def client(end: socket.socket) -> Client:
    return Client(*await asyncio.open_connection(sock=end))


@pytest.mark.parametrize(
    "sends",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(GET, id="a request"),
        pytest.param(GET * 4, id="more than one"),
        pytest.param(HEAD, id="half a head"),
        pytest.param(b"nonsense\r\n\r\n", id="nonsense"),  # and a reset after the answer
    ],
)
async def test_who_comes_behind_a_crowd_is_answered_before_it(sends: bytes) -> None:
    async with serving() as served:
        await served.settled()
        with crowd(served, sends):
            probe = await client(connected(served, PROBE))
            assert await probe.answer() == 200
            assert served.figures.connections < CROWD, "not all of the crowd were begun"
            assert served.requests < CROWD / 2
            await probe.close()
            await until(lambda: served.figures.connections == CROWD or b"GET" not in sends)
        await until(lambda: served.figures.connections == 0)


@pytest.mark.parametrize(
    "asks",
    [
        pytest.param(PROBE, id="a probe"),
        pytest.param(b"POST /callbacks/x/y?z HTTP/1.1\r\nHost: here\r\n\r\n", id="a callback"),
    ],
)
async def test_what_has_a_place_kept_is_answered_first_wherever_in_a_crowd_it_came(
    asks: bytes,
) -> None:
    async with serving() as served:
        await served.settled()
        with crowd(served, GET * 4):
            kept = await client(connected(served, asks))
            with crowd(served, GET * 4):
                assert await kept.answer() == 200
                assert served.figures.connections < CROWD / 2
                await kept.close()


@pytest.mark.parametrize(
    "sends", [b"\r\n\r\n", b"GET", b"GET /healthz", b" " * 600, b"\xff /\xfe x", b"G /%/ H"]
)
async def test_what_cannot_be_told_of_a_request_line_is_like_any_other(sends: bytes) -> None:
    async with serving() as served:
        await served.settled()
        with crowd(served, GET), connected(served, sends), crowd(served, GET):
            probe = await client(connected(served, PROBE))
            assert await probe.answer() == 200
            await probe.close()
        await until(lambda: served.figures.connections == 0)


async def test_a_crowd_that_is_silent_is_begun_too_and_heard_when_it_speaks() -> None:
    async with serving() as served:
        await served.settled()
        with crowd(served, b"") as silent:
            await served.settled()
            assert served.figures.connections < CROWD
            clients = [await client(one) for one in silent[:: CROWD // 4]]
            for one in clients:
                one.send(GET)
            for one in clients:
                assert await one.answer() == 200
                await one.close()
            await until(lambda: served.figures.connections == CROWD - len(clients))


async def test_who_has_left_a_crowd_is_not_begun() -> None:
    async with serving() as served:
        await served.settled()
        with crowd(served, GET) as gone:
            for one in gone:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                one.close()
            probe = await client(connected(served, PROBE))
            assert await probe.answer() == 200
            await until(lambda: served.figures.connections == 1)
            assert served.requests < CROWD / 4
            await probe.close()


async def test_a_server_that_stops_keeps_nobody_of_a_crowd() -> None:
    async with serving() as served:
        await served.settled()
        with crowd(served, b"") as silent:
            await served.settled()
            await served.settled()
            served.server.should_exit = True
            await until(lambda: not served.figures.connections)
            for one in silent:
                end = await client(one)
                assert await end.rest() == b""
                await end.close()


async def test_without_a_descriptor_it_is_tried_again() -> None:
    limits = Limits(accept_again_ms=20)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    async with serving(limits) as served:
        await served.settled()
        end = connected(served, PROBE)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (_none_free(), hard))
            await until(lambda: served.figures.accept_errors > 0)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        late = await client(end)
        assert await late.answer() == 200
        await late.close()


def _none_free() -> int:
    """Below which number every descriptor is taken."""
    lowest = os.dup(0)
    os.close(lowest)
    return lowest
