"""Whether a reader's saved place is in this log, or in one that was here before it."""

from __future__ import annotations

from stenolog.errors import RecordDamaged
from stenolog.log.store import EventStore


async def is_in_log(log: EventStore, position: int, event_id: str) -> bool:
    """Whether the event at `position` is still this one: a backup may have been restored since.

    Yes for position 0, which is in every log, and where nothing tells: `event_id` is empty when a
    damaged record stood there, and one may stand there now.

    Raises:
        StoreUnavailable: The log cannot be read now.
    """
    if position == 0:
        return True
    try:
        found = await log.read(after=position - 1, limit=1)
    except RecordDamaged:
        return True
    return bool(found) and found[0].position == position and event_id in {found[0].id, ""}
