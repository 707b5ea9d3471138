"""What a connection has read and not parsed yet: never much, and read on only when it may."""

from __future__ import annotations

import asyncio

from stenolog.bootstrap.http.connections import Connections


class Incoming:
    """Keeps the bytes that are read ahead, and pauses the transport while there are any.

    Attributes:
        ahead: Not parsed yet.
    """

    def __init__(self, transport: asyncio.Transport, connections: Connections) -> None:
        """Read from `transport`."""
        self.ahead = b""
        self._transport = transport
        self._connections = connections
        self._counted_bytes = 0
        self._is_reading = True

    @property
    def is_idle(self) -> bool:
        """Whether all that came was parsed, and more would come by itself."""
        return self._is_reading and not self.ahead

    def buffer(self, *, in_body: bool) -> memoryview:
        """Give the memory to read into: all of it for a body, little for what may come ahead."""
        scratch = self._connections.scratch
        return scratch if in_body else scratch[: self._connections.limits.ahead_bytes_max]

    def filled(self, size: int) -> None:
        """Keep what was read into the buffer, before another connection uses it."""
        read = bytes(self._connections.scratch[:size])
        self.ahead = self.ahead + read if self.ahead else read

    def parsed(self, size: int) -> None:
        """Drop the first bytes."""
        self.ahead = self.ahead[size:]

    def settle(self, *, may_read: bool) -> bool:
        """Read on, or not; return False when all connections together have read too far ahead."""
        change = len(self.ahead) - self._counted_bytes
        self._counted_bytes += change
        fits = not change or self._connections.keep_ahead(change)
        reading = may_read and not self.ahead
        if reading != self._is_reading and not self._transport.is_closing():
            self._is_reading = reading
            if reading:
                self._transport.resume_reading()
            else:
                self._transport.pause_reading()
        return fits

    def close(self) -> None:
        """Keep nothing any more."""
        self.ahead = b""
        self.settle(may_read=False)
