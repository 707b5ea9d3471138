"""Read from a connection in pieces of which each is parsed in a few milliseconds."""

from __future__ import annotations

import ssl
from typing import Any

import httpcore

READ_BYTES_MAX = 8 << 10  # 200 interim answers or 1,600 chunks of a byte; more would hold the loop


class SmallReads(httpcore.AsyncNetworkStream):
    """The connection of `inner`; between two reads, others have their turn.

    httpcore asks for 64 KiB, and parses all of it in one turn of the event loop.
    """

    def __init__(self, inner: httpcore.AsyncNetworkStream) -> None:
        self._inner = inner

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return what has come, at most `READ_BYTES_MAX` of it."""
        return await self._inner.read(min(max_bytes, READ_BYTES_MAX), timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of it."""
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        """Close the connection."""
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Return the same within TLS."""
        return SmallReads(await self._inner.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        """Tell what httpcore asks of the connection."""
        return self._inner.get_extra_info(info)
