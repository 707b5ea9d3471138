"""Say which damaged records a human has seen, and record that one was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from stenolog.errors import RecordDamaged
from stenolog.log.event import Event
from stenolog.log.events.logs import LOG, DamageAccepted
from stenolog.log.format import LogIdentity
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
