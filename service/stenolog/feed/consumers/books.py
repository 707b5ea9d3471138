"""Declare the books of named consumers: how far each has come, and what its workers hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from stenolog.errors import RequestError

CONSUMERS_PER_TENANT_MAX = 100
CONSUMERS_MAX = 2_000  # of all tenants
OPEN_MAX = 1_000  # events that a consumer has taken in and not acknowledged
CONSUMERS_PER_READ_MAX = 201

Doubt = Literal["restored", "older"]
"""Why nobody knows any more how far a consumer has come.

restored: The log was restored since: its place is one of another epoch.
older: `work.db` is older than what was acknowledged.
"""


class LeaseEnded(RequestError, code="lease-ended"):
    """The lease has ended, or was never given: what it held may be with another worker."""


class HeldByWorkers(RequestError, code="held-by-workers"):
    """Workers hold events up to this place: they acknowledge them, or `reset` takes them away."""


class TooManyConsumers(RequestError, code="too-many-consumers"):
    """The tenant has as many consumers as it may, or all tenants together have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """What the books say of a consumer.

    Attributes:
        types: The log's names of the types that it wants; None: all.
        epoch: The name of the epoch that its positions are of.
        taken_to: Up to this position of the log, what it wants was taken in.
        acknowledged: Up to this position, all that it wants is acknowledged.
        open: How many events were taken in and are not acknowledged; they stand behind
            `acknowledged`, up to `taken_to`.
        doubt: Set until it is told where to go on.
    """

    tenant: str
    name: str
    types: frozenset[str] | None
    epoch: str
    taken_to: int
    acknowledged: int
    open: int
    created_at_ms: int
    doubt: Doubt | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An event that a consumer wants.

    Attributes:
        previous: The `sequence` of the event before it among those that it wants.
    """

    position: int
    stream: str
    previous: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenIn:
    """A stretch of the log, behind `after` and up to `to`, with what of it a consumer wants."""

    after: int
    to: int
    events: Sequence[Wanted]


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """An event that was taken in and is not acknowledged.

    Attributes:
        lease: Who holds it; None: nobody.
        until_ms: Until when it is held, or held back.
        attempts: How often it was leased.
    """

    position: int
    stream: str
    previous: int
    lease: str | None
    until_ms: int
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenEvents:
    """What was taken in up to a position and is not acknowledged.

    Attributes:
        events: The oldest of them.
        count: How many there are.
    """

    taken_to: int
    events: Sequence[Open]
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a worker asks for: at most `limit` events, until `until_ms`, under the name `lease`."""

    lease: str
    limit: int
    now_ms: int
    until_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """What a worker was given.

    Attributes:
        events: Oldest first; each has the attempt that this is.
        next_ms: When something may be had that is held now; None: nothing is.
    """

    events: Sequence[Open]
    next_ms: int | None


class ConsumerBooks(Protocol):
    """Keeps consumers durably: what a method returned survives the end of the process.

    Every method that writes raises `StoreUnavailable` when nothing was written, and
    `OutcomeUnknown` when it may have been; those that read raise the first.
    """

    async def put(
        self, tenant: str, name: str, types: frozenset[str] | None, *, begin_at: int, now_ms: int
    ) -> bool:
        """Make the consumer, or give the one there is these types; return whether it was made.

        `begin_at` and `now_ms` are for one that is made. What was taken in already stays.

        Raises:
            TooManyConsumers: There is no room for another one.
        """
        ...

    async def find(self, tenant: str, name: str) -> Consumer | None:
        """Read what is known of it; None: there is none."""
        ...

    async def found(self, tenant: str, *, after: str, limit: int) -> Sequence[Consumer]:
        """Read the tenant's consumers by name, behind `after`."""
        ...

    async def remove(self, tenant: str, name: str) -> bool:
        """Forget the consumer and all that it holds; False: there was none."""
        ...

    async def open(self, tenant: str, name: str, *, limit: int) -> OpenEvents:
        """Read the oldest that were taken in and are not acknowledged, as of one moment."""
        ...

    async def claim(
        self, tenant: str, name: str, claim: Claim, taken: TakenIn | None
    ) -> Claimed | None:
        """Take a stretch of the log in, and lease what can go; None: there is no such consumer.

        The stretch is passed over if the consumer was taken elsewhere since it was read, or has no
        room for it. No event is leased while an earlier one of its stream is held, or held back.
        """
        ...

    async def acknowledge_lease(
        self, tenant: str, name: str, lease: str, *, until: int | None, now_ms: int
    ) -> int:
        """Acknowledge what the lease holds, up to the position `until`; return how many were.

        What was acknowledged under the same lease shortly before is not counted again, and is no
        error.

        Raises:
            LeaseEnded: Another worker may have what it held.
        """
        ...

    async def release(
        self, tenant: str, name: str, lease: str, *, now_ms: int, again_at_ms: int
    ) -> int:
        """End the lease; what it holds may be leased again from then on. Return how many.

        Raises:
            LeaseEnded: It had ended.
        """
        ...

    async def acknowledge(self, tenant: str, name: str, *, until: int, now_ms: int) -> None:
        """Acknowledge everything up to the position `until`; less than before changes nothing.

        Raises:
            HeldByWorkers: A worker holds some of it.
        """
        ...

    async def reset(self, tenant: str, name: str, *, to: int) -> bool:
        """Begin anew behind this position, and end all leases and doubts; False: no such one."""
        ...
