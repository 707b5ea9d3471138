"""Read for `log verify` where streams began, and where they ended at an earlier size of the log."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from stenolog.log.stream_map import StreamEnd
from stenolog.stores.sqlite.file.connection import store_errors
from stenolog.stores.sqlite.log.stream_ends import BEGUN, ENDS, ends_of


class SqliteStreams:
    """Keeps the promise of `compliance.records.RecordedStreams`."""

    def __init__(self, log: sqlite3.Connection) -> None:
        self._log = log

    def begun(self, after: int, until: int) -> Sequence[int]:
        """Reads by primary key, then by the unique index on stream and version."""
        with store_errors("log.db"):
            return [first for (first,) in self._log.execute(BEGUN, (after, until))]

    def ends(self, after: int, until: int, size: int) -> Sequence[StreamEnd]:
        """Reads by primary key, then by the unique index on stream and version."""
        with store_errors("log.db"):
            rows = self._log.execute(ENDS, (after, until, size)).fetchall()
        return ends_of(rows)
