"""Whatever a server answers, only our own errors leave the room."""

from __future__ import annotations

import gzip
import random
import zlib
from collections.abc import Iterator

from stenolog.egress.codings import coding_not_undone
from stenolog.egress.retry_after import date_ms, retry_after_ms
from stenolog.errors import EgressFailed, ForbiddenAddress, PayloadTooLarge
from tests.egress.conftest import Open
from tests.egress.scripted import Reader, Script, Scripted, Writer, serving

ANSWERS = 800
BYTES_MAX = 5_000
TIMEOUT_MS = 300  # for those that promise more than they send
STARTS = [b"HTTP/1.1 200 OK"] * 8 + [b"HTTP/1.1 302 Found"] * 5 + [b"HTTP/1.1 206 Partial Content"]
STARTS += [b"HTTP/1.0 200", b"HTTP/1.1 999 \xff", b"HTTP/2 200 OK", b"ICY 200 OK", b"HTTP/1.1 OK"]
STARTS += [
    b"HTTP/1.1 101 Switching",
    b"HTTP/1.1 100 Continue",
    b"",
    b"\x16\x03\x01",
    b"GET / HTTP/1.1",
]
HEADERS = [
    *(b"Location: /", b"Location: http://xn--/", b"Location: //\xff\xfe", b"Location: \xc3\xbc"),
    *(b"Location: http://[", b"Location:", b"Location: ?\x7f", b"Location: http://a:99999/"),
    *(b"Set-Cookie: a=b", b"Set-Cookie: a=b; Max-Age=\xb2; Expires=,,", b"Set-Cookie: \xff=\xff"),
    *(b"Set-Cookie: =;=;Path", b"Set-Cookie: " + b"a" * 5_000, b"Date: Mon, 99 Foo", b"Date: \xff"),
    *(b"Content-Encoding: gzip", b"Content-Encoding: gzip, deflate", b"Content-Encoding: br"),
    *(b"Content-Encoding: deflate", b"Content-Encoding: \xff", b"Content-Encoding: ,,"),
    *(b"Content-Length: 3", b"Content-Length: 99999999999999999999", b"Content-Length: -1"),
    *(b"Content-Length: \xb2", b"Content-Length: 3, 3", b"Content-Length:", b"Retry-After: \xb2"),
    *(b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip, chunked", b"Connection: close"),
    *(
        b"Retry-After: 1e9",
        b"no colon",
        b": no name",
        b" folded",
        b"A\x00: b",
        b"X: " + b"y" * 9_000,
    ),
]
BODIES = [
    b"",
    b"abc",
    b"3\r\nabc\r\n0\r\n\r\n",
    b"zz\r\nabc",
    b"3\r\nab",
    b"\x1f\x8b",
    b"x" * 9_000,
]
BODIES += [gzip.compress(b"abc"), gzip.compress(bytes(90_000)), zlib.compress(b"abc"), b"\x78\x9c"]


def odd_answers(count: int) -> Iterator[bytes]:
    chance = random.Random(1)
    for _ in range(count):
        headers = chance.sample(HEADERS, chance.choice((0, 1, 2, 3, 5)))
        if chance.random() < 0.7:
            headers.append(b"Connection: close")
        raw = b"\r\n".join([chance.choice(STARTS), *headers, b"", chance.choice(BODIES)])
        if chance.random() < 0.2:
            place = chance.randrange(len(raw))
            raw = raw[:place] + chance.randbytes(chance.randrange(4)) + raw[place + 1 :]
        yield raw


def nobody(host: str, port: int) -> list[str]:
    """No name leads anywhere: nobody else is asked."""
    return []


def giving(answers: Iterator[bytes]) -> Script:
    async def script(server: Scripted, reader: Reader, writer: Writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(next(answers, b""))
        await writer.drain()

    return script


async def test_whatever_a_server_answers_only_our_own_errors_leave(opened: Open) -> None:
    read = refused = 0
    async with serving(giving(odd_answers(ANSWERS))) as server:
        client = opened(resolve=nobody)
        for _ in range(ANSWERS // 2):
            try:
                async with client.stream(
                    "GET", server.url, redirects_max=20, timeout_ms=TIMEOUT_MS
                ) as answer:
                    retry_after_ms(answer.headers, 0)
                    date_ms(answer.headers)
                    coding_not_undone(answer.headers.get("content-encoding", ""))
                    async for _ in answer.decoded_chunks(BYTES_MAX):
                        pass
                read += 1
            except (EgressFailed, ForbiddenAddress, PayloadTooLarge):
                refused += 1
    assert read > ANSWERS // 20
    assert refused > ANSWERS // 20
