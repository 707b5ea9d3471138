"""Heads over raw sockets: what an unauthenticated client can make us keep, and how long."""

from __future__ import annotations

import asyncio
import json
from time import monotonic

import pytest

from stenolog.bootstrap.http.limits import Limits
from tests.bootstrap.raw_clients import CHUNKED, DEADLINE_S, GET, connected

HEAD_BYTES_MAX = Limits().head_bytes_max
HASTY = Limits(head_ms_max=200, look_ms=20)


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: here\r\nX-Large: ",
        b"GET / HTTP/1.1\r\nHost: here\r\n"
        + (b"X-Many: " + b"1" * 240 + b"\r\n") * 200
        + b"X-Large: ",
        b"GET /",
        b"GET / HTTP/1.1\r\nHost: here\r\nX-",
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
    ("path", "media_type"),
    [(b"/v2/x y", b"application/json"), (b"/x y", b"application/problem+json")],
)
async def test_what_is_no_http_is_400_in_the_form_of_its_surface(
    path: bytes, media_type: bytes
) -> None:
    async with connected() as (_, client):
        client.send(b"GET %b HTTP/1.1\r\nHost: here\r\n\r\n" % path)
        said = await client.rest()
    assert said.startswith(b"HTTP/1.1 400 ")
    assert b"content-type: " + media_type in said
    assert b"connection: close" in said


async def test_a_head_of_100_megabytes_is_not_taken() -> None:
    async with connected() as (_, client):
        client.send(b"GET / HTTP/1.1\r\nHost: here\r\nX-Large: ")
        sent = await client.flood(b"x" * 65_536, bytes_max=100_000_000)
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
    async with connected(HASTY) as (_, client):
        client.send(head + b"x" * size + GET)
        assert await client.answer() == 200
        assert await client.answer() == 200


async def test_trailers_over_the_limit_close_the_connection() -> None:
    async with connected() as (_, client):
        client.send(CHUNKED + b"1\r\nx\r\n0\r\nX-Large: ")
        client.send(b"x" * 2 * HEAD_BYTES_MAX)
        assert (await client.rest()).startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize("head", [b"G", GET[:-2], b"\r\n" + GET[:-2]])
async def test_half_a_head_closes_the_connection_in_time(head: bytes) -> None:
    async with connected(HASTY) as (_, client):
        client.send(head)
        began = monotonic()
        assert await client.rest() == b""
        assert monotonic() - began < DEADLINE_S / 2


async def test_half_a_head_after_an_answer_closes_the_connection_in_time() -> None:
    async with connected(HASTY) as (_, client):
        client.send(GET)
        assert await client.answer() == 200
        client.send(GET[:-2])
        assert await client.rest() == b""


async def test_a_head_that_drips_is_counted_from_its_first_byte() -> None:
    async with connected(HASTY) as (_, client):
        ended = asyncio.create_task(client.rest())
        ends = monotonic() + DEADLINE_S
        client.send(b"GET / HTTP/1.1\r\nHost: here\r\nX-Drip: ")
        while monotonic() < ends:
            await asyncio.wait({ended}, timeout=0.02)
            if ended.done():
                break
            client.send(b"x")
        assert await ended == b""
        assert monotonic() < ends


async def test_half_a_head_behind_a_request_does_not_take_its_answer() -> None:
    async with connected(HASTY) as (served, client):
        client.send(b"GET /held HTTP/1.1\r\nHost: here\r\n\r\nGET / HTTP/1.1\r\nHost: here\r\n")
        await served.asked.wait()
        served.may_go.set()
        said = await client.rest()
    assert said.startswith(b"HTTP/1.1 200 ")
    assert said.endswith(b"held")


async def test_a_connection_between_requests_may_be_silent_longer_than_a_head_may_take() -> None:
    async with connected(HASTY) as (_, client):
        client.send(GET)
        assert await client.answer() == 200
        closed = asyncio.create_task(client.rest())
        await asyncio.wait({closed}, timeout=3 * HASTY.head_ms_max / 1000)
        assert not closed.done()
        closed.cancel()
        await asyncio.gather(closed, return_exceptions=True)
        client.send(GET)
        assert await client.answer() == 200


@pytest.mark.parametrize(
    "first", [b"", b"\r\n", b"POST /refused HTTP/1.1\r\nHost: here\r\nContent-Length: 9\r\n\r\nx"]
)
async def test_what_only_looks_alive_is_closed_like_an_idle_connection(first: bytes) -> None:
    async with connected(Limits(idle_ms_max=500, look_ms=20)) as (_, client):
        client.send(first)
        if first.startswith(b"POST"):
            assert await client.answer() == 401
            client.send(b"x")
        assert await client.rest() == b""
