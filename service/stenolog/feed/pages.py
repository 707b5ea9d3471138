"""Declare how public events are read: a page of one tenant's, behind a position."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from stenolog.log.event import Event

EVENTS_PER_PAGE_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedQuery:
    """What is read.

    Attributes:
        after: Behind this position of the log.
        until: Up to this position.
        types: The log's names of the types that are wanted; None: all.
        limit: At most so many events.
    """

    tenant: str
    after: int
    until: int
    types: frozenset[str] | None
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPage:
    """What was read.

    Attributes:
        events: In the order of the log; each is of the tenant, and of a type that is wanted.
        previous: The `sequence` of the event before the first one, or of the last one there is
            where there are none, among those that are wanted; 0: there is none.
        position: The place to go on from: nothing that is wanted stands between it and the events.
        more: Whether more was there to be read.
    """

    events: Sequence[Event]
    previous: int
    position: int
    more: bool


class PublicEvents(Protocol):
    """Reads public events; the store of the log keeps this promise."""

    async def public(self, query: FeedQuery) -> FeedPage:
        """Return a page.

        Raises:
            RecordDamaged: The next one is damaged or missing: nothing is passed over unless the
                reader goes on from the `go_on_from` beside it. Where one is further on, the page
                ends before it.
            StoreUnavailable: The log cannot be read now.
        """
        ...

    async def at(self, tenant: str, positions: Sequence[int]) -> Sequence[Event]:
        """Return the events at these positions, of which there are `EVENTS_PER_PAGE_MAX` at most.

        Raises:
            RecordDamaged: One of them is damaged, missing, or no public event of the tenant.
            StoreUnavailable: The log cannot be read now.
        """
        ...

    async def count(self, query: FeedQuery) -> int:
        """Count what a page would have; `limit` may be greater here.

        Raises:
            StoreUnavailable: The log cannot be read now.
        """
        ...
