"""Measure how far a reader is behind the log."""

from __future__ import annotations

from dataclasses import dataclass

from stenolog.clock import microseconds
from stenolog.errors import RecordDamaged
from stenolog.log.store import EventStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """What a reader has not heeded yet.

    Attributes:
        head: The log's last position.
        events: How many events.
        age_ms: How long ago the oldest of them happened; 0 without any, or when it is damaged.
    """

    head: int
    events: int
    age_ms: int


async def lag_behind(log: EventStore, position: int, now_ms: int) -> Lag:
    """Measure how far a reader at `position` is behind the log.

    Raises:
        StoreUnavailable: The log cannot be read.
    """
    head = await log.head()
    behind = head - position
    if behind <= 0:
        return Lag(head=head, events=0, age_ms=0)
    try:
        oldest = await log.read(after=position, limit=1)
    except RecordDamaged:
        return Lag(head=head, events=behind, age_ms=0)
    if not oldest:
        return Lag(head=head, events=0, age_ms=0)
    return Lag(
        head=head, events=behind, age_ms=max(0, now_ms - microseconds(oldest[0].time) // 1000)
    )
