"""Read from `log.db` where streams began, and where they ended at an earlier size of the log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import aiosqlite

from stenolog.errors import StoreError
from stenolog.log.batch_state import ADVICE
from stenolog.log.stream_map import StreamEnd
from stenolog.stores.sqlite.file.connection import read_rows

# Streams that were there before and have an event in (?1, ?2]: CROSS JOIN keeps SQLite's order.
BEGUN = (
    "SELECT DISTINCT f.position FROM events e CROSS JOIN events f "
    "ON f.stream = e.stream AND f.version = 1 "
    "WHERE e.position > ?1 AND e.position <= ?2 AND e.version > 1 AND f.position <= ?1"
)
# Streams that begin in (?1, ?2], and their last record among the first ?3.
ENDS = (
    "SELECT f.position, CAST(f.stream AS BLOB), CAST(e.stream AS BLOB), e.version, e.position "
    "FROM events f LEFT JOIN events e ON e.position = (SELECT position FROM events "
    "WHERE stream = f.stream AND position <= ?3 ORDER BY version DESC LIMIT 1) "
    "WHERE f.position > ?1 AND f.position <= ?2 AND f.version = 1"
)


class StreamEnds:
    """Keeps the promise of `compliance.stream_ends.ReadEnds`, over one reading connection."""

    def __init__(self, reader: aiosqlite.Connection) -> None:
        self._reader = reader

    async def begun(self, *, after: int, until: int) -> Sequence[int]:
        """Reads by primary key, then by the unique index on stream and version."""
        rows = await read_rows(self._reader, "log.db", BEGUN, after, until)
        return [first for (first,) in rows]

    async def ends(self, *, after: int, until: int, size: int) -> Sequence[StreamEnd]:
        """Reads by primary key, then by the unique index on stream and version."""
        return ends_of(await read_rows(self._reader, "log.db", ENDS, after, until, size))


def ends_of(rows: Sequence[Any]) -> Sequence[StreamEnd]:
    """Return what rows of `ENDS` say.

    Raises:
        StoreError: Index and records of a stream do not agree.
    """
    found = []
    for first, stream, of_last, version, position in rows:
        if of_last != stream or not isinstance(stream, bytes) or not isinstance(version, int):
            raise StoreError(f"log.db: the stream that begins at {first} is damaged; {ADVICE}")
        found.append(
            StreamEnd(
                first=first,
                stream=stream.decode(errors="replace"),
                version=version,
                position=position,
            )
        )
    return found
