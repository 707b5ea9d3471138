"""What clients make us keep by sending and then waiting: little each, and limited over all."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from stenolog.bootstrap.http.answer_room import AnswerRoom
from stenolog.bootstrap.http.figures import Figures
from stenolog.bootstrap.http.framing import HEADERS_MAX
from stenolog.bootstrap.http.limits import Limits
from stenolog.bootstrap.http.pieces import CHUNK_BYTES_MIN, CHUNKS_FREE
from tests.bootstrap.raw_clients import CHUNKED, DEADLINE_S, GET, Client, connected, serving
from tests.house.waiting import until

CLIENTS = 20
LARGE = b"X-Large: " + b"x" * 60_000 + b"\r\n\r\n"
KEPT_BYTES_MAX = 32 << 10  # of a connection, with its client's half


@pytest.fixture
def traced() -> Iterator[None]:
    """Memory is counted."""
    tracemalloc.start()
    yield
    tracemalloc.stop()


async def kept_by(make: Callable[[], Awaitable[Client]]) -> float:
    """How many bytes each of some connections has us keep, and its client."""
    first = await make()
    gc.collect()
    before, _ = tracemalloc.get_traced_memory()
    clients = [await make() for _ in range(CLIENTS)]
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    for client in (first, *clients):
        await client.close()
    return (after - before) / CLIENTS


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: here\r\n", 200),
        (b"POST /refused HTTP/1.1\r\nHost: here\r\nContent-Length: 9\r\n", 401),
        (b"POST /refused HTTP/1.1\r\nHost: here\r\nContent-Length: 9000000\r\n", 401),
        (b"GET / HTTP/1.1\r\nHost: here\r\nExpect: banana\r\n", 417),
    ],
    ids=["idle", "discarding", "ending", "refused"],
)
async def test_nothing_is_kept_of_the_head_of_an_answered_request(head: bytes, status: int) -> None:
    async with serving() as served:

        async def make() -> Client:
            client = await served.client()
            client.send(head + LARGE)
            assert await client.answer() == status
            return client

        assert await kept_by(make) < KEPT_BYTES_MAX


@pytest.mark.usefixtures("traced")
async def test_little_is_kept_of_a_body_that_waits_for_its_turn() -> None:
    async with serving() as served:
        waits, may_go = 0, asyncio.Event()

        async def in_line(request: Request) -> Response:
            nonlocal waits
            waits += 1
            await may_go.wait()
            return PlainTextResponse(str(len(await request.body())))

        served.add("/line", in_line)

        async def make() -> Client:
            before = waits
            client = await served.client()
            client.send(b"GET /line HTTP/1.1\r\nHost: here\r\nContent-Length: 60000\r\n\r\n")
            await until(lambda: waits > before)
            client.send(b"x" * 60_000)
            await served.settled()
            await asyncio.sleep(0.02)  # what came is read
            return client

        assert await kept_by(make) < KEPT_BYTES_MAX
        may_go.set()


async def test_heads_that_are_not_whole_have_a_limit_over_all_connections() -> None:
    limits = Limits(ahead_bytes_all=200_000)
    async with serving(limits) as served:
        clients = [await served.client() for _ in range(10)]
        for client in clients:
            client.send(b"GET / HTTP/1.1\r\nHost: here\r\n" + LARGE[:-4])
        await until(lambda: served.figures.closed["ahead_too_much"] >= 7)
        assert served.figures.ahead_bytes <= limits.ahead_bytes_all
        honest = await served.client()
        honest.send(GET)
        assert await honest.answer() == 200
        for client in (*clients, honest):
            await client.close()


async def test_a_small_header_counts_for_more_than_its_bytes() -> None:
    async with connected() as (served, client):
        client.send(b"GET / HTTP/1.1\r\nHost: here\r\n" + b"a:b\r\n" * 200)
        await until(lambda: served.figures.ahead_bytes > 30_000)
        client.send(b"\r\n")
        assert await client.answer() == 200
        assert served.figures.ahead_bytes == 0


@pytest.mark.parametrize(("more", "status"), [(0, 200), (1, 431)])
async def test_a_head_has_so_many_headers(more: int, status: int) -> None:
    async with connected() as (_, client):
        client.send(GET[:-2] + b"a:b\r\n" * (HEADERS_MAX - 1 + more) + b"\r\n")
        assert await client.answer() == status


@pytest.mark.parametrize(("size", "status"), [(CHUNK_BYTES_MIN, 200), (CHUNK_BYTES_MIN - 1, 400)])
async def test_many_chunks_are_not_tiny(size: int, status: int) -> None:
    async with connected() as (_, client):
        chunk = b"%x\r\n%b\r\n" % (size, b"x" * size)
        client.send(CHUNKED + chunk * (CHUNKS_FREE + 2) + b"0\r\n\r\n")
        assert await client.answer() == status


async def test_a_few_chunks_may_be_tiny_in_each_body() -> None:
    async with connected() as (_, client):
        for _ in range(3):
            client.send(CHUNKED + b"1\r\nx\r\n" * (CHUNKS_FREE - 1) + b"0\r\n\r\n")
            assert await client.whole_answer() == (200, str(CHUNKS_FREE - 1).encode())


async def test_of_those_who_wait_for_room_one_breaks_off_the_slowest_reader() -> None:
    room = AnswerRoom(Figures(), bytes_max=100, crowded_ms=50)
    room.change(0, 60)
    broken = 0

    def break_off(standing_ms: int) -> bool:
        nonlocal broken
        broken += 1
        room.change(60, 0)
        return True

    room.break_off_slowest = break_off
    async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as waiting:
        for _ in range(10):
            waiting.create_task(room.wait())
    assert broken == 1
