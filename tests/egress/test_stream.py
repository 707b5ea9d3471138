"""Answers that are read in pieces, and redirects."""

from __future__ import annotations

import anyio
import pytest

from stenolog.egress.guard import AddressPolicy
from stenolog.egress.streamed import StreamedAnswer
from stenolog.errors import EgressFailed, ForbiddenAddress, PayloadTooLarge
from tests.egress.conftest import Open
from tests.egress.scripted import Reader, Scripted, Writer, always, answer, serving


async def read_into(target: bytearray, got: StreamedAnswer, bytes_max: int) -> None:
    async for piece in got.chunks(bytes_max):
        target += piece


def redirect(location: str, status: str = "302 Found") -> bytes:
    return answer(status, Location=location)


async def test_a_stream_gives_the_whole_body_in_pieces(opened: Open) -> None:
    body = b"0123456789" * 50_000
    async with serving(always(answer(body=body))) as server:
        client = opened()
        async with client.stream("GET", server.url, timeout_ms=5_000) as got:
            assert (got.status, got.headers["content-length"]) == (200, "500000")
            pieces = [piece async for piece in got.chunks(500_000)]
    assert len(pieces) > 1
    assert b"".join(pieces) == body


@pytest.mark.parametrize("claimed", [True, False])
async def test_a_stream_over_its_limit_stops(opened: Open, claimed: bool) -> None:
    chunked = answer(Transfer_Encoding="chunked") + b"ff\r\n" + b"x" * 255 + b"\r\n0\r\n\r\n"
    raw = answer(body=b"x" * 255) if claimed else chunked
    async with serving(always(raw)) as server:
        client = opened()
        got_bytes = bytearray()
        async with client.stream("GET", server.url, timeout_ms=5_000) as got:
            with pytest.raises(PayloadTooLarge):
                await read_into(got_bytes, got, 254)
        assert len(got_bytes) <= 254


async def test_a_stream_that_stalls_meets_its_deadline(opened: Open) -> None:
    async def stall(server: Scripted, reader: Reader, writer: Writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
        await reader.read()

    async with serving(stall) as server:
        for whole_ms, idle_ms in ((150, None), (60_000, 150)):
            async with opened().stream(
                "GET", server.url, timeout_ms=whole_ms, idle_ms=idle_ms
            ) as got:
                got_bytes = bytearray()
                with anyio.fail_after(5), pytest.raises(EgressFailed):
                    await read_into(got_bytes, got, 100)
                assert got_bytes == b"abc"


async def test_a_redirect_is_an_answer_when_none_may_be_followed(opened: Open) -> None:
    async with serving(always(redirect("/x"))) as server:
        client = opened()
        async with client.stream("GET", server.url, timeout_ms=5_000) as got:
            assert got.status == 302
        whole = await client.request("GET", server.url, timeout_ms=5_000, answer_bytes_max=1)
        assert whole.status == 302


@pytest.mark.parametrize(
    "target", ["http://127.0.0.1:{port}/", "//localhost:{port}/", "http://[::1]/"]
)
async def test_a_redirect_to_a_private_address_is_refused(opened: Open, target: str) -> None:
    async with serving(always(answer(body=b"secret"))) as inside:
        location = target.format(port=inside.port)
        async with serving(always(redirect(location))) as outside:
            client = opened(AddressPolicy.of(origins=(outside.url,)))
            with pytest.raises(ForbiddenAddress):
                async with client.stream("GET", outside.url, redirects_max=5, timeout_ms=5_000):
                    pass
        assert inside.connections == 0


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "http://u:p@127.0.0.1/", "http://a:99999999/"]
)
async def test_a_redirect_to_no_http_url_is_refused(opened: Open, location: str) -> None:
    async with serving(always(redirect(location))) as server:
        client = opened()
        with pytest.raises(ForbiddenAddress):
            async with client.stream("GET", server.url, redirects_max=1, timeout_ms=5_000):
                pass


async def test_secrets_stay_with_the_origin_that_they_were_meant_for(opened: Open) -> None:
    headers = [("Authorization", "key"), ("X-Secret", "s"), ("Range", "bytes=0-")]
    async with (
        serving(always(answer(body=b"end"))) as there,
        serving(always(redirect(f"{there.url}/moved?x=1", "308 Moved"))) as here,
        opened().stream("GET", here.url, headers=headers, redirects_max=1, timeout_ms=5_000) as got,
    ):
        assert b"".join([piece async for piece in got.chunks(10)]) == b"end"
    assert b"Authorization: key" in here.requests[0]
    assert there.requests[0].startswith(b"GET /moved?x=1 ")
    assert b"key" not in there.requests[0]
    assert b"X-Secret" not in there.requests[0]
    assert b"Range: bytes=0-" in there.requests[0]


async def test_headers_follow_a_redirect_on_the_same_origin(opened: Open) -> None:
    async def once_moved(server: Scripted, reader: Reader, writer: Writer) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            server.requests.append(head)
            writer.write(answer() if head.startswith(b"GET /new ") else redirect("/new"))

    async with serving(once_moved) as server:
        client = opened()
        async with client.stream(
            "GET",
            f"{server.url}/old",
            headers=[("Authorization", "key")],
            redirects_max=1,
            timeout_ms=5_000,
        ) as got:
            assert got.status == 200
    assert b"Authorization: key" in server.requests[1]


async def test_redirects_without_end_fail(opened: Open) -> None:
    async with serving(always(redirect("/again"))) as server:
        client = opened()
        with pytest.raises(EgressFailed):
            async with client.stream("GET", server.url, redirects_max=5, timeout_ms=5_000):
                pass
    assert len(server.requests) == 6
