"""Read the time of the log's last event, before which no later one may be."""

from __future__ import annotations

import sqlite3
from contextlib import suppress

from stenolog.clock import microseconds
from stenolog.errors import RecordDamaged, StoreError
from stenolog.log.batch_state import ADVICE
from stenolog.stores.sqlite.log.stored import stored_event

_LAST = (
    "SELECT last_us, position, CAST(stream AS BLOB), bytes, leaf FROM tree "
    "LEFT JOIN events ON position = count"
)


def read_last_us(connection: sqlite3.Connection) -> int:
    """Return the time of the last event, in microseconds; 0 in a log without any.

    The event itself says it: it is hashed, and the tree's row is not. That row is believed where
    the event is damaged, which is no reason to stop writing.

    Raises:
        StoreError: Neither can be read.
    """
    last_us, *record = connection.execute(_LAST).fetchone()
    if record[0] is not None:
        with suppress(RecordDamaged, ValueError):
            return microseconds(stored_event(*record).time)
    if not isinstance(last_us, int):
        raise StoreError(f"log.db: the last event's time is damaged; {ADVICE}")
    return last_us
