"""The one writing connection of `log.db`, and what a batch does in its transaction."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

from service.clock import microseconds, now_us
from service.errors import OutcomeUnknown, StoreError
from service.log.batch import Append, BatchState, Place, Row, Sequenced, sequence_batch, touched
from service.log.event import event_from_bytes
from service.log.merkle import Frontier, frontier_from_bytes
from service.log.store import Appended
from service.stores.sqlite.connection import open_writer, store_errors
from service.stores.sqlite.log_schema import LOG

VARIABLES_MAX = 500  # SQLite's default limit is 32,766; statements are cached by their length

CommitReport = Callable[[int, int, float], None]
"""Told after each batch: its appends, the events accepted, seconds from BEGIN to COMMIT's end."""


class LogWriter:
    """Commits batches; used by one thread at a time."""

    def __init__(self, path: Path, report: CommitReport | None = None) -> None:
        self._path = path
        self._report = report
        self._connection: sqlite3.Connection | None = open_writer(path, LOG)
        with store_errors("log.db"):
            self.head = self._frontier(self._connection).count

    def close(self) -> None:
        """The file is closed and its WAL folded back."""
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def commit_batch(self, batch: Sequence[Append]) -> tuple[Sequence[Appended | StoreError], int]:
        """The outcome of each append, and the head; all accepted events are durable.

        Raises:
            StoreUnavailable: Everything was rolled back.
            OutcomeUnknown: COMMIT failed; the connection was opened anew.
        """
        began = time.perf_counter()
        connection = self._open()
        with self._rolled_back_on_error(connection):
            connection.execute("BEGIN IMMEDIATE")
            state = self._read_state(connection, batch)
            sequenced = sequence_batch(batch, state, now_us())
            if sequenced.rows:
                self._insert(connection, sequenced)
        try:
            connection.execute("COMMIT")
        except sqlite3.Error as exc:
            self.close()
            raise OutcomeUnknown(f"log.db: COMMIT failed: {exc}") from exc
        self.head = sequenced.frontier.count
        if self._report is not None:
            self._report(len(batch), len(sequenced.rows), time.perf_counter() - began)
        return sequenced.outcomes, self.head

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = open_writer(self._path, LOG)
        return self._connection

    @contextlib.contextmanager
    def _rolled_back_on_error(self, connection: sqlite3.Connection) -> Iterator[None]:
        try:
            with store_errors("log.db"):
                yield
        except BaseException:
            try:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
            except sqlite3.Error:
                self.close()
            raise

    def _frontier(self, connection: sqlite3.Connection) -> Frontier:
        count, stored = connection.execute("SELECT count, frontier FROM tree").fetchone()
        try:
            return frontier_from_bytes(count, stored)
        except ValueError as exc:
            raise StoreError(f"log.db is damaged: {exc}; run `stenolog log verify`") from exc

    def _read_state(self, connection: sqlite3.Connection, batch: Sequence[Append]) -> BatchState:
        asked = touched(batch)
        frontier = self._frontier(connection)
        last = connection.execute(
            "SELECT position, bytes FROM events ORDER BY position DESC LIMIT 1"
        ).fetchone()
        if (last[0] if last else 0) != frontier.count:
            raise StoreError("log.db is damaged: tree and events differ; run `stenolog log verify`")
        state = BatchState(
            frontier=frontier,
            time_us=microseconds(event_from_bytes(last[1]).time) if last else 0,
        )
        for stream in asked["streams"]:
            row = connection.execute(
                "SELECT position, version FROM events WHERE stream = ? "
                "ORDER BY version DESC LIMIT 1",
                (stream,),
            ).fetchone()
            if row:
                state.streams[stream] = Place(position=row[0], version=row[1])
        for tenant in asked["tenants"]:
            row = connection.execute(
                "SELECT max(sequence) FROM events WHERE tenant = ? AND sequence > 0", (tenant,)
            ).fetchone()
            state.sequences[tenant] = row[0] or 0
        state.ids = _places(connection, "SELECT id, position, version FROM events", asked["ids"])
        state.dedupe = _places(
            connection,
            "SELECT key, position, version FROM dedupe JOIN events USING (position)",
            asked["dedupe"],
        )
        return state

    def _insert(self, connection: sqlite3.Connection, sequenced: Sequenced) -> None:
        rows: Sequence[Row] = sequenced.rows
        connection.executemany(
            "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (e.position, e.id, e.stream, e.version, e.tenant, e.sequence, e.type, row.stored)
                for row in rows
                for e in (row.event,)
            ],
        )
        connection.executemany(
            "INSERT INTO payloads VALUES (?, ?, ?)",
            [
                (row.event.position, row.payload.key_id, row.payload.box)
                for row in rows
                if row.payload is not None
            ],
        )
        connection.executemany(
            "INSERT INTO dedupe VALUES (?, ?)",
            [(row.dedupe_key, row.event.position) for row in rows if row.dedupe_key is not None],
        )
        frontier = sequenced.frontier
        connection.execute(
            "UPDATE tree SET count = ?, frontier = ?", (frontier.count, frontier.to_bytes())
        )


def _places(
    connection: sqlite3.Connection, select: str, names: Collection[str]
) -> dict[str, Place]:
    column = select.split()[1].rstrip(",")
    found: dict[str, Place] = {}
    wanted = sorted(names)
    for at in range(0, len(wanted), VARIABLES_MAX):
        some = wanted[at : at + VARIABLES_MAX]
        marks = ",".join("?" * len(some))
        for name, position, version in connection.execute(
            f"{select} WHERE {column} IN ({marks})", some
        ):
            found[name] = Place(position=position, version=version)
    return found
