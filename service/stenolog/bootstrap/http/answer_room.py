"""Bound the memory of answers that the other sides have not taken."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from stenolog.bootstrap.http.figures import Figures
from stenolog.errors import StoreUnavailable

BYTES_MAX = 24 << 20  # over all connections; beyond it whoever reads slowest is broken off
SHARES = 2  # no answer counts for more than one of them, so none is too large by itself
CROWDED_MS = 1_000  # of waiting for others, after which the slowest reader has to yield
WAIT_MS_MAX = 15_000  # for others, all together


class AnswerRoom:
    """Counts the answers that stand, and lets a large one be made when there is room for it.

    Attributes:
        break_off_slowest: Ends the answer that has stood longest, if it has stood so many
            milliseconds; returns whether there was one.
    """

    def __init__(
        self, figures: Figures, *, bytes_max: int = BYTES_MAX, crowded_ms: int = CROWDED_MS
    ) -> None:
        """Start with all of it free; `figures` shows what is taken."""
        self.figures = figures
        self.break_off_slowest: Callable[[int], bool] = _nobody
        self._bytes_max = bytes_max
        self._share_bytes = bytes_max // SHARES
        self._counted_bytes = 0
        self._crowded_ms = crowded_ms
        self._freed = asyncio.Event()

    def change(self, before: int, after: int) -> None:
        """Count an answer of which so many bytes stood; what is too much is broken off."""
        self.figures.answers_bytes += after - before
        self._counted_bytes += min(after, self._share_bytes) - min(before, self._share_bytes)
        if after < before:
            self._freed.set()
            self._freed = asyncio.Event()
        while self._counted_bytes > self._bytes_max and self.break_off_slowest(0):
            pass

    async def wait(self) -> None:
        """Return once less than one share is taken; then there is room for any answer.

        Raises:
            StoreUnavailable: There was none for 15 s.
        """
        waited_ms = 0
        while self._counted_bytes >= self._share_bytes:
            try:
                async with asyncio.timeout(self._crowded_ms / 1000):
                    await self._freed.wait()
            except TimeoutError:
                waited_ms += self._crowded_ms
                if self._counted_bytes < self._share_bytes:
                    break  # another one that waited has just made room
                if not self.break_off_slowest(self._crowded_ms) and waited_ms >= WAIT_MS_MAX:
                    raise StoreUnavailable("too many answers are not being read") from None


def _nobody(standing_ms: int) -> bool:
    return False
