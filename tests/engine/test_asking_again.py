"""What stands between a URL and its file: codings, odd statuses, servers that ask for patience."""

from __future__ import annotations

import errno
import gzip
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from stenolog.egress.client import Egress
from stenolog.egress.guard import AddressPolicy
from stenolog.egress.resolving import Resolve
from stenolog.engine.audio_errors import AudioRefused
from stenolog.engine.host.audio_answers import REFUSAL_BYTES_MAX
from stenolog.engine.host.fetching import FetchLimits, fetch
from stenolog.engine.host.scratch import Scratch
from stenolog.wire.assemblyai.sentences import download_failed, failure_of
from tests.egress.scripted import Reader, Script, Scripted, Writer, always, answer, serving

SOUND = bytes(range(256)) * 100
MAX = len(SOUND)
HASTY = FetchLimits(retry_first_ms=10, retry_ms_max=2_500)

Get = Callable[[str], Awaitable[bytes]]


@pytest.fixture
async def get(tmp_path: Path) -> AsyncIterator[Get]:
    """Downloads a URL; nothing is left in the folder of what failed."""
    egress = Egress(AddressPolicy.of(networks=["127.0.0.0/8"]))
    folder = tmp_path / "scratch"
    scratch = Scratch(folder)

    async def download(url: str) -> bytes:
        path = await fetch(url, egress=egress, scratch=scratch, bytes_max=MAX, limits=HASTY)
        content = path.read_bytes()
        path.unlink()
        return content

    yield download
    assert list(folder.iterdir()) == []
    await egress.aclose()


async def refused(get: Get, raw: bytes) -> str:
    async with serving(always(raw)) as server:
        with pytest.raises(AudioRefused) as found:
            await get(server.url)
        return str(found.value).replace(server.url, "URL")


def in_turn(*answers: bytes) -> Script:
    """Answer each request with the next; an empty one is a connection that ends."""
    left = list(answers)

    async def script(server: Scripted, reader: Reader, writer: Writer) -> None:
        while True:
            server.requests.append(await reader.readuntil(b"\r\n\r\n"))
            raw = left.pop(0)
            writer.write(raw)
            await writer.drain()
            if not raw or raw.startswith(CUT):
                return

    return script


OK = answer(body=SOUND)
CUT = b"HTTP/1.1 200 OK\r\nContent-Length: 25600\r\nX-Cut: yes\r\n\r\n"
WHOLE_RANGE = f"bytes 0-{MAX - 1}/{MAX}"


@pytest.mark.parametrize(
    "raw",
    [
        OK,
        answer("203 Non-Authoritative Information", SOUND),
        answer("206 Partial Content", SOUND, Content_Range=WHOLE_RANGE),
        answer(body=gzip.compress(SOUND), Content_Encoding="gzip"),
    ],
    ids=["200", "203", "206", "gzip"],
)
async def test_a_whole_file_is_taken_however_it_comes(get: Get, raw: bytes) -> None:
    async with serving(always(raw)) as server:
        assert await get(server.url) == SOUND


@pytest.mark.parametrize(
    ("status", "headers", "why"),
    [
        ("206 Partial Content", {}, "a part of the file only"),
        ("206 Partial Content", {"Content_Range": "bytes 0-9/100"}, "a part of the file only"),
        ("206 Partial Content", {"Content_Range": "bytes 9-99/100"}, "a part of the file only"),
        ("206 Partial Content", {"Content_Range": "bytes 0-9/*"}, "a part of the file only"),
        ("201 Created", {}, "answers 201 Created, which brings no file"),
        ("204 No Content", {}, "answers 204 No Content, which brings no file"),
        ("299 Whatever", {}, "answers 299 Unknown, which brings no file"),
        ("304 Not Modified", {}, "answers 304 Not Modified, which brings no file"),
        ("200 OK", {"Content_Encoding": "br"}, "compressed with br, which was not asked for"),
    ],
)
async def test_what_is_no_whole_file_is_refused_and_the_reason_is_said(
    get: Get, status: str, headers: dict[str, str], why: str
) -> None:
    body = b"" if status.startswith(("204", "304")) else b"0123456789"
    said = await refused(get, answer(status, body, **headers))
    assert said.startswith("Download error, unable to download URL: the ")
    assert why in said


async def test_a_bomb_is_refused_at_the_limit(get: Get) -> None:
    bomb = answer(body=gzip.compress(bytes(1 << 26)), Content_Encoding="gzip")
    assert f"over the limit of {MAX} bytes" in await refused(get, bomb)


@pytest.mark.parametrize(
    "first",
    [
        answer("429 Too Many Requests", Retry_After="1"),
        answer("429 Too Many Requests"),
        answer("503 Service Unavailable", Retry_After="1"),
        answer("429 Too Many Requests", Retry_After="Mon, 30 Nov 2026 09:00:01 GMT").replace(
            b"\r\n", b"\r\nDate: Mon, 30 Nov 2026 09:00:00 GMT\r\n", 1
        ),
        b"",
        CUT + SOUND[:99],
    ],
    ids=["429 and a time", "429", "503 and a time", "429 and a date", "closed", "broken off"],
)
async def test_who_asks_for_patience_or_breaks_off_is_asked_again(get: Get, first: bytes) -> None:
    async with serving(in_turn(first, first, OK)) as server:
        assert await get(server.url) == SOUND
        assert len(server.requests) == 3


