"""Tell those who wait for a tenant's next public event that there may be one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Protocol
from weakref import WeakValueDictionary

from stenolog.backoff import exponential_ms
from stenolog.errors import RecordDamaged, StoreError
from stenolog.log.store import EVENTS_PER_READ_MAX, EventStore

RETRY_FIRST_MS = 100
RETRY_CEILING_MS = 5_000


Waiting = tuple[str, str]
"""A tenant, and the name of one of its consumers, or nothing."""


class Readable(Protocol):
    """Tells up to where the log can be read in the views; the projector keeps this promise."""

    @property
    def position(self) -> int:
        """Up to where, now."""
        ...

    async def wait_projected(self, position: int) -> int:
        """Return up to where, once it is at least there."""
        ...


class News:
    """Follows the log as far as it is readable in the views, and wakes whom an event concerns.

    An outcome is told once the views show it: whoever hears of it can read it. A call that wakes
    nobody for something loses nothing: whoever waits has read the log before, and reads it again.

    Attributes:
        is_over: The service stops: nobody waits any more.
    """

    def __init__(self, log: EventStore, readable: Readable) -> None:
        self._log = log
        self._readable = readable
        self._waited_for: WeakValueDictionary[Waiting, asyncio.Event] = WeakValueDictionary()
        self._told = 0  # up to where
        self.is_over = False

    @property
    def readable(self) -> int:
        """Up to which position events may be told."""
        return self._readable.position

    async def run(self) -> None:
        """Follow until cancelled."""
        failures = 0
        while True:
            readable = await self._readable.wait_projected(self._told + 1)
            try:
                await self._tell_up_to(readable)
                failures = 0
            except StoreError:
                failures += 1
                pause_ms = exponential_ms(
                    failures, first_ms=RETRY_FIRST_MS, ceiling_ms=RETRY_CEILING_MS
                )
                await asyncio.sleep(pause_ms / 1000)

    def of(self, tenant: str, consumer: str = "") -> asyncio.Event:
        """Return what is set at the next event of this tenant's; take it before you read.

        That of a consumer is also set by `wake`.
        """
        event = self._waited_for.get((tenant, consumer))
        if event is None or event.is_set():
            event = self._waited_for[tenant, consumer] = asyncio.Event()
            if self.is_over:
                event.set()
        return event

    def wake(self, tenant: str, consumer: str) -> None:
        """Have those look again who wait as this consumer; the tenant's streams sleep on."""
        self._wake([(tenant, consumer)])

    def stop(self) -> None:
        """Let nobody wait any more."""
        self.is_over = True
        self._wake(list(self._waited_for))

    async def wait(self, news: asyncio.Event, seconds: float) -> None:
        """Return at the next event, or after so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await news.wait()

    async def _tell_up_to(self, readable: int) -> None:
        tenants = {
            tenant for tenant, _ in self._waited_for
        }  # it starts, or was far behind: looking costs them less
        if readable - self._told <= EVENTS_PER_READ_MAX:
            with suppress(RecordDamaged):
                events = await self._log.read(after=self._told, limit=readable - self._told)
                readable = events[-1].position if events else readable
                tenants = {event.tenant for event in events if event.sequence}
        self._told = readable
        self._wake([one for one in self._waited_for if one[0] in tenants])

    def _wake(self, waiting: Iterable[Waiting]) -> None:
        for one in waiting:
            event = self._waited_for.get(one)
            if event is not None:
                event.set()
