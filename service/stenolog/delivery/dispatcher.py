"""Take due deliveries from the outbox, have them sent, and record how they ended."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

import structlog

from stenolog.clock import NowMs
from stenolog.delivery.delivering import STORE_RETRY_MS, Delivering
from stenolog.delivery.outbox import Leased, Outbox
from stenolog.delivery.rules import LEASE_MS
from stenolog.errors import StoreError
from stenolog.heartbeat import BEAT_EVERY_MS, Heartbeat

# DECISIONS 49: one tenant's silent receivers hold up nobody else's.
ATTEMPTS_AT_ONCE_MAX = 256  # a tenant alone gets half of them; see `slots`
ATTEMPTS_PER_LANE_MAX = 32  # of a tenant's calls of one host and port that does not answer
DRAIN_MS = 3_000  # for attempts under way when the service stops

log = structlog.get_logger(__name__)


class Dispatcher:
    """Calls due webhooks until cancelled; `wake` may be called at any time on its loop.

    After a crash an attempt that was not recorded is made again. When the last attempt was
    recorded, only the fact is still to be appended; if the log has it already, its dedupe key says
    so, and the delivery is removed.
    """

    def __init__(
        self,
        outbox: Outbox,
        delivering: Delivering,
        *,
        now_ms: NowMs,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._outbox = outbox
        self._delivering = delivering
        self._now_ms = now_ms
        self._heartbeat = Heartbeat(monotonic)
        self._busy: dict[asyncio.Task[None], Leased] = {}
        self._stirred = asyncio.Event()

    @property
    def beat_age_ms(self) -> int:
        """How long ago it last looked at the outbox and began what had room.

        More than `BEAT_EVERY_MS` and the time that a look takes: the outbox fails, or it hangs.
        """
        return self._heartbeat.age_ms

    def wake(self) -> None:
        """Look at the outbox: something may be due. Costs nothing when repeated."""
        self._stirred.set()

    async def run(self) -> None:
        """Deliver what is due, as it falls due; when cancelled, attempts have 3 s to end."""
        recovered = False
        try:
            while True:
                self._stirred.clear()
                try:
                    if not recovered:
                        await self._outbox.recover(self._now_ms())
                        recovered = True
                    wait_ms = min(await self._start_due(), BEAT_EVERY_MS)
                    self._heartbeat.beat()
                except StoreError as exc:
                    log.warning(
                        "dispatcher.interrupted", reason=str(exc), retry_in_ms=STORE_RETRY_MS
                    )
                    wait_ms = STORE_RETRY_MS
                # Not `wait_for`: in Python 3.11 it loses a cancellation that comes with a stir.
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait_ms / 1000):
                        await self._stirred.wait()
        finally:
            await self._drain()

    async def _start_due(self) -> int:
        """Start what is due and has room; return how long until more may be due."""
        if len(self._busy) >= ATTEMPTS_AT_ONCE_MAX:
            return BEAT_EVERY_MS  # the next one to end stirs us
        now_ms = self._now_ms()
        taken = await self._outbox.take(
            now_ms,
            until_ms=now_ms + LEASE_MS,
            busy=tuple(self._busy.values()),
            at_once=ATTEMPTS_AT_ONCE_MAX,
            per_lane=ATTEMPTS_PER_LANE_MAX,
        )
        for leased in taken.leases:
            task = asyncio.create_task(self._delivering.work(leased))
            self._busy[task] = leased
            task.add_done_callback(self._ended)
        if taken.next_due_ms is None:
            return BEAT_EVERY_MS
        return max(0, taken.next_due_ms - self._now_ms())

    def _ended(self, task: asyncio.Task[None]) -> None:
        leased = self._busy.pop(task)
        self._stirred.set()
        if not task.cancelled() and task.exception() is not None:
            # Not even counting its fault succeeded: it falls due with its lease.
            log.error("delivery.died", position=leased.position, exc_info=task.exception())

    async def _drain(self) -> None:
        """Wait for answers that are on their way; what takes longer is sent again after a start."""
        if self._busy:
            _, late = await asyncio.wait(self._busy, timeout=DRAIN_MS / 1000)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