async def test_a_server_is_asked_three_times_and_no_more(get: Get) -> None:
    busy = answer("429 Too Many Requests", Retry_After="0")
    async with serving(in_turn(*[busy] * 9)) as server:
        with pytest.raises(AudioRefused, match="429 Client Error: Too Many Requests") as found:
            await get(server.url)
        assert len(server.requests) == 3
    failure = failure_of(str(found.value))
    assert failure is not None
    assert failure.retryable, "the gateway submits it again, later"
    async with serving(in_turn(*[CUT] * 9)) as server:
        with pytest.raises(AudioRefused) as found:
            await get(server.url)
        assert len(server.requests) == 3
        assert str(found.value) == download_failed(server.url)


@asynccontextmanager
async def resolving(resolve: Resolve, folder: Path) -> AsyncIterator[Get]:
    """As `get`, with names."""
    egress = Egress(AddressPolicy.of(networks=["127.0.0.0/8"]), resolve=resolve)
    scratch = Scratch(folder)

    async def download(url: str) -> bytes:
        path = await fetch(url, egress=egress, scratch=scratch, bytes_max=MAX, limits=HASTY)
        return path.read_bytes()

    yield download
    await egress.aclose()


async def test_a_name_server_that_is_silent_is_asked_again_and_is_not_the_files_fault(
    tmp_path: Path,
) -> None:
    silent = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    times = 0

    def resolve(host: str, port: int) -> Sequence[str]:
        nonlocal times
        times += 1
        if times < 3 or host == "dead.example":
            raise silent
        return ["127.0.0.1"]

    async with resolving(resolve, tmp_path / "s") as get, serving(always(OK)) as server:
        assert await get(f"http://late.example:{server.port}/") == SOUND
        times = 0
        with pytest.raises(AudioRefused, match=r"^Server error, the host of") as found:
            await get(f"http://dead.example:{server.port}/")
        assert times == HASTY.tries_max
    failure = failure_of(str(found.value))
    assert failure is not None
    assert failure.retryable


async def test_what_this_machine_lacks_is_not_the_files_fault(tmp_path: Path) -> None:
    def resolve(host: str, port: int) -> Sequence[str]:
        raise OSError(errno.EMFILE, "Too many open files")

    async with resolving(resolve, tmp_path / "s") as get:
        with pytest.raises(AudioRefused, match=r"^Server error, .* too many open files") as found:
            await get("http://a.example/")
    failure = failure_of(str(found.value))
    assert failure is not None
    assert failure.retryable


async def test_a_name_that_is_not_known_is_final_at_once(tmp_path: Path) -> None:
    asked = []

    def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async with resolving(resolve, tmp_path / "s") as get:
        with pytest.raises(AudioRefused, match=r"^Download error, unable to download"):
            await get("http://a.example/")
    assert asked == ["a.example"]


async def test_all_tries_have_one_time(tmp_path: Path) -> None:
    """A server that breaks off late is not asked for as long again."""
    busy = answer("429 Too Many Requests", Retry_After="1")
    egress = Egress(AddressPolicy.of(networks=["127.0.0.0/8"]))
    limits = FetchLimits(whole_ms=900, retry_ms_max=9_000)
    async with serving(in_turn(busy, OK)) as server:
        with pytest.raises(AudioRefused, match="429"):
            await fetch(
                server.url,
                egress=egress,
                scratch=Scratch(tmp_path / "s"),
                bytes_max=MAX,
                limits=limits,
            )
    await egress.aclose()


@pytest.mark.parametrize(
    "raw",
    [
        answer("429 Too Many Requests", Retry_After="3"),
        answer("503 Service Unavailable"),
        answer("404 Not Found", Retry_After="0"),
    ],
    ids=["asks for too much", "503", "404"],
)
async def test_who_cannot_be_waited_for_is_asked_once(get: Get, raw: bytes) -> None:
    async with serving(in_turn(*[raw] * 9)) as server:
        with pytest.raises(AudioRefused):
            await get(server.url)
        assert len(server.requests) == 1


async def test_an_expired_url_is_called_so(get: Get) -> None:
    body = b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"
    raw = answer("403 Forbidden", body)
    assert await refused(get, raw) == (
        "Download error to URL, 403 Client Error: Forbidden for url: URL. The URL has expired; "
        "sign it for longer, or upload the file."
    )
    async with serving(always(answer("403 Forbidden"))) as server:
        with pytest.raises(AudioRefused, match="The URL expired at 2020-01-01T00:15:00Z; sign"):
            await get(f"{server.url}/a?X-Amz-Date=20200101T000000Z&X-Amz-Expires=900")


@pytest.mark.parametrize(
    "place", ["http://xn--a.x/", "http://xn--/", "http://[::1", "http://a:99999/", "ftp://a/b"]
)
async def test_a_redirect_to_what_is_no_url_is_refused_and_the_reason_is_said(
    get: Get, place: str
) -> None:
    said = await refused(get, answer("302 Found", Location=place))
    assert said.startswith("Download error, unable to download URL: a redirect cannot be followed:")


async def test_an_expired_url_is_called_so_though_the_store_says_much(get: Get) -> None:
    said = b"<Error><Message>Request has expired</Message></Error>" + bytes(REFUSAL_BYTES_MAX)
    assert "The URL has expired" in await refused(get, answer("403 Forbidden", said))


async def test_a_file_that_is_not_there_is_not_called_expired(get: Get) -> None:
    async with serving(always(answer("404 Not Found"))) as server:
        url = f"{server.url}/a?X-Amz-Date=20200101T000000Z&X-Amz-Expires=900"
        with pytest.raises(AudioRefused) as found:
            await get(url)
        assert str(found.value).endswith(f"404 Client Error: Not Found for url: {url}")
