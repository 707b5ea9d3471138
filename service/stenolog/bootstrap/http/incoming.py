"""What a connection keeps of what it has read: never much, and read on only when it may."""

from __future__ import annotations

import asyncio

from stenolog.bootstrap.http.connections import Connections, Member

READ_LITTLE_BYTES = 1 << 10  # of a head, in a turn of the event loop in which no more is parsed


class Incoming:
    """Keeps the bytes that are read ahead, and pauses the transport while there are any."""

    def __init__(
        self, transport: asyncio.Transport, connections: Connections, member: Member
    ) -> None:
        """Read from the transport of `member`."""
        self.read = b""
        self.start = 0  # what is before it was parsed
        self._transport = transport
        self._connections = connections
        self._member = member
        self._counted_bytes = 0
        self._is_reading = True

    @property
    def ahead_bytes(self) -> int:
        """How much is not parsed yet."""
        return len(self.read) - self.start

    @property
    def is_idle(self) -> bool:
        """Whether all that came was parsed, and more would come by itself."""
        return self._is_reading and not self.ahead_bytes

    def buffer(self, *, large: bool) -> memoryview:
        """Give the memory to read into: all of it for a long body, little for what may stay."""
        scratch = self._connections.scratch
        if large:
            return scratch
        if self._connections.reading.is_over:
            return scratch[:READ_LITTLE_BYTES]
        return scratch[: self._connections.limits.ahead_bytes_max]

    def filled(self, size: int) -> None:
        """Keep what was read into the buffer, before another connection uses it."""
        read = bytes(self._connections.scratch[:size])
        self.read = self.read[self.start :] + read if self.ahead_bytes else read
        self.start = 0

    def parsed(self, size: int) -> None:
        """Drop the first bytes."""
        self.start += size
        if not self.ahead_bytes:
            self.drop()

    def drop(self) -> None:
        """Keep nothing of what came."""
        self.read, self.start = b"", 0

    def settle(self, *, may_read: bool, held_bytes: int) -> None:
        """Read on, or not; where all connections keep too much, one of them is closed.

        `held_bytes` is what the parser keeps of what it had.
        """
        if self.start > self.ahead_bytes:  # or a few bytes would keep all of a read
            self.read, self.start = self.read[self.start :], 0
        kept = self.ahead_bytes + held_bytes
        if kept != self._counted_bytes:
            before, self._counted_bytes = self._counted_bytes, kept
            self._connections.keep_ahead(self._member, before, kept)
        reading = may_read and not self.ahead_bytes
        if reading != self._is_reading and not self._transport.is_closing():
            self._is_reading = reading
            if reading:
                self._transport.resume_reading()
            else:
                self._transport.pause_reading()

    def close(self) -> None:
        """Keep nothing any more."""
        self.drop()
        self.settle(may_read=False, held_bytes=0)
