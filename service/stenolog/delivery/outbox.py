"""Declare the outbox: pending deliveries, the leases on them, and their attempts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from stenolog.delivery.standing import Standing
from stenolog.log.checkpoint import Checkpoint
from stenolog.log.events.deliveries import DeliveryKind, UndeliveredReason

DELIVERIES_PER_ADD_MAX = 256
RESUMED_PER_CALL_MAX = 256
STREAMS_PER_CALL_MAX = 256
ATTEMPTS_KEPT_MS = 7 * 86_400_000  # for an operator who asks why; they name no customer
ATTEMPTS_FORGOTTEN_PER_REMOVE = 100

AttemptOutcome = Literal["delivered", "refused", "failed", "unanswered", "forbidden", "crashed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A delivery that is still to be made.

    Attributes:
        position: Of the event that it tells of; of each kind there is one for an event at most.
        tenant: The random id of whose transcription it tells.
        lane: What shares a limit: a keyed mark of tenant, host and port, or the endpoint's id.
        endpoint: Its id; empty: the transcription's own webhook.
        round: 0, or the number under which it was asked for once more.
        previous: The `sequence` of the event before it among those that the endpoint wants.
        ordered: It waits for those about the same transcription that the endpoint has yet to get.
    """

    position: int
    stream: str
    tenant: str
    lane: str
    created_at_ms: int
    kind: DeliveryKind = "outcome"
    endpoint: str = ""
    round: int = 0
    previous: int = 0
    ordered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a delivery has ended; `reason` is None when it succeeded."""

    reason: UndeliveredReason | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Leased:
    """A delivery that its holder alone may work on, until the lease expires.

    Attributes:
        lease: Differs from every earlier lease on the same delivery.
        created_at_ms: When it was added.
        waits_since_ms: From when on it could not be made, since the last attempt; None: it was not
            tried yet, or the last attempt was made.
        attempts: How many were recorded.
        faults: How often an error of our own cut the work on it short.
        status: What the receiver answered last, to whichever attempt.
        ending: Set once it was decided and only the log is still to be told.
    """

    position: int
    stream: str
    tenant: str
    lane: str
    lease: int
    created_at_ms: int
    kind: DeliveryKind = "outcome"
    waits_since_ms: int | None = None
    attempts: int = 0
    faults: int = 0
    status: int | None = None
    ending: Ending | None = None
    endpoint: str = ""
    round: int = 0
    previous: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One call of the receiver, or of what was to become one when an error of our own came.

    Attributes:
        number: From 1.
        status: What it answered; None when it did not.
        answer: The beginning of what it said besides.
        message_id: Empty where nothing was sent.
        retry_at_ms: Of the next one; None: it was the last.
    """

    number: int
    at_ms: int
    took_ms: int
    status: int | None
    outcome: AttemptOutcome
    answer: bytes = b""
    message_id: str = ""
    retry_at_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What was leased, and when more falls due.

    Attributes:
        next_due_ms: Of the tenants and lanes that have room; None: nothing, or no room at all.
    """

    leases: tuple[Leased, ...]
    next_due_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """Says how many deliveries are pending, and since when.

    Attributes:
        due: How many of them could be called now if they had room.
        oldest_at_ms: When the oldest was added; None without any.
        ours_at_ms: The same of those that wait for us: neither for a receiver that failed when it
            was last called, nor for redacted audio that the provider has yet to make.
    """

    deliveries: int
    due: int
    oldest_at_ms: int | None
    ours_at_ms: int | None


class Outbox(Protocol):
    """Keeps pending deliveries durably: what a method returned survives the end of the process.

    Every method raises `StoreUnavailable` when nothing was written, and `OutcomeUnknown` when it
    may have been written.
    """

    async def checkpoint(self) -> Checkpoint | None:
        """Read up to where the log was followed; None: never."""
        ...

    async def begin(self, at: Checkpoint) -> None:
        """Follow the log from `at` on, and drop all pending deliveries."""
        ...

    async def add(self, pending: Sequence[Pending], *, after: int, to: Checkpoint) -> int:
        """Add pending deliveries, and move the checkpoint from `after`, in one transaction.

        At most `DELIVERIES_PER_ADD_MAX` of them. When the checkpoint is not at `after`, or there is
        no room within `OutboxLimits`, nothing is written and `StoreUnavailable` is raised: read it
        again. Return how many have ended at once, because their tenant has its share.
        """
        ...

    async def recover(self, now_ms: int) -> None:
        """End all leases, and make their deliveries due: their holders are gone.

        For the start of a process, before it takes any.
        """
        ...

    async def take(
        self,
        now_ms: int,
        *,
        until_ms: int,
        busy: Sequence[Leased],
        at_once: int,
        per_lane: int,
    ) -> Taken:
        """Lease what is due until `until_ms`: tenants in turns, of each lane the oldest.

        What is under way and due, because the clock was set forward, is leased on and not taken.
        With those under way (`busy`) there are never more than `at_once`, nor more than `per_lane`
        of a lane. A tenant takes another slot only while more slots are free than it holds: alone
        it gets half of them. A delivery for which there is no room does not keep others from being
        taken, and does not make this slower, however many there are.
        """
        ...

    async def record(
        self,
        leased: Leased,
        attempt: Attempt,
        *,
        due_at_ms: int | None,
        ending: Ending | None,
        judge: Callable[[Standing], Standing] | None = None,
    ) -> bool:
        """Write down the attempt; False: the lease was lost or given back, or it has ended.

        Nothing is written then. An attempt that `crashed` is a fault, too. With
        `due_at_ms` the lease is given back and the next attempt is due then. With `ending` the
        lease is kept, and whoever takes it next finds that it has ended. `judge` tells how its
        endpoint stands after it.
        """
        ...

    async def put_off(
        self,
        leased: Leased,
        due_at_ms: int,
        *,
        fault: bool = False,
        waits_since_ms: int | None = None,
        awaits_views: bool = False,
    ) -> None:
        """Give the lease back and make the delivery due then; do nothing without the lease.

        With `fault` an error of our own is counted, too. `waits_since_ms` is kept until an attempt
        is recorded. With `awaits_views` it is also among those that `resume` and `resume_streams`
        find, until it is taken again.
        """
        ...

    async def resume(self, now_ms: int, *, after: int, until: int) -> int:
        """Make due what awaits the views and tells of an event after `after`, up to `until`.

        Return how many there were, `RESUMED_PER_CALL_MAX` at most: then call again.
        """
        ...

    async def resume_streams(self, streams: Sequence[str], now_ms: int) -> int:
        """Make due what awaits the views and tells of these streams; return how many there were.

        At most `STREAMS_PER_CALL_MAX` of them.
        """
        ...

    async def remove(self, leased: Leased, now_ms: int) -> None:
        """Remove the delivery; do nothing when the lease was lost.

        Its attempts are kept for a week; a bounded number of older ones is dropped now.
        """
        ...

    async def attempts(self, position: int, kind: DeliveryKind = "outcome") -> Sequence[Attempt]:
        """Read the attempts at the transcription's own webhook for this event, in order."""
        ...

    async def backlog(self, now_ms: int) -> Backlog:
        """Count what is pending, and read since when; costs more the more there is."""
        ...
