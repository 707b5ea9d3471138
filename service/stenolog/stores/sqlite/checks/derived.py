"""Read what `log.db` derives from its records, for it to be derived again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from stenolog.compliance.records import OpenRow
from stenolog.log.events.transcriptions import TranscriptionRequested
from stenolog.stores.sqlite.file.connection import store_errors


def dedupe_position(connection: sqlite3.Connection, key: str) -> int | None:
    """Return the position that a dedupe key leads to; reads by primary key.

    Raises:
        StoreUnavailable: It cannot be read.
    """
    with store_errors("log.db"):
        row = connection.execute("SELECT position FROM dedupe WHERE key = ?", (key,)).fetchone()
    return row[0] if row else None


def dedupe_keys(connection: sqlite3.Connection) -> int:
    """Count the dedupe keys of all events but requests: a client's own cannot be derived again.

    Raises:
        StoreUnavailable: They cannot be read.
    """
    with store_errors("log.db"):
        row = connection.execute(
            "SELECT count(*) FROM dedupe LEFT JOIN events USING (position) WHERE type IS NOT ?",
            (TranscriptionRequested.type,),
        ).fetchone()
    return int(row[0])


def open_rows(connection: sqlite3.Connection) -> Iterator[OpenRow]:
    """Yield what `open_transcriptions` says, by stream.

    Raises:
        StoreUnavailable: It cannot be read.
    """
    with store_errors("log.db"):
        cursor = connection.execute(
            "SELECT stream, position, version, open, outcome_owed, urgent, unsettled, jobless "
            "FROM open_transcriptions ORDER BY stream"
        )
        while (row := cursor.fetchone()) is not None:
            yield OpenRow(stream=row[0], said=row[1:])
