"""Read what is to be pushed to an endpoint next: what happened, a replay, or what failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stenolog.delivery.endpoint_rows import ROWS_PER_FEED_MAX, Feed
from stenolog.delivery.failed_since import FailedSince
from stenolog.endpoints.state import Endpoint, Round
from stenolog.feed.pages import FeedPage, FeedQuery, PublicEvents
from stenolog.log.event import Event
from stenolog.log.store import EventStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """A part of one round.

    Attributes:
        told: Events, each with the `sequence` of the one before it that the endpoint wants.
        to: The place behind them.
        more: Whether there is more.
        done: Whether the round has ended.
    """

    told: Sequence[tuple[Event, int]]
    to: int
    more: bool
    done: bool


class Portions:
    """Reads the log; what is not in it any more, or damaged, is never passed over."""

    def __init__(self, events: PublicEvents, store: EventStore) -> None:
        self._events = events
        self._log = store
        self._failed = FailedSince(store)

    async def next(self, endpoint: Endpoint, feed: Feed) -> Portion:
        """Return what comes behind the feed's place.

        Raises:
            RecordDamaged: A record among them is damaged or missing.
            StoreUnavailable: The log cannot be read now.
        """
        asked = endpoint.rounds[feed.round - 1] if feed.round else None
        if asked is not None and not asked.replay:
            return await self._of_recovery(endpoint, asked, feed.position)
        until = await self._log.head() if asked is None else asked.until
        types = None if asked is None else asked.types
        page = await self._page(endpoint, feed.position, until, types)
        told, previous = [], page.previous
        for event in page.events:
            told.append((event, previous))
            previous = event.sequence
        done = asked is not None and not page.more
        return Portion(told=told, to=page.position, more=page.more, done=done)

    async def _of_recovery(self, endpoint: Endpoint, asked: Round, after: int) -> Portion:
        found = await self._failed.positions(endpoint, asked, after=after)
        told: list[tuple[Event, int]] = []
        for position in found:
            before = await self._page(endpoint, position - 1, position, None)
            events = await self._log.read(after=position - 1, limit=1)
            told += [(one, before.previous) for one in events]
        to = found[-1] if found else after
        return Portion(told=told, to=to, more=bool(found), done=not found)

    async def _page(
        self, endpoint: Endpoint, after: int, until: int, types: frozenset[str] | None
    ) -> FeedPage:
        return await self._events.public(
            FeedQuery(
                tenant=endpoint.tenant,
                after=after,
                until=until,
                types=types or endpoint.settings.wanted,
                limit=ROWS_PER_FEED_MAX,
            )
        )
