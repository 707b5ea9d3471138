"""Redirects of a read, and the cookies that are needed on the way."""

from __future__ import annotations

import httpx
import pytest

from stenolog.egress.client import REDIRECTS_MAX
from stenolog.egress.cookies import COOKIES_MAX, HEADER_CHARS_MAX, Cookies
from stenolog.errors import EgressFailed
from tests.egress.conftest import LOOPBACK, Open
from tests.egress.scripted import Reader, Script, Scripted, Writer, answer, serving
from tests.egress.test_names import Names

HERE = httpx.URL("http://a.example/x/y")
DATE = "Mon, 30 Nov 2026 09:00:00 GMT"


def counting(hops: int) -> Script:
    """Redirect so many times, then answer."""

    async def script(server: Scripted, reader: Reader, writer: Writer) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            server.requests.append(head)
            if len(server.requests) > hops:
                writer.write(answer(body=b"here"))
            else:
                writer.write(answer("302 Found", Location=f"/{len(server.requests)}"))
            await writer.drain()

    return script


async def body_of(opened: Open, url: str) -> bytes:
    async with opened().stream("GET", url, redirects_max=REDIRECTS_MAX, timeout_ms=5_000) as given:
        return b"".join([chunk async for chunk in given.chunks(99)])


async def test_as_many_redirects_as_audio_stands_behind_are_followed(opened: Open) -> None:
    async with serving(counting(REDIRECTS_MAX)) as server:
        assert await body_of(opened, server.url) == b"here"
    async with serving(counting(REDIRECTS_MAX + 1)) as server:
        with pytest.raises(EgressFailed, match="more than 20 redirects"):
            await body_of(opened, server.url)
        assert len(server.requests) == REDIRECTS_MAX + 1


async def test_a_cookie_set_on_the_way_is_sent_to_its_host_and_to_no_other(opened: Open) -> None:
    """A share that lets in whom it has given a cookie; the file is on another host."""

    async def share(server: Scripted, reader: Reader, writer: Writer) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            server.requests.append(head)
            if b"Host: files.example" in head:
                writer.write(answer(body=b"speech"))
            elif b"cookie: FedAuth=secret" in head.lower().replace(b"fedauth", b"FedAuth"):
                files = f"http://files.example:{server.port}/f"
                writer.write(answer("302 Found", Location=files, Set_Cookie="b=c; Domain=.example"))
            else:
                writer.write(
                    answer("302 Found", Location="/", Set_Cookie="FedAuth=secret; path=/; HttpOnly")
                )
            await writer.drain()

    async with serving(share) as server:
        client = opened(LOOPBACK, resolve=Names(["127.0.0.1"]))
        for _ in range(2):
            server.requests.clear()
            url = f"http://share.example:{server.port}/s"
            async with client.stream("GET", url, redirects_max=20, timeout_ms=5_000) as given:
                assert b"".join([chunk async for chunk in given.chunks(99)]) == b"speech"
            sent = [b"cookie:" in head.lower() for head in server.requests]
            assert sent == [False, True, False], "nothing is left of it for the next fetch"


@pytest.mark.parametrize(
    ("lines", "url", "sent"),
    [
        (["a=b"], "http://a.example/x/z", "a=b"),
        (["a=b"], "http://a.example/elsewhere", ""),
        (["a=b; Path=/"], "http://a.example:8080/elsewhere", "a=b"),
        (["a=b; path=/x"], "http://a.example/xy", ""),
        (["a=b; Path=/"], "http://b.a.example/", ""),
        (["a=b; Path=/; Domain=example"], "http://b.example/", ""),
        (["a=b; Path=/; Secure"], "http://a.example/", ""),
        (["a=b; Path=/; Secure"], "https://a.example/", "a=b"),
        (["a=b; Path=/", "a=c; Path=/", "d=; Path=/"], "http://a.example/", "a=c; d="),
        (["a=b; Path=/", "a=; Path=/; Max-Age=0"], "http://a.example/", ""),
        (["a=b; Path=/", "a=; Path=/; max-age=-1"], "http://a.example/", ""),
        (["a=b; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT"], "http://a.example/", ""),
        (["a=b; Path=/; Expires=Thu, 31 Dec 2099 00:00:00 GMT"], "http://a.example/", "a=b"),
        (["a=b; Path=/; Expires=nonsense"], "http://a.example/", "a=b"),
        (['a="b c"; Path=/', "a b=c", "=c", "a", "\u00fc=1; Path=/"], "http://a.example/", ""),
        ([f"a={'b' * 5000}; Path=/"], "http://a.example/", ""),
        (["a=b; Path=/; Max-Age="], "http://a.example/", "a=b"),
        (["a=b; Path=/; Max-Age=-junk"], "http://a.example/", "a=b"),
        (
            ["a=b; Path=/; Max-Age=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"],
            "http://a.example/",
            "",
        ),
        (["", ";;;=;", "=;="], "http://a.example/", ""),
    ],
)
def test_cookies_go_where_they_were_set(lines: list[str], url: str, sent: str) -> None:
    cookies = Cookies()
    cookies.note(HERE, lines, DATE)
    assert cookies.header_for(httpx.URL(url)) == sent


def test_cookies_are_bounded() -> None:
    cookies = Cookies()
    cookies.note(HERE, [f"a{number}={'b' * 900}; Path=/" for number in range(2 * COOKIES_MAX)])
    header = cookies.header_for(HERE)
    assert 0 < len(header) <= HEADER_CHARS_MAX
    cookies = Cookies()
    cookies.note(HERE, [f"a{number}=b; Path=/" for number in range(2 * COOKIES_MAX)])
    assert cookies.header_for(HERE).count("=") == COOKIES_MAX
