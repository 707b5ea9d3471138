"""No URL brings an error of a library out of the room, and what the wire lets through is one."""

from __future__ import annotations

import re
import ssl
from collections.abc import Sequence

import httpx
import pytest

from stenolog.egress.client import Egress
from stenolog.egress.failures import httpx_errors
from stenolog.egress.guard import AddressPolicy
from stenolog.egress.urls import checked_url, headers_after_redirect, request_target
from stenolog.errors import EgressFailed, ForbiddenAddress
from stenolog.wire.assemblyai.urls import url_complaint
from tests.egress.conftest import Open
from tests.egress.odd_urls import odd_urls
from tests.egress.scripted import Reader, Script, Scripted, Writer, answer, serving

SOME, MANY = 20_000, 200_000
COUNTS = pytest.mark.parametrize(
    "count", [SOME, pytest.param(MANY, marks=[pytest.mark.soak, pytest.mark.timeout(600)])]
)
ASKED = 1_500
REDIRECTED = 600
PORT_OF_TESTS_MIN = 10_000  # nobody else's server is asked
ADDRESS = re.compile(r"\d\.\d+\.\d")  # could be anybody's
BASE = httpx.URL("https://a.example/b?c")


@COUNTS
def test_whatever_the_url_only_our_own_errors_leave(count: int) -> None:
    accepted = 0
    for text in odd_urls(count):
        try:
            url = checked_url(text)
            target = request_target(text)
        except (ForbiddenAddress, EgressFailed):
            continue
        accepted += 1
        assert target.startswith(b"/")
        headers_after_redirect((), BASE, url)
    assert accepted > count // 100


@COUNTS
def test_wherever_a_redirect_leads_only_our_own_errors_leave(count: int) -> None:
    for text in odd_urls(count // 4, seed=2):
        try:
            with httpx_errors():
                joined = str(BASE.join(text))
            checked_url(joined)
        except (ForbiddenAddress, EgressFailed):
            pass


@COUNTS
def test_what_a_request_may_name_can_be_asked(count: int) -> None:
    """A URL that the edge takes is refused by no later look at it."""
    taken = [
        text for text in odd_urls(count, seed=3) if url_complaint("audio_url", text, "") is None
    ]
    assert len(taken) > count // 100
    for text in taken:
        checked_url(text)
        request_target(text)


async def test_whatever_is_asked_only_our_own_errors_leave(opened: Open) -> None:
    """Names lead to a server that speaks no TLS; plain HTTP is answered."""
    async with serving(_redirecting([])) as server:
        client = _client(opened)
        answered = 0
        for text in odd_urls(ASKED, seed=4):
            if ADDRESS.search(text) is not None:
                continue
            try:
                url = text.replace(":80", f":{server.port}")
                await client.request("GET", url, timeout_ms=5_000, answer_bytes_max=99)
            except (ForbiddenAddress, EgressFailed):
                continue
            answered += 1
        assert answered


async def test_whatever_a_server_redirects_to_only_our_own_errors_leave(opened: Open) -> None:
    odd = [text for text in odd_urls(REDIRECTED, seed=5) if ADDRESS.search(text) is None]
    places = [text.encode("utf-8", "surrogatepass") for text in odd]
    places = [place for place in places if not set(place) & set(b"\r\n\x00") and len(place) < 9_000]
    async with serving(_redirecting(list(places))) as server:
        client = _client(opened)
        for _ in places:
            try:
                async with client.stream(
                    "GET", server.url, redirects_max=3, timeout_ms=5_000
                ) as given:
                    assert given.status == 200
            except (ForbiddenAddress, EgressFailed):
                pass


@pytest.mark.parametrize("host", ["xn--a.x", "a..b", ".a", "a" * 64 + ".x", "\u2603.net", "a b"])
async def test_a_tls_name_that_can_be_none_is_a_clear_refusal(opened: Open, host: str) -> None:
    with pytest.raises(ForbiddenAddress, match="the URL is not valid"):
        await opened().request("GET", f"https://{host}/", timeout_ms=2_000, answer_bytes_max=9)


def _client(opened: Open) -> Egress:
    """A client for which every name leads here."""

    def loopback(host: str, port: int) -> Sequence[str]:
        host.encode("idna")  # what `getaddrinfo` does with a name
        return ["127.0.0.1"] if port > PORT_OF_TESTS_MIN else []

    policy = AddressPolicy.of(networks=("127.0.0.1/32",))
    return opened(policy, resolve=loopback, tls=ssl.create_default_context())


def _redirecting(places: list[bytes]) -> Script:
    """Each request to the server's own name is sent elsewhere, once; all else is answered."""

    async def script(server: Scripted, reader: Reader, writer: Writer) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            own = f"Host: 127.0.0.1:{server.port}".encode() in head
            if places and own:
                location = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + places.pop()
                writer.write(location + b"\r\n\r\n")
            else:
                writer.write(answer())
            await writer.drain()

    return script
