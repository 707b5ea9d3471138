"""Where one message ends and the next begins: judged by one parser, one message at a time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

import httptools
import structlog

from stenolog.bootstrap.http import refusal
from stenolog.bootstrap.http.pieces import CHUNK_BYTES_MIN, CHUNKS_FREE, END, Pieces
from stenolog.bootstrap.http.refusal import Refusal

VERSIONS = ("1.1", "1.0")
HEADERS_MAX = 256  # of one head; browsers behind several proxies send about 40
HEADER_BYTES = 160  # what a header takes besides its own bytes, about
# What decides how a request is framed or begun; no other header is looked at here.
JUDGED = frozenset((b"content-length", b"transfer-encoding", b"expect", b"host"))
# RFC 9110, 7.2: a name or an address, and perhaps a port. Two of them have a comma between them.
HOST = re.compile(rb"(?:\[[0-9A-Za-z:.%_~-]+\]|[0-9A-Za-z._~!$&'()*+;=%-]*)(?::[0-9]*)?")

log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class Head:
    """A request's line and headers; names are in lower case.

    Attributes:
        target: As it came, unread.
        keep_alive: Whether the client would send another request after this one.
        expects_continue: It waits for a 100 before it sends the body.
    """

    method: str
    target: bytes
    version: str
    headers: list[tuple[bytes, bytes]]
    keep_alive: bool
    expects_continue: bool


class Messages(Protocol):
    """Who takes what is read; each call may raise `Refusal`, and nothing more is read then."""

    def head(self, head: Head) -> None:
        """A request begins."""
        ...

    def body(self, piece: bytes) -> None:
        """Some of its body has come."""
        ...

    def end(self) -> None:
        """The request is whole."""
        ...


class Framing:
    """Reads a connection's bytes as requests.

    The parser is never given bytes beyond the end of a message, so whoever feeds it decides when
    the next one is read. It pauses at a head with `Upgrade` and forgets the body; RFC 9110, 7.8
    lets us go on with HTTP/1.1, so the same head without `Upgrade` goes to a new parser, which
    reads the body and all that follows (DECISIONS 113). What is behind a message is thus always
    judged by the parser that read its head.
    """

    def __init__(self, messages: Messages, head_bytes_max: int) -> None:
        self.target = b""  # of the request that is being read; nothing between two
        self.in_head = False
        self._messages = messages
        self._head_bytes_max = head_bytes_max
        self._pieces = Pieces(head_bytes_max)
        self._parser = httptools.HttpRequestParser(self)
        self._headers: list[tuple[bytes, bytes]] = []
        self._judged: dict[bytes, bytes] = {}
        self._ended = False  # a message, within the present piece
        self._upgrading = False

    def take(self, data: bytes, start: int = 0) -> int:
        """Parse from `start` to where a message may end; return how many bytes, one at least.

        Raises:
            Refusal: It is no request that we serve.
        """
        size = self._pieces.size(data, start)
        self._ended = False
        piece = data if size == len(data) else data[start : start + size]
        try:
            self._parser.feed_data(piece)
        except httptools.HttpParserUpgrade as exc:
            size = exc.args[0]
            self._read_without_upgrade()
        except httptools.HttpParserError as exc:
            raise _refusal_in(exc) from exc
        if self._pieces.kept_bytes >= self._head_bytes_max:
            raise refusal.head_too_large(self._head_bytes_max)
        self._pieces.parsed(piece)
        return size

    @property
    def held_bytes(self) -> int:
        """How much memory the half of a head, or of what stands between chunks, takes."""
        return self._pieces.kept_bytes + HEADER_BYTES * len(self._headers)

    @property
    def body_left(self) -> int | None:
        """How much of the present message is still to be parsed; None where that is not known."""
        return 0 if self._ended else self._pieces.body_left

    # What the parser calls.

    def on_message_begin(self) -> None:
        """A head begins."""
        if self._ended:
            raise refusal.not_http("a request ended where none should")
        self.in_head = True
        self.target = b""
        self._headers = []
        self._judged = {}

    def on_url(self, url: bytes) -> None:
        """Some of the target."""
        self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; trailers, which come after the head, are dropped."""
        if self.in_head:
            if len(self._headers) >= HEADERS_MAX:
                raise refusal.headers_too_many(HEADERS_MAX)
            name = name.lower()
            self._headers.append((name, value))
            if name in JUDGED:
                before = self._judged.get(name)
                self._judged[name] = value if before is None else before + b"," + value

    def on_headers_complete(self) -> None:
        """The head is whole."""
        parser = self._parser
        if parser.should_upgrade():
            if parser.get_method() == b"CONNECT":
                raise refusal.no_tunnel()
            self._upgrading = True
            return
        self.in_head = False
        self._pieces.kept_bytes = 0
        version = parser.get_http_version()
        keep_alive = version == "1.1" and parser.should_keep_alive()
        self._judge(version)
        expects_continue = version != "1.0" and b"expect" in self._judged  # RFC 9110, 10.1.1
        headers = self._headers
        self._headers, self._judged = [], {}  # nothing of a head is held while its client is silent
        self._messages.head(
            Head(
                method=parser.get_method().decode("ascii"),
                target=self.target,
                version=version,
                headers=headers,
                keep_alive=keep_alive,
                expects_continue=expects_continue,
            )
        )

    def on_body(self, body: bytes) -> None:
        """Some of the body."""
        self._pieces.body(len(body))
        self._messages.body(body)

    def on_chunk_header(self) -> None:
        """The size of a chunk has come."""
        self._pieces.chunk(begins=True)
        if self._pieces.has_tiny_chunks:
            raise refusal.chunks_too_small(CHUNKS_FREE, CHUNK_BYTES_MIN)

    def on_chunk_complete(self) -> None:
        """A chunk has come to its end."""
        self._pieces.chunk(begins=False)

    def on_message_complete(self) -> None:
        """The request is whole, unless its body was passed over for an upgrade."""
        if not self._upgrading:
            self._ended = True
            self.target = b""
            self._pieces.end()
            self._messages.end()

    def _judge(self, version: str) -> None:
        """Refuse what could be framed in two ways, or is asked of us in vain."""
        if version not in VERSIONS:
            raise refusal.version_unknown(version)
        host = self._judged.get(b"host")
        if host is None and version != "1.0":
            raise refusal.host_missing()
        if host and not HOST.fullmatch(host):
            raise refusal.host_not_clear()
        coding = self._judged.get(b"transfer-encoding")
        if coding is not None:
            if coding.lower() != b"chunked":
                raise refusal.coding_unknown()
            if version == "1.0":
                raise refusal.coding_in_old_version()
        elif length := int(self._judged.get(b"content-length", b"0")):
            self._pieces.body_left = length
        if self._judged.get(b"expect", b"100-continue").lower() != b"100-continue":
            raise refusal.expectation_unknown()

    def _read_without_upgrade(self) -> None:
        log.info("edge.upgrade_ignored")
        method, version = self._parser.get_method(), self._parser.get_http_version()
        lines = [method + b" " + self.target + b" HTTP/" + version.encode()]
        for name, value in self._headers:
            kept = _without_upgrade(value) if name == b"connection" else value
            if name != b"upgrade" and (kept or not value):
                lines.append(name + b": " + kept)
        self._upgrading = False
        self._parser = httptools.HttpRequestParser(self)
        try:
            self._parser.feed_data(b"\r\n".join(lines) + END)
        except httptools.HttpParserError as exc:
            raise _refusal_in(exc) from exc


def _without_upgrade(connection: bytes) -> bytes:
    tokens = (token.strip() for token in connection.split(b","))
    return b", ".join(token for token in tokens if token.lower() != b"upgrade")


def _refusal_in(error: httptools.HttpParserError) -> Refusal:
    """Return the refusal of ours that a callback raised, or what the parser has to say.

    A callback that failed otherwise raises its own error again: that is no fault of the client.
    """
    cause = error.__context__
    if not isinstance(error, httptools.HttpParserCallbackError) or cause is None:
        return refusal.not_http(str(error))
    if isinstance(cause, Refusal):
        return cause
    raise cause
