"""Tell a reader's saved place, and whether it belongs to this log or to an earlier one."""

from __future__ import annotations

from dataclasses import dataclass

from stenolog.errors import RecordDamaged
from stenolog.log.store import EventStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """Up to where a reader has followed the log.

    Attributes:
        event_id: The id of the event at `position`; empty at 0, and where no event can be read.
    """

    position: int
    event_id: str


BEGINNING = Checkpoint(position=0, event_id="")


async def is_in_log(log: EventStore, saved: Checkpoint) -> bool:
    """Tell whether the event at the saved place is still this one: a backup may have been restored.

    Yes for position 0, which is in every log. Where the ids cannot be compared, because the record
    could not be read when the place was saved or cannot be read now, any place up to the log's end
    is taken for it.

    Raises:
        StoreUnavailable: The log cannot be read now.
    """
    if saved.position == 0:
        return True
    if not saved.event_id:
        return saved.position <= await log.head()
    try:
        found = await log.read(after=saved.position - 1, limit=1)
    except RecordDamaged:
        return True
    if not found or found[0].position != saved.position:
        return saved.position <= await log.head()
    return saved.event_id == found[0].id


async def end_of(log: EventStore) -> Checkpoint:
    """Return the place of the last event, for a reader that begins there.

    Raises:
        StoreUnavailable: The log cannot be read now.
    """
    head = await log.head()
    try:
        found = await log.read(after=head - 1, limit=1) if head else []
    except RecordDamaged:
        found = []
    return Checkpoint(position=head, event_id=found[0].id if found else "")
