"""What a connection sends: never kept without limit, never waited for without end."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable

from stenolog.bootstrap.http.limits import Limits

RESET = struct.pack("ii", 1, 0)  # close without waiting for what is not sent: socket(7)


class Outgoing:
    """Writes to a transport, and knows what the other side has not taken yet."""

    def __init__(
        self, transport: asyncio.Transport, limits: Limits, count: Callable[[int, int], None]
    ) -> None:
        """`count` is told how many bytes were kept, and how many are kept now."""
        # Nothing may be kept unnoticed: we are told as soon as there is a first byte, and of the
        # last one's leaving.
        transport.set_write_buffer_limits(high=0)
        self._transport = transport
        self._limits = limits
        self._count = count
        self._loop = asyncio.get_running_loop()
        self._free: asyncio.Future[None] | None = None  # while the transport keeps bytes
        self._waiting_bytes = 0  # kept by whoever waits for `written`
        self._counted_bytes = 0
        self._given_bytes = 0  # to the transport, ever
        self._seen_at, self._seen_bytes = 0.0, 0  # when the stream was last seen to move

    @property
    def is_clear(self) -> bool:
        """Whether everything that was written has left."""
        return self._free is None

    def write(self, data: bytes | memoryview) -> None:
        """Send this, if anybody is left; the transport keeps what is not taken at once."""
        if self._transport.is_closing():
            return
        self._given_bytes += len(data)
        self._transport.write(data)

    async def written(self, waiting_bytes: int) -> None:
        """Return once all has left, or nothing ever will; the caller keeps so many bytes."""
        if self._free is None:
            return
        self._waiting_bytes = waiting_bytes
        self._recount()
        try:
            if self._free is not None:  # whoever is slowest may just have been closed
                await self._free
        finally:
            self._waiting_bytes = 0
            self._recount()

    def end(self) -> None:
        """Say that no more comes."""
        if self._transport.is_closing():
            return
        try:
            self._transport.write_eof()
        except OSError:  # the other side has reset the connection, and nobody has read so yet
            self._transport.abort()

    def break_off(self, *, is_midway: bool = True) -> None:
        """End the connection at once; midway, so that nobody takes an answer for whole.

        Then it is reset: whoever reads an answer without a length takes a plain end for its last.
        """
        end = self._transport.get_extra_info("socket")
        if (is_midway or not self.is_clear) and not self._transport.is_closing():
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self._transport.abort()
        self.resume()

    def pause(self) -> None:
        """The transport has begun to keep bytes."""
        if self._free is None:
            self._free = self._loop.create_future()
            self._seen_at = self._loop.time()
            self._seen_bytes = self._left_bytes()
            self._recount()

    def resume(self) -> None:
        """The transport keeps none, or is gone."""
        free, self._free = self._free, None
        self._recount()
        if free is not None and not free.done():
            free.set_result(None)

    def is_stuck(self, now: float) -> bool:
        """Whether the other side has taken too little for too long."""
        if self._free is None or (now - self._seen_at) * 1000 < self._limits.unread_ms_max:
            return False
        left = self._left_bytes()
        moved = left - self._seen_bytes
        self._seen_at, self._seen_bytes = now, left
        return moved < self._limits.unread_bytes_min

    def _left_bytes(self) -> int:
        return self._given_bytes - self._transport.get_write_buffer_size()

    def _recount(self) -> None:
        kept = 0
        if self._free is not None:
            kept = self._transport.get_write_buffer_size() + self._waiting_bytes
        before, self._counted_bytes = self._counted_bytes, kept
        if kept != before:
            self._count(before, kept)
