"""Declare what is kept of endpoints beside the outbox: how far each was fed, and how it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from stenolog.delivery.outbox import Attempt, Pending
from stenolog.delivery.standing import Standing

PENDING_OF_ENDPOINT_MAX = 10_000  # the log keeps the others
ROWS_PER_FEED_MAX = 128
ATTEMPTS_OF_ENDPOINT_MAX = 1_000  # kept of each, the newest


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """How far the events of one endpoint have been put into the outbox.

    Attributes:
        round: 0 for what happens, else that of a replay or recovery.
        position: Everything up to there was put in; of a recovery, positions in the order of
            the log.
    """

    endpoint: str
    round: int
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointRow:
    """What the outbox must know of an endpoint.

    Attributes:
        pace_ms: Between two messages; 0: no limit.
        pushes: Whether anything is sent: otherwise what is pending ends.
        feeds: Those that it has; `position` counts for new ones alone.
        renewed: Forget how it answered until now.
    """

    endpoint: str
    pace_ms: int
    pushes: bool
    feeds: Sequence[Feed]
    renewed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointAttempt:
    """An attempt at an endpoint; `position` is that of the event."""

    position: int
    round: int
    attempt: Attempt


class EndpointRows(Protocol):
    """Keeps rows of endpoints durably, in one file with the outbox; raises as `Outbox`."""

    async def keep_endpoints(self, rows: Sequence[EndpointRow]) -> None:
        """Bring what is kept of these endpoints in line with what they are."""
        ...

    async def drop_endpoint(self, endpoint: str) -> None:
        """Feed it no more; what is pending for it ends by and by."""
        ...

    async def feeds(self) -> Sequence[Feed]:
        """Read how far each endpoint was fed, but for rounds that are done."""
        ...

    async def feed(
        self, pending: Sequence[Pending], *, feed: Feed, to: int, done: bool = False
    ) -> bool:
        """Add pending deliveries and move the feed to position `to`, in one transaction.

        False: the endpoint, or its tenant, has as much pending as it may; nothing was written.
        `StoreUnavailable` also where the feed is not at its position: read it again.
        """
        ...

    async def standing(self, endpoint: str) -> Standing:
        """Read how the endpoint has answered lately."""
        ...

    async def pending_for(self, endpoint: str) -> int:
        """Count what is pending for the endpoint."""
        ...

    async def attempts_of(
        self, endpoint: str, *, before: tuple[int, int] | None, limit: int
    ) -> Sequence[EndpointAttempt]:
        """Read attempts at the endpoint, the newest first.

        `before` are time and position of the last one of the page before.
        """
        ...
