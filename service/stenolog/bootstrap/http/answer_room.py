"""Bound the memory of answers that the other sides have not taken."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from stenolog.bootstrap.http.figures import Figures
from stenolog.bootstrap.http.paced import Paced
from stenolog.errors import StoreUnavailable

BYTES_MAX = 24 << 20  # over all connections; beyond it whoever reads slowest is broken off
SHARES = 2  # no answer counts for more than one of them, so none is too large by itself
CROWDED_MS = 1_000  # of waiting for others, after which the slowest reader has to yield
WAIT_MS_MAX = 15_000  # for others, all together
BYTES_PER_TURN = 1 << 20  # of the event loop; to make and send so much takes about 1 ms


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
        self._made_bytes: dict[asyncio.Task[object], int] = {}  # for answers that are being made
        self._crowded_ms = crowded_ms
        self._freed = asyncio.Event()
        self._paced = Paced(BYTES_PER_TURN)

    def change(self, before: int, after: int) -> None:
        """Count an answer of which so many bytes stood; what is too much is broken off."""
        self.figures.answers_bytes += after - before
        self._counted_bytes += min(after, self._share_bytes) - min(before, self._share_bytes)
        if after > before and self._made_bytes:
            self._begun(asyncio.current_task())
        if after < before:
            self._tell_freed()
        while self._counted_bytes > self._bytes_max and self.break_off_slowest(0):
            pass

    async def wait(self, bytes_max: int = 0) -> None:
        """Return once there is room for an answer of at most so many bytes; 0: of a few.

        Of those for which there is room, few begin in the same turn of the event loop.

        There is room while less than one share is taken and, with what is being made, at most
        all of it; an answer that is larger is made alone. The room is the caller's task's, until
        that begins to send the answer, asks again, or ends.

        Raises:
            StoreUnavailable: There was none for 15 s.
        """
        task, waited_ms = asyncio.current_task(), 0
        self._begun(task)
        while not self._has(bytes_max):
            try:
                async with asyncio.timeout(self._crowded_ms / 1000):
                    await self._freed.wait()
            except TimeoutError:
                waited_ms += self._crowded_ms
                if self._has(bytes_max):
                    break  # another one that waited has just made room
                crowded = self._counted_bytes >= self._share_bytes
                is_freed = crowded and self.break_off_slowest(self._crowded_ms)
                if not is_freed and waited_ms >= WAIT_MS_MAX:
                    raise StoreUnavailable("too many answers are not being read") from None
        if bytes_max and task is not None:
            self._made_bytes[task] = bytes_max
            task.add_done_callback(self._begun)
            await self._paced.wait(bytes_max)

    def _has(self, bytes_max: int) -> bool:
        if self._counted_bytes >= self._share_bytes:
            return False
        made = sum(self._made_bytes.values())
        return not (made and bytes_max) or (
            self._counted_bytes + made + bytes_max <= self._bytes_max
        )

    def _begun(self, task: asyncio.Task[object] | None) -> None:
        """What the task makes is counted as an answer from here on, or is made no more."""
        if task is not None and self._made_bytes.pop(task, 0):
            self._tell_freed()

    def _tell_freed(self) -> None:
        self._freed.set()
        self._freed = asyncio.Event()


def _nobody(standing_ms: int) -> bool:
    return False
