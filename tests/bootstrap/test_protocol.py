"""Connections over raw sockets: what an unauthenticated client can make us keep, and how long."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from time import monotonic

import pytest
import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from stenolog.bootstrap.protocol import HEAD_BYTES_MAX, BoundedHeads
from stenolog.bootstrap.serving import bind, server_for
from tests.house.waiting import until

DEADLINE_S = 10.0
GET = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n"


class Hasty(BoundedHeads):
    head_ms_max = 200


class Served:
    """A server whose answers to `/held` wait until they may go."""

    def __init__(self) -> None:
        self.port = 0
        self.asked = asyncio.Event()
        self.may_go = asyncio.Event()

    async def plain(self, request: Request) -> Response:
        return PlainTextResponse(str(len(await request.body())))

    async def refusing(self, request: Request) -> Response:
        return Response(status_code=401)

    async def held(self, request: Request) -> Response:
        self.asked.set()
        await self.may_go.wait()
        return PlainTextResponse("held")


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    def send(self, data: bytes) -> None:
        self._writer.write(data)

    async def drain(self) -> None:
        """Not much of what was sent is still here."""
        async with asyncio.timeout(DEADLINE_S):
            await self._writer.drain()

    async def answer(self) -> int:
        """The status of the next answer."""
        async with asyncio.timeout(DEADLINE_S):
            head = await self._reader.readuntil(b"\r\n\r\n")
            for line in head.lower().split(b"\r\n"):
                if line.startswith(b"content-length:"):
                    await self._reader.readexactly(int(line.partition(b":")[2]))
        return int(head.split()[1])

    async def rest(self) -> bytes:
        """All that comes until the server closes."""
        async with asyncio.timeout(DEADLINE_S):
            with contextlib.suppress(ConnectionResetError):
                return await self._reader.read()
            return b""

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()


@contextlib.asynccontextmanager
async def connected(
    protocol: type[BoundedHeads] = BoundedHeads, idle_s: int | None = None
) -> AsyncIterator[tuple[Served, Client]]:
    """A connection to a server with these limits."""
    served = Served()
    app = Starlette(
        routes=[
            Route("/", served.plain, methods=["GET", "POST"]),
            Route("/refused", served.refusing, methods=["POST"]),
            Route("/held", served.held),
        ]
    )
    listener = bind("127.0.0.1", 0)
    server = server_for(app, protocol)
    if idle_s is not None:
        server.config.timeout_keep_alive = idle_s
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    client = Client(*await asyncio.open_connection("127.0.0.1", listener.getsockname()[1]))
    try:
        yield served, client
    finally:
        served.may_go.set()
        await client.close()
        server.should_exit = True
        await serving
        listener.close()
        assert not server.server_state.connections


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nX-Large: ",
        b"GET / HTTP/1.1\r\n" + b"X-Many: 1\r\n" * 4_000 + b"X-Large: ",
        b"GET /",
        b"GET / HTTP/1.1\r\nX-",
        b"\r\n" * (HEAD_BYTES_MAX // 2),
    ],
    ids=["value", "many", "path", "name", "nothing"],
)
async def test_a_head_over_the_limit_is_431_and_the_connection_is_closed(head: bytes) -> None:
    async with connected() as (_, client):
        client.send(head.ljust(HEAD_BYTES_MAX, b"x"))
        said = await client.rest()
    assert said.startswith(b"HTTP/1.1 431 ")
    assert b"connection: close" in said
    assert str(HEAD_BYTES_MAX).encode() in said, "the limit is named"


@pytest.mark.parametrize("head", [b"GET /v2/", b"GET /v2/transcript HTTP/1.1\r\nX-Large: "])
async def test_a_head_over_the_limit_is_refused_on_v2_as_the_sdks_read_it(head: bytes) -> None:
    async with connected() as (_, client):
        client.send(head.ljust(HEAD_BYTES_MAX, b"x"))
        said, body = (await client.rest()).split(b"\r\n\r\n", 1)
    assert b"content-type: application/json\r\n" in said
    assert f"content-length: {len(body)}\r\n".encode() in said
    assert str(HEAD_BYTES_MAX) in json.loads(body)["error"]


@pytest.mark.parametrize(
    ("path", "media_type"), [(b"/v2/x y", b"application/json"), (b"/x y", b"text/plain")]
)
async def test_what_is_no_http_is_400_in_the_form_of_its_surface(
    path: bytes, media_type: bytes
) -> None:
    async with connected() as (_, client):
        client.send(b"GET %b HTTP/1.1\r\n\r\n" % path)
        said = await client.rest()
    assert said.startswith(b"HTTP/1.1 400 ")
    assert b"content-type: " + media_type in said
    assert b"connection: close" in said


async def test_a_head_of_100_megabytes_is_not_taken() -> None:
    async with connected() as (_, client):
        client.send(b"GET / HTTP/1.1\r\nX-Large: ")
        sent = 0
        with contextlib.suppress(ConnectionError):
            while sent < 100_000_000:
                client.send(b"x" * 65_536)
                await client.drain()
                sent += 65_536
        assert sent < 50_000_000, "what is in the sockets' buffers, at most"


async def test_a_head_at_the_limit_passes_even_in_small_pieces() -> None:
    head = b"GET / HTTP/1.1\r\nHost: here\r\nX-Large: "
    head += b"x" * (HEAD_BYTES_MAX - len(head) - 4) + b"\r\n\r\n"
    assert len(head) == HEAD_BYTES_MAX
    async with connected() as (_, client):
        for at in range(0, len(head), 10_000):
            client.send(head[at : at + 10_000])
            await client.drain()
        assert await client.answer() == 200
        client.send(GET)
        assert await client.answer() == 200


async def test_a_large_body_right_behind_its_head_is_no_head() -> None:
    size = 8 * HEAD_BYTES_MAX
    head = f"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: {size}\r\n\r\n".encode()
    async with connected(Hasty) as (_, client):
        client.send(head + b"x" * size + GET)
        assert await client.answer() == 200
        assert await client.answer() == 200


async def test_trailers_over_the_limit_close_the_connection() -> None:
    async with connected() as (_, client):
        client.send(CHUNKED + b"1\r\nx\r\n0\r\nX-Large: ")
        client.send(b"x" * 2 * HEAD_BYTES_MAX)
        assert await client.rest() == b""


@pytest.mark.parametrize("head", [b"G", GET[:-2], b"\r\n" + GET[:-2]])
async def test_half_a_head_closes_the_connection_in_time(head: bytes) -> None:
    async with connected(Hasty) as (_, client):
        client.send(head)
        began = monotonic()
        assert await client.rest() == b""
        assert monotonic() - began < DEADLINE_S / 2


async def test_half_a_head_after_an_answer_closes_the_connection_in_time() -> None:
    async with connected(Hasty) as (_, client):
        client.send(GET)
        assert await client.answer() == 200
        client.send(GET[:-2])
        assert await client.rest() == b""


async def test_a_head_that_drips_is_counted_from_its_first_byte() -> None:
    async with connected(Hasty) as (_, client):
        ended = asyncio.create_task(client.rest())
        ends = monotonic() + DEADLINE_S
        client.send(b"GET / HTTP/1.1\r\nX-Drip: ")
        while monotonic() < ends:
            await asyncio.wait({ended}, timeout=0.02)
            if ended.done():
                break
            client.send(b"x")
        assert await ended == b""
        assert monotonic() < ends


async def test_half_a_head_behind_a_request_does_not_take_its_answer() -> None:
    async with connected(Hasty) as (served, client):
        with structlog.testing.capture_logs() as lines:
            client.send(b"GET /held HTTP/1.1\r\nHost: here\r\n\r\nGET / HTTP/1.1\r\n")
            await served.asked.wait()
            await until(lambda: bool(lines))
        assert [line["reason"] for line in lines] == ["too_slow"]
        served.may_go.set()
        said = await client.rest()
    assert said.startswith(b"HTTP/1.1 200 ")
    assert said.endswith(b"held")


async def test_a_connection_between_requests_may_be_silent_longer_than_a_head_may_take() -> None:
    async with connected(Hasty) as (_, client):
        client.send(GET)
        assert await client.answer() == 200
        closed = asyncio.create_task(client.rest())
        await asyncio.wait({closed}, timeout=3 * Hasty.head_ms_max / 1000)
        assert not closed.done()
        closed.cancel()
        await asyncio.gather(closed, return_exceptions=True)
        client.send(GET)
        assert await client.answer() == 200


@pytest.mark.parametrize(
    "first", [b"", b"\r\n", b"POST /refused HTTP/1.1\r\nContent-Length: 9\r\n\r\nx"]
)
async def test_what_only_looks_alive_is_closed_like_an_idle_connection(first: bytes) -> None:
    async with connected(idle_s=1) as (_, client):
        client.send(first)
        if first.startswith(b"POST"):
            assert await client.answer() == 401
            client.send(b"x")
        assert await client.rest() == b""
