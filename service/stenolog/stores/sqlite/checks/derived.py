"""Read what `log.db` derives from its records, for it to be derived again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from stenolog.compliance.records import OpenRow
from stenolog.log.events.transcriptions import TranscriptionRequested
from stenolog.log.facts import IDEMPOTENCY
from stenolog.stores.sqlite.file.connection import store_errors


def dedupe_position(connection: sqlite3.Connection, key: str) -> int | None:
    """Return the position that a dedupe key leads to; reads by primary key.

    Raises:
        StoreUnavailable: It cannot be read.
    """
    with store_errors("log.db"):
        row = connection.execute("SELECT position FROM dedupe WHERE key = ?", (key,)).fetchone()
    return row[0] if row else None


DIGEST_CHARACTERS = 64  # SHA-256 in hex

# A client's own, under a secret: the one key that cannot be derived from its event again. An event
# was appended with one key, and nothing else may stand there in its name.
_OF_A_REQUEST = (
    "type IS ? AND length(key) = ? AND key GLOB ? AND substr(key, ?) NOT GLOB '*[^0-9a-f]*'"
)
_NOT_OF_REQUESTS = (
    "SELECT count(*) - count(DISTINCT CASE WHEN " + _OF_A_REQUEST + " THEN position END) "
    "FROM dedupe LEFT JOIN events USING (position)"
)


def dedupe_keys(connection: sqlite3.Connection) -> int:
    """Count the dedupe keys, but for one of each request, which a client made.

    Raises:
        StoreUnavailable: They cannot be read.
    """
    begins = IDEMPOTENCY
    with store_errors("log.db"):
        row = connection.execute(
            _NOT_OF_REQUESTS,
            (
                TranscriptionRequested.type,
                len(begins) + DIGEST_CHARACTERS,
                begins + "*",
                len(begins) + 1,
            ),
        ).fetchone()
    return int(row[0])


def ends(
    connection: sqlite3.Connection, statement: str
) -> Iterator[tuple[str, tuple[object, object]]]:
    """Yield name and both numbers of each row that the statement selects.

    Raises:
        StoreUnavailable: They cannot be read.
    """
    with store_errors("log.db"):
        cursor = connection.execute(statement)
        while (row := cursor.fetchone()) is not None:
            yield str(row[0]), (row[1], row[2])  # a damaged name need not be text


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
            yield OpenRow(stream=str(row[0]), said=row[1:])  # as above
