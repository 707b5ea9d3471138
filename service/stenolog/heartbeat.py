"""Tell for how long a loop has not done its round; a loop that rests goes on beating."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

BEAT_EVERY_MS = 10_000  # a loop with nothing to do beats this often


class Heartbeat:
    """Counts the time since a loop last did its round, or came by while it rested.

    It is the loop itself that beats: one that hangs within a call beats no more.
    """

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        *,
        beat_every_ms: int = BEAT_EVERY_MS,
    ) -> None:
        """Begin as if it had just beaten; `monotonic` gives seconds."""
        self._monotonic = monotonic
        self._beat_every_ms = beat_every_ms
        self._beat_at = monotonic()

    @property
    def age_ms(self) -> int:
        """How long ago it last beat, in ms.

        More than `BEAT_EVERY_MS` and the time that one round takes: the loop fails, or hangs.
        """
        return int((self._monotonic() - self._beat_at) * 1000)

    def beat(self) -> None:
        """Note that the loop has come by; costs nothing repeated."""
        self._beat_at = self._monotonic()

    async def rest(self, wait_ms: float) -> None:
        """Return after `wait_ms`, beating at the beginning, at the end, and in between."""
        left_ms = wait_ms
        while left_ms > 0:
            self.beat()
            await asyncio.sleep(min(left_ms, self._beat_every_ms) / 1000)
            left_ms -= self._beat_every_ms
        self.beat()
