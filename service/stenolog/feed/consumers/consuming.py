"""Tell a named consumer what it has not acknowledged: to one reader, or to competing workers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from uuid import uuid4

from stenolog.clock import NowMs
from stenolog.errors import NotFound, RecordDamaged
from stenolog.feed.consumers.batches import Batch, Told, Unread, Wish, told_of
from stenolog.feed.consumers.books import (
    OPEN_MAX,
    Claim,
    Claimed,
    Consumer,
    ConsumerBooks,
    Open,
    TakenIn,
    Wanted,
)
from stenolog.feed.consumers.standing import UNKNOWN, Standing
from stenolog.feed.news import News
from stenolog.feed.pages import EVENTS_PER_PAGE_MAX, FeedPage, FeedQuery, PublicEvents

UNSAVED_MAX = 1_000  # positions without an event that it wants: so many may be looked at again

StillAllowed = Callable[[], Awaitable[object]]
"""Raises once the key of who waits is revoked."""


class Consuming:
    """Reads the log for consumers, and writes in their books what they take."""

    def __init__(
        self,
        standing: Standing,
        events: PublicEvents,
        books: ConsumerBooks,
        news: News,
        now_ms: NowMs,
    ) -> None:
        self._standing = standing
        self._events = events
        self._books = books
        self._news = news
        self._now_ms = now_ms

    async def unread(
        self, tenant: str, name: str, limit: int, wait_ms: int, still_allowed: StillAllowed
    ) -> Unread:
        """Return the oldest events that are not acknowledged; where there is none, after a wait.

        Raises:
            NotFound: There is no such consumer.
            ElsewhereInTheLog: Nobody knows where it stands.
            RecordDamaged: The next event is damaged or missing.
        """
        ends = self._ends(wait_ms)
        while True:
            news = self._news.of(tenant, name)
            consumer = await self._standing.known(tenant, name)
            unread = await self._unread(consumer, limit)
            if unread.told or not await self._waited(news, ends, None):
                return unread
            await still_allowed()

    async def claim(self, tenant: str, name: str, wish: Wish, still_allowed: StillAllowed) -> Batch:
        """Lease a batch for one worker; where nothing can be had, after a wait. Raises as `unread`.

        Within a transcription in order: a later event of one is not given while an earlier one is
        held by another worker, or held back.
        """
        ends = self._ends(wish.wait_ms)
        while True:
            news = self._news.of(tenant, name)
            consumer = await self._standing.known(tenant, name)
            claim = Claim(
                lease=str(uuid4()),
                limit=wish.limit,
                now_ms=(now_ms := self._now_ms()),
                until_ms=now_ms + wish.lease_ms,
            )
            claimed = await self._claimed(consumer, claim)
            if claimed.events:
                told = await self._read(consumer, claim, claimed.events)
                return Batch(lease=claim.lease, until_ms=claim.until_ms, told=told)
            if not await self._waited(news, ends, claimed.next_ms):
                return Batch(lease=claim.lease, until_ms=claim.until_ms, told=())
            await still_allowed()

    async def acknowledge_lease(self, tenant: str, name: str, lease: str, until: int | None) -> int:
        """Acknowledge what a worker holds, up to a position; return how many events were.

        Raises:
            NotFound: There is no such consumer.
            ElsewhereInTheLog: Nobody knows where it stands.
            LeaseEnded: Another worker may have it.
        """
        await self._standing.known(tenant, name)
        count = await self._books.acknowledge_lease(
            tenant, name, lease, until=until, now_ms=self._now_ms()
        )
        self._news.wake(tenant, name)
        return count

    async def release(self, tenant: str, name: str, lease: str, retry_in_ms: int) -> int:
        """Give back what a worker holds, to be had again after so long; raises as above."""
        await self._standing.known(tenant, name)
        now_ms = self._now_ms()
        count = await self._books.release(
            tenant, name, lease, now_ms=now_ms, again_at_ms=now_ms + retry_in_ms
        )
        self._news.wake(tenant, name)
        return count

    async def acknowledge(self, tenant: str, name: str, until: int) -> None:
        """Acknowledge everything up to a position of the present epoch.

        Raises:
            NotFound: There is no such consumer.
            ElsewhereInTheLog: Nobody knows where it stands.
            HeldByWorkers: A worker holds some of it.
        """
        await self._standing.known(tenant, name)
        await self._books.acknowledge(tenant, name, until=until, now_ms=self._now_ms())

    async def reset(self, tenant: str, name: str, to: int) -> None:
        """Go on behind a position of the present epoch; all leases end, and all doubts.

        Raises:
            NotFound: There is no such consumer.
        """
        if not await self._books.reset(tenant, name, to=to):
            raise NotFound(UNKNOWN)
        self._news.wake(tenant, name)

    def _ends(self, wait_ms: int) -> float:
        return asyncio.get_running_loop().time() + wait_ms / 1000

    async def _waited(self, news: asyncio.Event, ends: float, next_ms: int | None) -> bool:
        """Wait until there may be something; False: the time is over."""
        left = ends - asyncio.get_running_loop().time()
        if left <= 0 or self._news.is_over:
            return False
        if next_ms is not None:
            left = min(left, max(0, next_ms - self._now_ms()) / 1000)
        await self._news.wait(news, left)
        return True

    async def _page(self, consumer: Consumer, after: int, limit: int) -> FeedPage:
        return await self._events.public(
            FeedQuery(
                tenant=consumer.tenant,
                after=after,
                until=self._news.readable,
                types=consumer.types,
                limit=limit,
            )
        )

    async def _unread(self, consumer: Consumer, limit: int) -> Unread:
        held = await self._books.open(consumer.tenant, consumer.name, limit=limit)
        told = await self._events_of(consumer, held.events)
        if len(told) == limit or len(told) < held.count:
            more = len(told) < held.count or self._news.readable > held.taken_to
            return Unread(told=told, position=held.events[-1].position, more=more)
        try:
            page = await self._page(consumer, held.taken_to, limit - len(told))
        except RecordDamaged:
            if not told:
                raise
            return Unread(told=told, position=held.taken_to, more=True)
        return Unread(told=[*told, *told_of(page)], position=page.position, more=page.more)

    async def _claimed(self, consumer: Consumer, claim: Claim) -> Claimed:
        taken, damage = None, None
        room = min(claim.limit, OPEN_MAX - consumer.open, EVENTS_PER_PAGE_MAX)
        if room > 0 and self._news.readable > consumer.taken_to:
            try:
                taken = _taken_in(consumer, await self._page(consumer, consumer.taken_to, room))
            except RecordDamaged as exc:
                damage = exc
        claimed = Claimed(events=(), next_ms=None)
        if taken is not None or consumer.open:
            found = await self._books.claim(consumer.tenant, consumer.name, claim, taken)
            if found is None:
                raise NotFound(UNKNOWN)
            claimed = found
        if damage is not None and not claimed.events:
            raise damage
        return claimed

    async def _read(self, consumer: Consumer, claim: Claim, rows: Sequence[Open]) -> Sequence[Told]:
        """Return the events of a lease, or end it: nobody else knows its name."""
        try:
            return await self._events_of(consumer, rows)
        except BaseException:
            await self._books.release(
                consumer.tenant,
                consumer.name,
                claim.lease,
                now_ms=claim.now_ms,
                again_at_ms=claim.now_ms,
            )
            raise

    async def _events_of(self, consumer: Consumer, rows: Sequence[Open]) -> list[Told]:
        events = await self._events.at(consumer.tenant, [row.position for row in rows])
        return [
            Told(event=event, previous=row.previous, attempt=row.attempts)
            for event, row in zip(events, rows, strict=True)
        ]


def _taken_in(consumer: Consumer, page: FeedPage) -> TakenIn | None:
    """Return what is to be taken in; None: it is not worth a commit."""
    if not page.events and page.position - consumer.taken_to < UNSAVED_MAX:
        return None
    wanted = [
        Wanted(position=one.event.position, stream=one.event.stream, previous=one.previous)
        for one in told_of(page)
    ]
    return TakenIn(after=consumer.taken_to, to=page.position, events=wanted)
