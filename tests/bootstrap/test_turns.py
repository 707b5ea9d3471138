"""Who is begun first when a thousand connections have a request ready at the same time."""

from __future__ import annotations

import asyncio
from functools import partial

from starlette.types import Receive, Scope, Send

from stenolog.bootstrap.http.turns import (
    BEGUN_PER_TURN,
    KEPT_PER_TURN,
    LEAST_PER_TURN,
    Rank,
    Turns,
)
from tests.bootstrap.raw_clients import GET, Client, Served, serving

CROWD = 200
BODY = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 2\r\n\r\nab"


async def crowd(served: Served, sends: bytes) -> list[Client]:
    """Many connections that have just sent this."""
    clients = [await served.client() for _ in range(CROWD)]
    for client in clients:
        client.send(sends)
    return clients


async def close(*clients: Client) -> None:
    for client in clients:
        await client.close()


async def test_a_probe_is_answered_before_a_crowd_that_came_first() -> None:
    async with serving() as served:
        probe = await served.client()
        clients = await crowd(served, GET)
        probe.send(b"GET /healthz HTTP/1.1\r\nHost: here\r\n\r\n")
        assert await probe.answer() == 200
        assert served.requests < CROWD / 2
        for client in clients:
            assert await client.answer() == 200
        await close(*clients, probe)


async def test_what_is_refused_begins_in_its_turn_too() -> None:
    async with serving() as served:
        connections, refused = served.server.connections, 0
        refusing = connections.refusing

        async def counting(scope: Scope, receive: Receive, send: Send) -> None:
            nonlocal refused
            refused += 1
            await refusing(scope, receive, send)

        connections.refusing = counting
        probe = await served.client()
        clients = await crowd(served, b"nonsense\r\n\r\n")
        probe.send(b"GET /healthz HTTP/1.1\r\nHost: here\r\n\r\n")
        assert await probe.answer() == 200
        assert refused < CROWD / 2
        for client in clients:
            assert await client.answer() == 400
        await close(*clients, probe)


async def test_who_sends_one_at_a_time_is_answered_before_a_crowd_that_sends_ahead() -> None:
    async with serving() as served:
        honest = await served.client()
        clients = await crowd(served, GET * 20)
        for sends in (GET, BODY):
            before = served.requests
            honest.send(sends)
            assert await honest.answer() == 200
            assert served.requests - before < CROWD / 2
        for client in clients:
            for _ in range(20):
                assert await client.answer() == 200
        await close(*clients, honest)


async def test_in_a_turn_a_few_begin_and_no_line_keeps_another_out() -> None:
    turns, begun = Turns(), list[Rank]()
    for _ in range(100):
        for rank in reversed(Rank):
            turns.begin(partial(begun.append, rank), rank)
    assert (begun.count(Rank.KEPT), begun.count(Rank.SINGLE)) == (KEPT_PER_TURN, BEGUN_PER_TURN)
    assert Rank.AHEAD not in begun
    in_a_turn = [
        *[Rank.KEPT] * KEPT_PER_TURN,
        *[Rank.SINGLE] * (BEGUN_PER_TURN - LEAST_PER_TURN),
        *[Rank.AHEAD] * LEAST_PER_TURN,
    ]
    for _ in range(5):
        before = len(begun)
        await asyncio.sleep(0)
        assert begun[before:] == in_a_turn
    while len(begun) < 300:  # noqa: ASYNC110 - turns are counted, not waited for
        await asyncio.sleep(0)
    assert begun[-BEGUN_PER_TURN:] == [Rank.AHEAD] * BEGUN_PER_TURN
