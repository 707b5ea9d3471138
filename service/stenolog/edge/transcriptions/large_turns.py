"""Have large requests wait for each other, so that few are in memory at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from stenolog.edge.transcriptions.beside import INLINE_BYTES_MAX
from stenolog.errors import StoreUnavailable
from stenolog.projections.views import Room

BYTES_MAX = 2 << 20  # of JSON at once; what is made of it can take six times as much
WAITING_MAX = 64  # calls of one tenant; connections bound them over all tenants
WAIT_MS_MAX = 15_000


class LargeTurns:
    """Gives turns in the order of asking; a tenant waits for one call of each other tenant."""

    def __init__(
        self,
        room: Room,
        *,
        bytes_max: int = BYTES_MAX,
        waiting_max: int = WAITING_MAX,
        wait_ms_max: int = WAIT_MS_MAX,
    ) -> None:
        """`room` returns once a large answer may be made."""
        self._room = room
        self._bytes_max = bytes_max
        self._waiting_max = waiting_max
        self._wait_ms_max = wait_ms_max
        self._taken_bytes = 0
        self._freed = asyncio.Event()
        self._waiting: Counter[str] = Counter()  # only of tenants that have some
        self._first = asyncio.Lock()
        self._first_of_tenant: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(self, tenant: str, size_bytes: int) -> AsyncIterator[None]:
        """Hold a turn for a request of `size_bytes` as JSON; a small one needs none.

        Raises:
            StoreUnavailable: The tenant has too many that wait, or this one waited too long.
        """
        if size_bytes <= INLINE_BYTES_MAX:
            yield
            return
        if self._waiting[tenant] >= self._waiting_max:
            raise StoreUnavailable("this tenant has too many large requests that wait")
        self._waiting[tenant] += 1
        try:
            await self._room(0)
            await self._take(tenant, size_bytes)
        finally:
            self._waiting[tenant] -= 1
            if not self._waiting[tenant]:
                del self._waiting[tenant]
        try:
            yield
        finally:
            self._taken_bytes -= size_bytes
            self._freed.set()

    async def _take(self, tenant: str, size_bytes: int) -> None:
        # A tenant stands in the line of all with one call at a time: its next comes behind whoever
        # else waits there.
        first_of_tenant = self._first_of_tenant.setdefault(tenant, asyncio.Lock())
        try:
            async with asyncio.timeout(self._wait_ms_max / 1000):
                async with first_of_tenant, self._first:
                    while self._taken_bytes and self._taken_bytes + size_bytes > self._bytes_max:
                        self._freed.clear()
                        await self._freed.wait()
                    self._taken_bytes += size_bytes
        except TimeoutError as exc:
            raise StoreUnavailable("too many large requests are under way") from exc
