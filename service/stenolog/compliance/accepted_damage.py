"""Say which damaged records a human has seen, and record that one was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from stenolog.compliance.browsing import BrowsableRecords, Wanted
from stenolog.compliance.records import ROWS_PER_READ
from stenolog.errors import RecordDamaged, SchemaTooNew
from stenolog.log.actors import OPERATOR, SYSTEM_TENANT
from stenolog.log.canonical import leaf_hash
from stenolog.log.event import Event, event_from_bytes
from stenolog.log.events.logs import LOG, DamageAccepted, DamageReason
from stenolog.log.format import LogIdentity
from stenolog.log.recorder import Cause, Fact, FactRecorder, new_id
from stenolog.log.store import EVENTS_PER_READ_MAX


class StreamPlaces(Protocol):
    """Finds the events of a stream, also where records of it are damaged."""

    async def positions_of(self, stream: str, *, after: int, limit: int) -> Sequence[int]:
        """Return at most `limit` positions of the stream's events behind `after`, in order."""
        ...


class ReadLog(Protocol):
    """The part of the log in which it stands."""

    @property
    def identity(self) -> LogIdentity:
        """Which log this is."""
        ...

    @property
    def histories(self) -> StreamPlaces:
        """Where the events of a stream are."""
        ...

    async def read(self, *, after: int = 0, limit: int = EVENTS_PER_READ_MAX) -> Sequence[Event]:
        """Return events behind position `after`, in order; raise `RecordDamaged` for a bad one."""
        ...


async def accepted_damage(log: ReadLog) -> frozenset[int]:
    """Return the positions of which the log says that a human has seen their damage.

    What is damaged of the log's own stream is passed over: it says nothing.

    Raises:
        StoreUnavailable: The log cannot be read now.
    """
    accepted, after, stream = set[int](), 0, LOG + log.identity.log_id
    while places := await log.histories.positions_of(
        stream, after=after, limit=EVENTS_PER_READ_MAX
    ):
        for place in places:
            try:
                [event] = await log.read(after=place - 1, limit=1)
            except RecordDamaged:
                continue
            if (event.stream, event.type) == (stream, DamageAccepted.type):
                accepted.add(event.data["position"])
        after = places[-1]
    return frozenset(accepted)


async def record_acceptance(
    facts: FactRecorder, log_id: str, position: int, reason: DamageReason
) -> None:
    """Record that a human has seen the damage at `position`, and goes on without what was there.

    Raises:
        StoreError: It may not be recorded.
    """
    cause = Cause(tenant=SYSTEM_TENANT, actor=OPERATOR, correlation_id=new_id())
    fact = Fact(data=DamageAccepted(position=position, reason=reason))
    await facts.record(LOG + log_id, [fact], cause)


def accepted_times(records: BrowsableRecords) -> Mapping[int, str]:
    """Return when a human has accepted the damage at each position where one has, first.

    Raises:
        StoreUnavailable: The log cannot be read.
    """
    accepted: dict[int, str] = {}
    if records.identity is None:
        return accepted
    after = 0
    wanted = Wanted(event_type=DamageAccepted.type, stream=LOG + records.identity.log_id)
    while rows := records.rows_behind(after, ROWS_PER_READ, wanted):
        for row in rows:
            after = row.position
            try:
                event = event_from_bytes(row.stored)
            except (ValueError, TypeError, SchemaTooNew):
                continue
            if leaf_hash(row.stored) == row.leaf and event.type == DamageAccepted.type:
                accepted.setdefault(int(event.data["position"]), event.time)
    return accepted
