"""One message is never read as another: upgrades, codings, versions, and what is sent behind."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stenolog.bootstrap.http.framing import Framing, Head
from stenolog.bootstrap.http.refusal import Refusal
from tests.bootstrap.raw_clients import GET, Client, connected
from tests.house.waiting import until

POST = b"POST / HTTP/1.1\r\nHost: here\r\n"
SMUGGLED = b"DELETE /smuggled HTTP/1.1\r\nHost: here\r\nX-Ignore: "
UPGRADES = (b"h2c", b"websocket", b"foo", b"TLS/1.0, HTTP/2.0", b"")
CONNECTIONS = (
    b"Upgrade",
    b"upgrade, HTTP2-Settings",
    b"keep-alive, UPGRADE",
    b"Upgrade , keep-alive",
)


def request(
    *,
    method: bytes = b"POST",
    target: bytes = b"/here",
    body: bytes = b"",
    chunked: bool = False,
    upgrade: tuple[bytes, bytes] | None = None,
) -> bytes:
    """A request; `upgrade` is the values of Connection and Upgrade."""
    lines = [method + b" " + target + b" HTTP/1.1", b"Host: here", b"HTTP2-Settings: AAEAAEAA"]
    if upgrade is not None:
        lines += [b"Connection: " + upgrade[0], b"Upgrade: " + upgrade[1]]
    if chunked:
        lines.append(b"Transfer-Encoding: chunked")
        half = len(body) // 2
        pieces = [piece for piece in (body[:half], body[half:]) if piece]
        body = b"".join(b"%x;a=b\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
        body += b"0\r\nX-Trailer: 1\r\n\r\n"
    elif body:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


@dataclass
class Read:
    """What a framing made of some bytes."""

    messages: list[tuple[str, bytes, bytes]] = field(default_factory=list)
    ended: int = 0
    refused: int = 0

    def head(self, head: Head) -> None:
        self.messages.append((head.method, head.target, b""))

    def body(self, piece: bytes) -> None:
        method, target, body = self.messages.pop()
        self.messages.append((method, target, body + piece))

    def end(self) -> None:
        self.ended += 1


def read(pieces: list[bytes]) -> Read:
    """Feed the pieces as a connection does: one message after another."""
    made = Read()
    framing = Framing(made, 65_536)
    for piece in pieces:
        left = piece
        while left:
            ended = made.ended
            try:
                left = left[framing.take(left) :]
            except Refusal as exc:
                made.refused = exc.failure.status
                return made
            assert made.ended - ended <= 1, "a piece never holds more than one message"
    return made


def cut(data: bytes, places: list[int]) -> list[bytes]:
    ends = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[start:end] for start, end in itertools.pairwise(ends)]


requests = st.builds(
    request,
    method=st.sampled_from([b"GET", b"POST", b"PUT", b"DELETE", b"QUERY"]),
    body=st.one_of(
        st.just(b""),
        st.just(SMUGGLED),
        st.binary(max_size=40),
        st.text(alphabet="\r\n0", max_size=12).map(str.encode),
        st.just(GET),
    ),
    chunked=st.booleans(),
)
upgrades = st.tuples(st.sampled_from(CONNECTIONS), st.sampled_from(UPGRADES))


@given(first=st.data(), places=st.lists(st.integers(0, 400), max_size=12))
def test_a_head_with_upgrade_is_read_like_the_same_head_without(
    first: st.DataObject, places: list[int]
) -> None:
    method = first.draw(st.sampled_from([b"GET", b"POST", b"DELETE"]))
    body = first.draw(st.sampled_from([b"", b"abc", SMUGGLED, GET, b"\r\n\r\n", b"0\r\n\r\n"]))
    chunked = first.draw(st.booleans())
    upgrade = first.draw(upgrades)
    behind = first.draw(st.sampled_from([b"", request(), request(target=b"/2", body=GET)]))
    plain = read([request(method=method, body=body, chunked=chunked) + behind])
    sent = request(method=method, body=body, chunked=chunked, upgrade=upgrade) + behind
    assert read(cut(sent, places)) == plain
    assert plain.messages[0][2] == body


@given(sent=st.lists(requests, min_size=1, max_size=4), places=st.lists(st.integers(0, 900)))
def test_how_bytes_arrive_says_nothing(sent: list[bytes], places: list[int]) -> None:
    whole = b"".join(sent)
    assert read(cut(whole, places)) == read([whole])
    assert len(read([whole]).messages) == len(sent)


async def answers_to(client: Client, sent: bytes) -> list[tuple[int, bytes]]:
    """Every answer until the server closes; it is asked to with a last request."""
    client.send(sent + b"GET /last HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
    said, found = await client.rest(), []
    while said:
        head, _, said = said.partition(b"\r\n\r\n")
        length = next(
            int(line.partition(b":")[2])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length:")
        )
        found.append((int(head.split()[1]), said[:length]))
        said = said[length:]
    return found


@pytest.mark.parametrize("upgrade", [b"h2c", b"websocket", b"foo"])
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
@pytest.mark.parametrize("split", [None, 1, "head"], ids=["whole", "bytes", "head-first"])
async def test_a_request_with_upgrade_is_answered_once_with_its_body(
    upgrade: bytes, chunked: bool, split: int | str | None
) -> None:
    sent = request(body=SMUGGLED, chunked=chunked, upgrade=(b"Upgrade, HTTP2-Settings", upgrade))
    if split is None:
        pieces = [sent]
    elif split == 1:
        pieces = [sent[at : at + 1] for at in range(len(sent))]
    else:
        end = sent.index(b"\r\n\r\n") + 4
        pieces = [sent[:end], sent[end:]]
    async with connected() as (served, client):
        for piece in pieces[:-1]:
            client.send(piece)
            await client.drain()
            await served.settled()
        found = await answers_to(client, pieces[-1])
    assert [status for status, _ in found] == [200, 200]
    first, last = (json.loads(body) for _, body in found)
    assert (first["method"], first["url"], first["body"]) == ("POST", "/here", SMUGGLED.decode())
    assert last["url"] == "/last"


async def test_upgrade_is_as_if_it_were_not_there() -> None:
    async with connected() as (_, client):
        plain = await answers_to(client, request(body=b"abc"))
    async with connected() as (_, client):
        sent = request(body=b"abc", upgrade=(b"Upgrade", b"h2c"))
        assert await answers_to(client, sent) == plain


REFUSED = {
    b"CONNECT here:80 HTTP/1.1\r\nHost: here\r\n\r\n": 501,
    b"CONNECT here:80 HTTP/1.1\r\nHost: here\r\nContent-Length: 9\r\n\r\nnine bytes": 501,
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n": 400,
    b"GET / HTTP/2.0\r\n\r\n": 505,
    b"GET /\r\n\r\n": 505,
    b"GET / HTTP/0.9\r\n\r\n": 505,
    POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n": 501,
    POST + b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n": 501,
    POST + b"Transfer-Encoding: gzip\r\n\r\n": 501,
    POST + b"Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n": 501,
    POST + b"Transfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n": 501,
    POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n": 501,
    POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n": 400,
    POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n": 400,
    POST + b"Transfer-Encoding:\r\n\r\n0\r\n\r\n": 400,
    b"DELETE / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: gzip\r\n\r\n": 501,
    b"DELETE / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: identity\r\n\r\n": 501,
    b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n": 400,
    POST + b"Expect: banana\r\nContent-Length: 1\r\n\r\nx": 417,
    POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx": 400,
    POST + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\nx": 400,
    POST + b"Content-Length: 1, 1\r\n\r\nx": 400,
    POST + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n": 400,
    POST + b"Transfer-Encoding: chunked\r\nUpgrade: x\r\nConnection: upgrade\r\n"
    b"Content-Length: 1\r\n\r\n0\r\n\r\n": 400,
    POST + b"Content-Length: +1\r\n\r\nx": 400,
    POST + b"Content-Length: 0x1\r\n\r\nx": 400,
    POST + b"Content-Length: 1_0\r\n\r\nx": 400,
    POST + b"Content-Length: 1 1\r\n\r\nx": 400,
    POST + b"Content-Length:\r\n\r\nx": 400,
    POST + b"Content-Length : 1\r\n\r\nx": 400,
    POST + b" Content-Length: 1\r\n\r\nx": 400,
    POST + b"Content-Length: 1\x00\r\n\r\nx": 400,
    POST + b"A: b\nContent-Length: 1\r\n\r\nx": 400,
    POST + b"A: b\rContent-Length: 1\r\n\r\nx": 400,
    POST + b"A: b\x00\r\n\r\n": 400,
    b"GET / HTTP/1.1\nHost: here\n\n": 400,
    b"GET / HTTP/1.1\r\nHost: here\r\n\n": 400,
    b"GET / HTTP/1.1\r\nHost: here\r\nA : b\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nHost: here\r\nA: b\r\n c\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nA: b\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nHost: here\r\nHost: there\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nHost: here, there\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nHost: here/there\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nHost: me@here\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nHost: here:80a\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nHost: here there\r\n\r\n": 400,
}


@pytest.mark.parametrize(("sent", "status"), REFUSED.items())
async def test_what_could_be_read_in_two_ways_is_answered_once_and_nothing_behind_it_is_read(
    sent: bytes, status: int
) -> None:
    async with connected() as (served, client):
        client.send(sent + GET)
        said = await client.rest()
        assert served.requests == 0
    assert said.startswith(b"HTTP/1.1 %d " % status)
    assert len(re.findall(rb"HTTP/1\.1 \d{3} ", said)) == 1
    assert b"connection: close" in said
    assert b"x-correlation-id: " in said
    problem = json.loads(said.partition(b"\r\n\r\n")[2])
    assert problem["status"] == status
    assert problem["correlation_id"].encode() in said


@pytest.mark.parametrize(
    "body",
    [
        b"3\r\nabcd\r\n",
        b"3\nabc\r\n0\r\n\r\n",
        b"3\r\nabc\n0\r\n\r\n",
        b"0x3\r\nabc\r\n0\r\n\r\n",
        b" 3\r\nabc\r\n0\r\n\r\n",
        b"3 \r\nabc\r\n0\r\n\r\n",
        b"3;a\nb\r\nabc\r\n0\r\n\r\n",
        b"3;\rb\r\nabc\r\n0\r\n\r\n",
        b"10000000000000000\r\nabc\r\n0\r\n\r\n",
        b"0\r\nA: b\r\n c\r\n\r\n",
        b"0\r\nA : b\r\n\r\n",
        b"0\r\nContent-Length: 5\r\n\r\n",
        b"0\r\n\nx",
    ],
)
async def test_a_body_that_breaks_its_framing_ends_the_connection(body: bytes) -> None:
    async with connected() as (served, client):
        client.send(POST + b"Transfer-Encoding: chunked\r\n\r\n" + body + GET)
        said = await client.rest()
        assert served.requests <= 1
    assert said.startswith(b"HTTP/1.1 400 ")
    assert len(re.findall(rb"HTTP/1\.1 \d{3} ", said)) == 1


@pytest.mark.parametrize(
    "last",
    [b"GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n", b"GET / HTTP/1.0\r\n\r\n"],
)
async def test_nothing_behind_the_last_request_is_read(last: bytes) -> None:
    async with connected() as (served, client):
        client.send(last + GET + b"DELETE / HTTP/1.1\r\nHost: here\r\n\r\n")
        said = await client.rest()
        assert served.requests == 1
    assert len(re.findall(rb"HTTP/1\.1 \d{3} ", said)) == 1


async def test_trailers_are_no_headers() -> None:
    async with connected() as (_, client):
        (_, body), _ = await answers_to(client, request(body=b"abc", chunked=True))
    assert "x-trailer" not in dict(json.loads(body)["headers"])


async def test_whoever_is_refused_before_the_body_is_not_asked_for_another_request() -> None:
    """RFC 9110, 10.1.1: without a 100 it may send the body, or the next request."""
    async with connected() as (served, client):
        head = b"POST /refused HTTP/1.1\r\nHost: here\r\nExpect: 100-continue\r\n"
        client.send(head + b"Content-Length: 40\r\n\r\n")
        said = await client.rest()
        assert said.startswith(b"HTTP/1.1 401 ")
        assert b"connection: close" in said
        client.send(GET)
        assert await client.rest() == b""
        assert served.requests == 0


async def test_100_is_said_to_no_client_of_http_1_0() -> None:
    async with connected() as (served, client):
        client.send(b"POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        await until(lambda: served.requests == 1)
        client.send(b"ab")
        assert await client.answer() == 200


def test_the_data_of_a_chunk_is_read_in_few_pieces() -> None:
    made, pieces = Read(), 0
    framing = Framing(made, 65_536)
    data = b"\r\n\r\n" * 10_000
    sent = request(body=data, chunked=True)
    start = 0
    while start < len(sent):
        start += framing.take(sent, start)
        pieces += 1
    assert made.messages[0][2] == data
    assert made.ended == 1
    assert pieces < 10


@pytest.mark.parametrize(
    "host", [b"here", b"", b"here:80", b"here:", b"[::1]:8000", b"127.0.0.1", b"my_host.local"]
)
async def test_a_name_or_an_address_is_a_host(host: bytes) -> None:
    async with connected() as (_, client):
        client.send(b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n\r\n")
        assert await client.answer() == 200


@pytest.mark.parametrize("target", [b"http://here", b"http://here?a=b", b"http://here:80/"])
async def test_a_url_without_a_path_asks_for_the_root(target: bytes) -> None:
    """RFC 9112, 3.2.2: a server accepts a whole URL as a target."""
    async with connected() as (served, client):
        client.send(b"GET " + target + b" HTTP/1.1\r\nHost: here\r\n\r\n")
        assert await client.answer() == 200
        assert served.requests == 1


async def test_a_client_of_http_1_0_need_not_name_a_host() -> None:
    async with connected() as (_, client):
        client.send(b"GET / HTTP/1.0\r\n\r\n")
        assert await client.answer() == 200
