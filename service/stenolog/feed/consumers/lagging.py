"""Measure how far behind the log a consumer is."""

from __future__ import annotations

from dataclasses import dataclass, replace

from stenolog.clock import NowMs, microseconds
from stenolog.errors import RecordDamaged
from stenolog.feed.consumers.books import Consumer, ConsumerBooks
from stenolog.feed.news import News
from stenolog.feed.pages import FeedQuery, PublicEvents

COUNTED_MAX = 10_000  # behind what was taken in: counting is a look at each


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumerLag:
    """What a consumer has not acknowledged.

    Attributes:
        events: How many there are.
        is_more: There are more than were counted.
        oldest_at: The time of the oldest; None without any, or where its record is damaged.
    """

    events: int
    is_more: bool
    oldest_at: str | None
    oldest_age_ms: int | None


class Lags:
    """Measures them by what may be told now."""

    def __init__(
        self, events: PublicEvents, books: ConsumerBooks, news: News, now_ms: NowMs
    ) -> None:
        self._events = events
        self._books = books
        self._news = news
        self._now_ms = now_ms

    async def of(self, consumer: Consumer) -> ConsumerLag:
        """Count what is open, and what is behind that.

        Raises:
            StoreUnavailable: Log or books cannot be read now.
        """
        behind = FeedQuery(
            tenant=consumer.tenant,
            after=consumer.taken_to,
            until=self._news.readable,
            types=consumer.types,
            limit=COUNTED_MAX + 1,
        )
        count = await self._events.count(behind)
        oldest_at = None
        if count or consumer.open:
            oldest_at = await self._oldest_at(consumer, behind)
        return ConsumerLag(
            events=consumer.open + min(count, COUNTED_MAX),
            is_more=count > COUNTED_MAX,
            oldest_at=oldest_at,
            oldest_age_ms=None if oldest_at is None else self._age_ms(oldest_at),
        )

    async def _oldest_at(self, consumer: Consumer, behind: FeedQuery) -> str | None:
        try:
            held = await self._books.open(consumer.tenant, consumer.name, limit=1)
            for row in held.events:
                return (await self._events.at(consumer.tenant, [row.position]))[0].time
            page = await self._events.public(replace(behind, limit=1))
            return page.events[0].time if page.events else None
        except RecordDamaged:
            return None

    def _age_ms(self, time: str) -> int:
        return max(0, self._now_ms() - microseconds(time) // 1000)
