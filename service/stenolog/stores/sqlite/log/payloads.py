"""Read sealed payloads from `log.db`, and tell one that is gone from one that never was."""

from __future__ import annotations

import aiosqlite

from stenolog.errors import PayloadDamaged
from stenolog.log.batch_state import ADVICE
from stenolog.log.event import SealedPayload
from stenolog.stores.sqlite.file.connection import read_rows
from stenolog.stores.sqlite.log.stored import RECORD, stored_event


async def read_payload(reader: aiosqlite.Connection, position: int) -> SealedPayload | None:
    """Return the payload of the event at `position`; None when it has none, or there is no event.

    Raises:
        RecordDamaged: The event's record is damaged.
        PayloadDamaged: The event has a payload, and it is not there.
        StoreUnavailable: The log cannot be read now.
    """
    rows = await read_rows(
        reader,
        "log.db",
        f"SELECT key_id, box, {RECORD} FROM events LEFT JOIN payloads USING (position) "  # noqa: S608  ours
        "WHERE position = ?",
        position,
    )
    if not rows:
        return None
    key_id, box, *record = rows[0]
    commitment = stored_event(*record).commitment
    if commitment is None:
        return None
    if not (isinstance(key_id, str) and isinstance(box, bytes)):
        raise PayloadDamaged(
            f"log.db: the payload at position {position} is missing or damaged; {ADVICE}"
        )
    return SealedPayload(key_id=key_id, box=box, commitment=commitment)
