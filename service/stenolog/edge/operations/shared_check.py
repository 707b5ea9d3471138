"""Run a check of something that may hang: once at a time, and never waited for too long."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial

from stenolog.errors import StoreError
from stenolog.owned_tasks import log_failure


class SharedCheck:
    """Shares one run of `check` among all who ask while it runs.

    A check that hangs is left running, and no second one is begun: what hangs is asked once,
    however often its state is asked for.
    """

    def __init__(self, check: Callable[[], Awaitable[object]]) -> None:
        """`check` raises a `StoreError` where something is wrong."""
        self._check = check
        self._running: asyncio.Task[str] | None = None
        self._begun_at = 0.0

    @property
    def unanswered_ms(self) -> int:
        """How long the run that is under way has taken; 0: none is."""
        if self._running is None or self._running.done():
            return 0
        return int((time.monotonic() - self._begun_at) * 1000)

    async def fault(self, wait_ms: int) -> str:
        """Return what is wrong, within `wait_ms`; empty: nothing."""
        running = self._running
        if running is None or running.done():
            self._begun_at = time.monotonic()
            running = self._running = asyncio.get_running_loop().create_task(self._run())
            running.add_done_callback(partial(log_failure, event="readiness.check_failed"))
        await asyncio.wait({running}, timeout=wait_ms / 1000)
        if not running.done():
            return f"no answer for {self.unanswered_ms / 1000:.1f} s"
        if running.cancelled() or running.exception() is not None:
            return "the check failed: see the log"
        return running.result()

    async def _run(self) -> str:
        try:
            await self._check()
        except StoreError as exc:
            return str(exc)
        return ""
