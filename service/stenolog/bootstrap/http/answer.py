"""The bytes of an answer: its head, and how its body is framed."""

from __future__ import annotations

import re
from collections.abc import Iterable, MutableMapping
from http import HTTPStatus
from typing import Any

BODILESS = (204, 304)  # RFC 9110, 6.4.1
OLD_VERSION = "1.0"  # it knows no chunks: without a length, an answer ends with its connection
UNFIT_NAME = re.compile(rb"[^!#$%&'*+.^_`|~0-9A-Za-z-]")  # RFC 9110, 5.6.2
UNFIT_VALUE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
STATUS_LINES = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus
}
# As an application would send it.
CRASHED: MutableMapping[str, Any] = {
    "type": "http.response.start",
    "status": 500,
    "headers": [(b"content-length", b"0"), (b"connection", b"close")],
}
STOPPED: MutableMapping[str, Any] = {
    "type": "http.response.start",
    "status": 503,
    "headers": [(b"content-length", b"0"), (b"retry-after", b"5"), (b"connection", b"close")],
}


class Answer:
    """Frames one answer, with its length or in chunks.

    Attributes:
        keep_alive: Whether it leaves the connection open.
        is_ended: Whether the last of it was framed.
    """

    def __init__(
        self,
        *,
        method: str,
        version: str,
        status: int,
        headers: Iterable[tuple[bytes, bytes]],
        keep_alive: bool,
    ) -> None:
        """`method` and `version` are the request's; `keep_alive` is what is possible.

        Raises:
            RuntimeError: A header cannot be sent.
        """
        self.is_ended = False
        self._bodiless = method == "HEAD" or status in BODILESS
        self._length: int | None = None  # as far as it is still to come
        closes = False
        lines = [STATUS_LINES[status]]
        for name, value in headers:
            if UNFIT_NAME.search(name) or UNFIT_VALUE.search(value):
                raise RuntimeError("a header of the answer cannot be sent")
            match name.lower():
                case b"content-length":
                    self._length = int(value)
                case b"connection":
                    closes = b"close" in value.lower()
                case b"transfer-encoding":
                    continue  # decided here
                case _:
                    pass
            lines += (name, b": ", value, b"\r\n")
        self.keep_alive = keep_alive and not closes
        if not self.keep_alive and not closes:
            lines.append(b"connection: close\r\n")
        self._chunked = self._length is None and not self._bodiless and version != OLD_VERSION
        if self._chunked:
            lines.append(b"transfer-encoding: chunked\r\n")
        lines.append(b"\r\n")
        self._head = b"".join(lines)

    @property
    def is_begun(self) -> bool:
        """Whether some of it was framed, and may have left."""
        return not self._head

    def framed(self, body: bytes, *, more: bool) -> tuple[bytes, bytes, bytes]:
        """Return what is to be sent for this piece: before it, of it, and behind it.

        The head goes with the first piece, so that a small answer is one packet.

        Raises:
            RuntimeError: The body is not as long as its Content-Length says.
        """
        if self._bodiless:
            body = b""
        elif self._length is not None:
            self._length -= len(body)
            if self._length < 0 or (self._length and not more):
                raise RuntimeError("the answer's body is not as long as its Content-Length")
        before, after = self._head, b""
        if self._chunked and body:
            before, after = before + b"%x\r\n" % len(body), b"\r\n"
        if self._chunked and not more:
            after += b"0\r\n\r\n"
        self._head = b""
        self.is_ended = not more
        return before, body, after
