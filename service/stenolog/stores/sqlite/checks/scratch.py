"""Remember streams and tree heads in a temporary database, which SQLite keeps on the disk."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import astuple, fields
from typing import Any

from stenolog.compliance.scratch import KnownHead, StreamSoFar
from stenolog.compliance.tree_heads import TreeHead
from stenolog.log.open_work import NO_WORK, OpenWork
from stenolog.stores.sqlite.file.connection import store_errors

STREAMS_IN_MEMORY_MAX = 20_000  # some 10 MB
CACHE_KIB = 8_192
ROOM = "the temporary file of the verification (TMPDIR says where)"

_HEAD = [field.name for field in fields(TreeHead)]
_TABLES = """
CREATE TABLE streams (
    name TEXT PRIMARY KEY,
    version INTEGER,
    position INTEGER,
    requested INTEGER,
    completed INTEGER,
    missing INTEGER,
    work TEXT
) WITHOUT ROWID;
CREATE TABLE heads (
    size INTEGER, root TEXT, time TEXT, log_id TEXT, epoch INTEGER, restore TEXT, elsewhere INTEGER
);
"""


class SqliteScratch:
    """Keeps the promise of `Scratch`: the streams of late in memory, all others in the file.

    Raises:
        StoreUnavailable: There is no place for temporary files.
    """

    def __init__(self, streams_in_memory_max: int = STREAMS_IN_MEMORY_MAX) -> None:
        self._near_max = streams_in_memory_max
        with store_errors(ROOM):
            # An empty name: SQLite makes a file for what its cache does not hold, and removes it.
            self._file = sqlite3.connect("", isolation_level=None)
            self._file.execute("PRAGMA journal_mode = OFF")
            self._file.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
            self._file.executescript(_TABLES)
            self._file.execute("BEGIN")
        self._near: dict[str, StreamSoFar] = {}

    def close(self) -> None:
        """Remove the file."""
        self._file.close()

    def stream(self, name: str) -> StreamSoFar:
        """Looks in memory first."""
        found = self._near.get(name)
        if found is not None:
            return found
        if len(self._near) >= self._near_max:
            self._put_away()
        with store_errors(ROOM):
            row = self._file.execute(
                "SELECT version, position, requested, completed, missing, work "
                "FROM streams WHERE name = ?",
                (name,),
            ).fetchone()
        found = _stream(row) if row else StreamSoFar()
        self._near[name] = found
        return found

    def without_key(self) -> Iterator[tuple[str, int]]:
        """Sorted by position."""
        yield from self._rows(
            "SELECT name, missing FROM streams WHERE missing AND NOT requested ORDER BY missing"
        )

    def erased(self) -> Iterator[tuple[str, int]]:
        """Sorted by position."""
        yield from self._rows(
            "SELECT name, completed FROM streams WHERE completed ORDER BY completed"
        )

    def ends(self) -> Iterator[tuple[str, tuple[int, int]]]:
        """Read in the order of the primary key."""
        for name, position, version in self._rows(
            "SELECT name, position, version FROM streams WHERE version ORDER BY name"
        ):
            yield name, (position, version)

    def owed(self) -> Iterator[tuple[str, StreamSoFar]]:
        """Read in the order of the primary key."""
        for name, *row in self._rows(
            "SELECT name, version, position, requested, completed, missing, work "
            "FROM streams WHERE work IS NOT NULL ORDER BY name"
        ):
            yield name, _stream(row)

    def add_head(self, known: KnownHead) -> None:
        """Inserted as it is."""
        head = known.head
        with store_errors(ROOM):
            self._file.execute(
                "INSERT INTO heads VALUES (?, ?, ?, ?, ?, ?, ?)",
                (*astuple(head), known.elsewhere),
            )

    def heads(self) -> Iterator[KnownHead]:
        """Those of one size in the order in which they were added."""
        for *columns, elsewhere in self._rows("SELECT * FROM heads ORDER BY size, rowid"):
            head = TreeHead(**dict(zip(_HEAD, columns, strict=True)))
            yield KnownHead(head=head, elsewhere=bool(elsewhere))

    def _rows(self, statement: str) -> Iterator[tuple[Any, ...]]:
        self._put_away()
        with store_errors(ROOM):
            cursor = self._file.execute(statement)
            while (row := cursor.fetchone()) is not None:
                yield row

    def _put_away(self) -> None:
        with store_errors(ROOM):
            self._file.executemany(
                "INSERT OR REPLACE INTO streams VALUES (?, ?, ?, ?, ?, ?, ?)",
                [(name, *_row(one)) for name, one in self._near.items()],
            )
        self._near.clear()


def _row(one: StreamSoFar) -> tuple[int, int, bool, int, int, str | None]:
    work, stored = one.work, None
    if work.kept:
        stored = json.dumps(
            [work.outcome_owed, work.urgent, sorted(work.unsettled), sorted(work.jobless)]
        )
    return one.version, one.position, one.requested, one.completed, one.missing, stored


def _stream(row: Sequence[Any]) -> StreamSoFar:
    version, position, requested, completed, missing, stored = row
    work = NO_WORK
    if stored is not None:
        outcome_owed, urgent, unsettled, jobless = json.loads(stored)
        work = OpenWork(
            outcome_owed=outcome_owed,
            urgent=urgent,
            unsettled=frozenset(unsettled),
            jobless=frozenset(jobless),
        )
    return StreamSoFar(
        version=version,
        position=position,
        requested=bool(requested),
        completed=completed,
        missing=missing,
        work=work,
    )
