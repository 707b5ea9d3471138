"""What a consumer is told: events with what is said beside them, in pages and in leased batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stenolog.feed.pages import FeedPage
from stenolog.log.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An event as a consumer is told of it.

    Attributes:
        previous: The `sequence` of the event before it among those that the consumer wants.
        attempt: How often it was given to a worker, with this time; 0: to a reader without leases.
    """

    event: Event
    previous: int
    attempt: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A page of what is not acknowledged.

    Attributes:
        position: What to acknowledge when all of it is done, also where it is empty.
        more: Whether there is more behind it.
    """

    told: Sequence[Told]
    position: int
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What a worker may work on, alone, until the lease ends; without events there is no lease."""

    lease: str
    until_ms: int
    told: Sequence[Told]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a worker asks for."""

    limit: int
    lease_ms: int
    wait_ms: int


def told_of(page: FeedPage) -> list[Told]:
    """Return the events of a page, each with the one before it."""
    told, previous = [], page.previous
    for event in page.events:
        told.append(Told(event=event, previous=previous))
        previous = event.sequence
    return told
