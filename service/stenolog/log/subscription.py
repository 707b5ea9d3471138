"""Follow the log from a saved place, in order, at least once; the only way to follow it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import NoReturn, Protocol

from stenolog.backoff import exponential_ms
from stenolog.errors import RecordDamaged, StoreError
from stenolog.heartbeat import BEAT_EVERY_MS, Heartbeat
from stenolog.log.checkpoint import Checkpoint, is_in_log
from stenolog.log.page import Gap, Page, read_page
from stenolog.log.store import EVENTS_PER_READ_MAX, EventStore

RETRY_FIRST_MS = 100
RETRY_CEILING_MS = 5_000


class Subscriber(Protocol):
    """Processes what it is handed, and knows how far it came; called by one subscription at a time.

    When it raises a `StoreError`, the subscription tries again later, from `saved` on.
    """

    async def saved(self) -> Checkpoint | None:
        """Return the place behind which to go on; None: nothing was ever heeded.

        Asked at the start, and after every failure: a write may have come further than its writer
        knows.
        """
        ...

    async def begin(self, stale: Checkpoint | None) -> Checkpoint:
        """Return the place behind which to begin, now that there is none to go on from.

        `stale` was saved, but is of another log, such as the one before a backup was restored.
        What was made of that log must go; None: nothing was saved.
        """
        ...

    async def handle(self, page: Page) -> bool:
        """Heed the page; everything in it was heeded when this returns.

        At the end of the log the page is empty. Return True to be called again at once although
        there is nothing new. The same events may come again after a failure.
        """
        ...


class Reports(Protocol):
    """Hears what a subscription meets; the subscription itself continues."""

    def record_damaged(self, damaged: RecordDamaged) -> None:
        """Report a record that cannot be read and was passed over, once for each position."""
        ...

    def records_missing(self, missing: Gap) -> None:
        """Report positions without records that were passed over, once for each position."""
        ...

    def interrupted(self, failure: StoreError, retry_in_ms: int) -> None:
        """Report that a store failed; the subscription reads on from the saved place later."""
        ...


class Subscription:
    """Hands a subscriber the log, page by page, and waits where it ends.

    It follows commit order and misses nothing. Records that cannot be read are passed over and
    reported. A store that fails is tried again, after pauses that grow to five seconds.
    """

    def __init__(
        self,
        log: EventStore,
        subscriber: Subscriber,
        reports: Reports,
        *,
        events_per_page: int = EVENTS_PER_READ_MAX,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        assert 0 < events_per_page <= EVENTS_PER_READ_MAX
        self._log = log
        self._subscriber = subscriber
        self._reports = reports
        self._events_per_page = events_per_page
        self._heartbeat = Heartbeat(monotonic)
        self._turn = asyncio.Lock()
        self._woken = asyncio.Event()
        self._at: Checkpoint | None = None
        self._reported = 0  # up to where damage was told

    @property
    def beat_age_ms(self) -> int:
        """How long ago it last looked at the log and had everything heeded that it found.

        More than `BEAT_EVERY_MS` and the time that one page takes: it fails, or hangs.
        """
        return self._heartbeat.age_ms

    def beat(self) -> None:
        """Note progress of a subscriber that is called once for more than a page of work."""
        self._heartbeat.beat()

    def wake(self) -> None:
        """Have the subscriber called although the log has not grown; costs nothing repeated."""
        self._woken.set()

    async def run(self) -> NoReturn:
        """Follow the log until cancelled; of errors, only those that no store raises end it."""
        failures = 0
        while True:
            try:
                moved = await self.step()
                failures = 0
                if not moved:
                    await self._growth()
            except StoreError as exc:
                failures += 1
                retry_in_ms = exponential_ms(
                    failures, first_ms=RETRY_FIRST_MS, ceiling_ms=RETRY_CEILING_MS
                )
                self._reports.interrupted(exc, retry_in_ms)
                await asyncio.sleep(retry_in_ms / 1000)

    async def begin_again(self, prepare: Callable[[], Awaitable[None]]) -> None:
        """Run `prepare` between two pages, and go on from what the subscriber has saved by then.

        Raises:
            StoreError: Whatever `prepare` raised; the saved place is read again all the same.
        """
        async with self._turn:
            self._at = None
            await prepare()
        self.wake()

    async def resume(self) -> Checkpoint:
        """Return the place behind which to go on, which the subscriber has saved or begun at.

        Raises:
            StoreError: A store failed; call again.
        """
        async with self._turn:
            return await self._place()

    async def step(self) -> bool:
        """Have one page heeded; False: there is nothing more to do for now.

        Raises:
            StoreError: A store failed; call again to go on from the saved place.
        """
        async with self._turn:
            after = await self._place()
            self._at = None  # until this page is heeded nobody knows how far it came
            page = await read_page(self._log, after, limit=self._events_per_page)
            more = await self._subscriber.handle(page)
            self._report(page)
            self._at = page.checkpoint
            self._heartbeat.beat()
            return more or page.checkpoint.position > after.position

    async def _place(self) -> Checkpoint:
        if self._at is None:
            saved = await self._subscriber.saved()
            if saved is None or not await is_in_log(self._log, saved):
                saved = await self._subscriber.begin(saved)
            self._at = saved
        return self._at

    def _report(self, page: Page) -> None:
        for gap in page.missing:
            if gap.first > self._reported:
                self._reported = gap.last
                self._reports.records_missing(gap)
        if page.damaged is not None and page.damaged.position > self._reported:
            self._reported = page.damaged.position
            self._reports.record_damaged(page.damaged)

    async def _growth(self) -> None:
        """Return once the log has grown, or this was woken, or a beat is due."""
        if self._at is None:
            return  # it was to begin again meanwhile
        waiting = {
            asyncio.ensure_future(self._log.wait(after=self._at.position)),
            asyncio.ensure_future(self._woken.wait()),
        }
        try:
            done, _ = await asyncio.wait(
                waiting, timeout=BEAT_EVERY_MS / 1000, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                task.result()
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
        self._woken.clear()
