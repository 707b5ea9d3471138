"""Read a page of public events once for all who wait for the same at the same moment."""

from __future__ import annotations

import asyncio
from weakref import WeakValueDictionary

from stenolog.bounded import BoundedMemory
from stenolog.feed.pages import FeedPage, FeedQuery, PublicEvents

PAGES_KEPT_MAX = 32
KEPT_MS_MAX = 1_000
EVENTS_KEPT_MAX = (
    20  # in a page: who catches up reads longer ones, and stands elsewhere than others
)


class SharedPages:
    """Remembers short pages for a moment: what is committed does not change.

    An event wakes every stream of its tenant, and nearly all of them stand at the same place.
    """

    def __init__(self, events: PublicEvents) -> None:
        self._events = events
        self._kept = BoundedMemory[FeedQuery, FeedPage](PAGES_KEPT_MAX, age_ms_max=KEPT_MS_MAX)
        self._reading: WeakValueDictionary[FeedQuery, asyncio.Lock] = WeakValueDictionary()

    async def public(self, query: FeedQuery) -> FeedPage:
        """Return a page; raises as `PublicEvents.public`."""
        page = self._kept.get(query)
        if page is not None:
            return page
        lock = self._reading.setdefault(query, asyncio.Lock())
        async with lock:
            page = self._kept.get(query)
            if page is None:
                page = await self._events.public(query)
                if len(page.events) <= EVENTS_KEPT_MAX:
                    self._kept.put(query, page)
            return page
