"""Requests with whole answers: addresses, limits, and what may have been sent."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import suppress

import anyio
import pytest

from stenolog.egress.guard import AddressPolicy
from stenolog.errors import EgressFailed, ForbiddenAddress
from tests.egress.conftest import Open
from tests.egress.scripted import Reader, Scripted, Writer, always, answer, serving, silence, until

PUBLIC_ONLY = AddressPolicy()
MAX = 10_000


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "0.0.0.0",
        "169.254.169.254",
        "10.0.0.1",
    ],
)
async def test_a_host_that_leads_to_a_private_address_is_refused(opened: Open, host: str) -> None:
    async with serving(always(answer())) as server:
        with pytest.raises(ForbiddenAddress):
            await opened(PUBLIC_ONLY).request(
                "GET", f"http://{host}:{server.port}/", timeout_ms=5_000, answer_bytes_max=MAX
            )
        assert server.connections == 0


@pytest.mark.parametrize("host", ["LOCALHOST.", "2130706433", "0x7f000001", "0177.0.0.1", "127.1"])
async def test_other_spellings_of_loopback_reach_nothing(opened: Open, host: str) -> None:
    async with serving(always(answer())) as server:
        with pytest.raises((ForbiddenAddress, EgressFailed)):
            await opened(PUBLIC_ONLY).request(
                "GET", f"http://{host}:{server.port}/", timeout_ms=5_000, answer_bytes_max=MAX
            )
        assert server.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "file:///etc/passwd",
        "http://user:secret@example.com/",
        "http:///path",
        "http://example.com:0/",
        "http://example.com:70000/",
        "/relative",
        "http://exa mple.com/",
        "http://example.com/" + "x" * 20_000,
    ],
)
async def test_a_url_that_is_no_public_http_url_is_refused(opened: Open, url: str) -> None:
    with pytest.raises((ForbiddenAddress, EgressFailed)) as refused:
        await opened().request("GET", url, timeout_ms=2_000, answer_bytes_max=MAX)
    assert getattr(refused.value, "sent", False) is False


async def test_an_allowed_network_is_reached(opened: Open) -> None:
    async with serving(always(answer(body=b"yes", X_Two="b"))) as server:
        got = await opened().request(
            "POST", f"{server.url}/p?q=1", content=b"body", timeout_ms=5_000, answer_bytes_max=3
        )
    assert (got.status, got.body, got.headers["x-two"]) == (200, b"yes", "b")
    head = server.requests[0]
    assert head.startswith(b"POST /p?q=1 HTTP/1.1\r\n")
    assert head.endswith(b"\r\n\r\nbody")
    assert b"accept-encoding: identity" in head.lower()


async def test_an_allowed_origin_is_exactly_one_host_and_port(opened: Open) -> None:
    async with serving(always(answer(body=b"yes"))) as one, serving(always(answer())) as other:
        client = opened(AddressPolicy.of(origins=(f"http://localhost:{one.port}",)))
        url = f"http://localhost:{one.port}/"
        got = await client.request("GET", url, timeout_ms=5_000, answer_bytes_max=MAX)
        assert got.body == b"yes"
        for wrong in (f"http://localhost:{other.port}/", f"http://127.0.0.1:{one.port}/"):
            with pytest.raises(ForbiddenAddress):
                await client.request("GET", wrong, timeout_ms=5_000, answer_bytes_max=MAX)
    assert other.connections == 0


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("", "/"),
        ("?q=1", "/?q=1"),
        ("/a?b#c", "/a?b"),
        ("//double/../x/./y//", "//double/../x/./y//"),
        ("/%7e%2F%2e%2e/a%zz;b=[1]?x=//../&y=%20+'", "/%7e%2F%2e%2e/a%zz;b=[1]?x=//../&y=%20+'"),
        ("/a b/é?q={ü} |", "/a%20b/%C3%A9?q=%7B%C3%BC%7D%20%7C"),
        ("/a\u2028HTTP/1.1", "/a%E2%80%A8HTTP/1.1"),
    ],
)
async def test_path_and_query_are_sent_as_they_were_given(
    opened: Open, given: str, sent: str
) -> None:
    async with serving(always(answer())) as server:
        client, url = opened(), server.url + given
        await client.request("GET", url, timeout_ms=5_000, answer_bytes_max=MAX)
        async with client.stream("GET", url, timeout_ms=5_000) as streamed:
            assert streamed.status == 200
    assert [head.split(b"\r\n")[0].decode() for head in server.requests] == [
        f"GET {sent} HTTP/1.1"
    ] * 2


@pytest.mark.parametrize("given", ["/a\r\nX-B: b", "/a\nb", "/a\tb", "/a\x00b", "/\x7f"])
async def test_a_url_with_a_control_character_is_refused(opened: Open, given: str) -> None:
    async with serving(always(answer())) as server:
        with pytest.raises(ForbiddenAddress):
            await opened().request(
                "GET", server.url + given, timeout_ms=5_000, answer_bytes_max=MAX
            )
        assert server.connections == 0


async def test_connections_are_kept_and_cookies_are_not(opened: Open) -> None:
    async with serving(always(answer(Set_Cookie="a=b"))) as server:
        client = opened()
        for _ in range(3):
            await client.request("GET", server.url, timeout_ms=5_000, answer_bytes_max=MAX)
    assert server.connections == 1
    assert not any(b"cookie" in head.lower() for head in server.requests)


async def test_the_environments_proxy_is_not_used(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(always(answer())) as server, serving(always(answer())) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        client = opened()
        await client.request("GET", server.url, timeout_ms=5_000, answer_bytes_max=MAX)
    assert (server.connections, proxy.connections) == (1, 0)


@pytest.mark.parametrize(
    "header",
    [
        ("X-A", "a\r\nX-B: b"),
        ("X-A", "a\x00"),
        ("X-A", " padded"),
        ("X-A", "a\tb"),
        ("X-A", "ü"),
        ("X A", "a"),
        ("", "a"),
        ("Host", "other.example"),
        ("HTTP2-Settings", "AAMAAABk"),
        ("transfer-encoding", "chunked"),
    ],
)
async def test_a_header_that_could_break_the_message_is_never_sent(
    opened: Open, header: tuple[str, str]
) -> None:
    async with serving(always(answer())) as server:
        with pytest.raises(EgressFailed) as failed:
            await opened().request(
                "GET", server.url, headers=[header], timeout_ms=5_000, answer_bytes_max=MAX
            )
    assert failed.value.sent is False
    assert server.connections == 0


async def test_a_refused_connection_sent_nothing(opened: Open) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}/"
        with pytest.raises(EgressFailed) as failed:
            await opened().request("POST", url, timeout_ms=5_000, answer_bytes_max=MAX)
    assert failed.value.sent is False


async def test_a_name_that_nobody_knows_sent_nothing(opened: Open) -> None:
    with pytest.raises(EgressFailed) as failed:
        await opened().request(
            "POST", "http://nobody.invalid/", timeout_ms=10_000, answer_bytes_max=MAX
        )
    assert failed.value.sent is False


async def test_a_connection_that_breaks_after_the_request_may_have_sent_it(opened: Open) -> None:
    async def hang_up(server: Scripted, reader: Reader, writer: Writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.abort()

    async with serving(hang_up) as server:
        with pytest.raises(EgressFailed) as failed:
            await opened().request("POST", server.url, timeout_ms=5_000, answer_bytes_max=MAX)
    assert failed.value.sent is True


async def test_no_answer_in_time_may_have_been_sent(opened: Open) -> None:
    async with serving(silence) as server:
        client = opened()
        with pytest.raises(EgressFailed) as failed, anyio.fail_after(5):
            await client.request("POST", server.url, timeout_ms=150, answer_bytes_max=MAX)
    assert failed.value.sent is True


async def test_waiting_for_a_connection_of_the_pool_sent_nothing(opened: Open) -> None:
    async with serving(silence) as server, anyio.create_task_group() as tasks:
        client = opened(connections_max=1)

        async def first() -> None:
            await client.request("GET", server.url, timeout_ms=60_000, answer_bytes_max=MAX)

        tasks.start_soon(first)
        await until(lambda: server.requests)
        with pytest.raises(EgressFailed) as failed:
            await client.request("GET", server.url, timeout_ms=100, answer_bytes_max=MAX)
        assert failed.value.sent is False
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"])
async def test_a_server_that_drips_meets_the_deadline(opened: Open, head: bytes) -> None:
    async def drip(server: Scripted, reader: Reader, writer: Writer) -> None:
        writer.write(head or b"HTTP/1.1 200 OK\r\nX-Long: ")
        while True:
            writer.write(b"x")
            await writer.drain()
            await anyio.sleep(0.02)

    async with serving(drip) as server:
        with pytest.raises(EgressFailed) as failed, anyio.fail_after(5):
            await opened().request("GET", server.url, timeout_ms=200, answer_bytes_max=MAX)
    assert failed.value.sent is True


@pytest.mark.parametrize(
    "raw",
    [
        answer(body=b"x" * 11),
        answer(Content_Length="99999999999999999999999"),
        answer(Transfer_Encoding="chunked") + b"b\r\n" + b"x" * 11 + b"\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"x" * 11,
    ],
)
async def test_an_answer_over_the_limit_fails_and_frees_its_connection(
    opened: Open, raw: bytes
) -> None:
    async with serving(always(raw)) as server:
        client = opened(connections_max=1)
        for _ in range(2):
            with pytest.raises(EgressFailed) as failed:
                await client.request("GET", server.url, timeout_ms=5_000, answer_bytes_max=10)
            assert failed.value.sent is True


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 200_000 + b"\r\n\r\n",
    ],
)
async def test_an_answer_that_is_none_fails(opened: Open, raw: bytes) -> None:
    async def once(server: Scripted, reader: Reader, writer: Writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(raw)
        await writer.drain()

    async with serving(once) as server:
        with pytest.raises(EgressFailed) as failed:
            await opened().request("GET", server.url, timeout_ms=5_000, answer_bytes_max=MAX)
    assert failed.value.sent is True


async def test_a_body_is_streamed_chunked_or_with_the_length_that_was_given(opened: Open) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"one"
        yield b"two"

    async def read_all(server: Scripted, reader: Reader, writer: Writer) -> None:
        data = b""
        while not data.endswith((b"onetwo", b"0\r\n\r\n")):
            data += await reader.read(65_536)
        server.requests.append(data)
        writer.write(answer())

    async with serving(read_all) as server:
        client = opened()
        for headers in ([], [("Content-Length", "6")]):
            await client.request(
                "POST",
                server.url,
                headers=headers,
                content=pieces(),
                timeout_ms=5_000,
                answer_bytes_max=MAX,
            )
    assert b"transfer-encoding: chunked" in server.requests[0].lower()
    assert b"transfer-encoding" not in server.requests[1].lower()


async def test_an_answer_before_the_whole_body_is_an_answer(opened: Open) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 65_536

    async def refuse(server: Scripted, reader: Reader, writer: Writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer("401 Unauthorized", Connection="close"))
        await writer.drain()
        writer.write_eof()
        for _ in range(8):
            await reader.read(65_536)
        writer.transport.abort()

    async with serving(refuse) as server:
        outcome: object = None
        try:
            outcome = await opened().request(
                "POST", server.url, content=endless(), timeout_ms=5_000, answer_bytes_max=MAX
            )
        except EgressFailed as failed:  # the reset overtook the answer, as TCP may
            outcome = failed.sent
    assert outcome is True or getattr(outcome, "status", 0) == 401


async def test_nothing_is_open_after_a_client_was_closed(opened: Open) -> None:
    async with serving(always(answer(body=b"x" * 100))) as server:
        client = opened()
        for limit in (100, 10):
            with suppress(EgressFailed):
                await client.request("GET", server.url, timeout_ms=5_000, answer_bytes_max=limit)
        async with client.stream("GET", server.url, timeout_ms=5_000):
            assert server.open_connections
        await client.request("GET", server.url, timeout_ms=5_000, answer_bytes_max=100)
        await client.aclose()
        await until(lambda: server.open_connections == 0)
