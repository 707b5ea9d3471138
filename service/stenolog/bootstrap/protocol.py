"""Limit the head of a request on a connection, in bytes and in time.

The server's own protocol collects headers as long as they come, and closes only connections that
were answered and are idle.
"""

from __future__ import annotations

import json
from asyncio import TimerHandle
from http import HTTPStatus
from typing import Any

import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES_MAX = 64 << 10  # twice what the application takes, which refuses in its own forms
HEAD_MS_MAX = 10_000  # from the head's first byte to its last
WIRE_PREFIX = b"/v2/"
TEXT = "text/plain; charset=utf-8"
TOO_LARGE = f"The head of a request has at most {HEAD_BYTES_MAX} bytes."

log = structlog.get_logger()


class BoundedHeads(HttpToolsProtocol):
    """Answers a head over `head_bytes_max` with 431, and closes on one that takes too long.

    Trailers and the extensions of chunks count as a head, because the parser keeps them as well. A
    head that begins in the same read as the end of another request may have up to twice the limit.
    """

    head_bytes_max = HEAD_BYTES_MAX
    head_ms_max = HEAD_MS_MAX

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.url = b""  # of the request whose head is being read; nothing before the first
        self._awaits_head = True  # of the first request, or of the one after the last
        self._in_head = False
        self._kept_bytes = 0  # taken by the parser since it last handed something on whole
        self._head_timer: TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Allow the connection to be silent for as long as one that has been answered."""
        super().connection_made(transport)
        self._await_anything()

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the timers."""
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
        self._unset_head_timer()

    def data_received(self, data: bytes) -> None:
        """Parse the data, unless a limit is reached first."""
        while data and not self.transport.is_closing():
            size = self.head_bytes_max - self._kept_bytes if self._awaits_head else len(data)
            part, data = data[:size], data[size:]
            self._kept_bytes += len(part)
            super().data_received(part)
            if self._kept_bytes >= self.head_bytes_max and not self.transport.is_closing():
                self._refuse()
        if self.transport.is_closing():
            self._unset_head_timer()
        elif self._in_head:
            self._head_timer = self._head_timer or self.loop.call_later(
                self.head_ms_max / 1000, self._head_overdue
            )
        else:
            self._unset_head_timer()
            self._await_anything()

    def on_message_begin(self) -> None:
        """Note that a head has begun."""
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Note that the head is whole."""
        self._awaits_head = self._in_head = False
        self._kept_bytes = 0
        self._unset_head_timer()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Note that some of the body was handed on."""
        self._kept_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note that the request is whole."""
        self._awaits_head = True
        self._kept_bytes = 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be parsed, and close the connection."""
        self._say(HTTPStatus.BAD_REQUEST, msg)
        self.transport.close()

    def _unsupported_upgrade_warning(self) -> None:
        # Java's client offers HTTP/2 on every new connection; that we stay with 1.1 is no fault.
        log.info("edge.upgrade_ignored")

    def _await_anything(self) -> None:
        """Close when nothing comes; uvicorn stops waiting at the first byte, whatever it is."""
        answered = self.cycle is None or self.cycle.response_complete
        if answered and self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def _refuse(self) -> None:
        log.info("edge.head_refused", reason="too_large")
        if self._awaits_head and (self.cycle is None or self.cycle.response_complete):
            self._say(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, TOO_LARGE)
        self.transport.close()

    def _say(self, status: HTTPStatus, text: str) -> None:
        wire = self.url.startswith(WIRE_PREFIX)
        self.transport.write(_refusal(status, text, wire=wire))

    def _head_overdue(self) -> None:
        self._head_timer = None
        log.info("edge.head_refused", reason="too_slow")
        self.shutdown()  # at once, or after the answer to the request before

    def _unset_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


def _refusal(status: HTTPStatus, text: str, *, wire: bool) -> bytes:
    """Return the whole answer, as AssemblyAI's surface says no or as text."""
    kind, body = ("application/json", json.dumps({"error": text})) if wire else (TEXT, text)
    return (
        f"HTTP/1.1 {status.value} {status.phrase}\r\n"
        f"content-type: {kind}\r\n"
        f"content-length: {len(body)}\r\n"
        f"connection: close\r\n\r\n{body}"
    ).encode()
