"""All that is written to `views.db`, on the one thread that may."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import fields

from service.errors import StoreUnavailable
from service.projections.documents import encode
from service.projections.rows import (
    Change,
    Hold,
    PutStatus,
    PutView,
    Reason,
    StatusRow,
    TranscriptRow,
)
from service.projections.views import Checkpoint, Generation, Known, ViewsState
from service.stores.sqlite.connection import store_errors
from service.stores.sqlite.views_schema import ROW_TABLES

STATUS_COLUMNS = tuple(field.name for field in fields(StatusRow))
PURGED_PER_CALL_MAX = 500  # transcriptions of one table: a few ms, so that views stay in time

_INSERT_STATUS = (
    f"INSERT OR REPLACE INTO transcriptions (generation, {', '.join(STATUS_COLUMNS)}) "  # noqa: S608  column names are ours
    f"VALUES (?{', ?' * len(STATUS_COLUMNS)})"
)


def status_row(values: Sequence[object]) -> StatusRow:
    """The row whose columns, in the order of `STATUS_COLUMNS`, these are."""
    named = dict(zip(STATUS_COLUMNS, values, strict=True))
    named["erased"] = bool(named["erased"])
    return StatusRow(**named)  # type: ignore[arg-type]  # the STRICT table holds these types


class ViewStatements:
    """The statements of `ViewWriter`, each method one transaction; not for two threads at once."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def state(self) -> ViewsState:
        """Reads both tables in one transaction."""
        with self._transaction() as run:
            position, event_id = run.execute("SELECT position, event_id FROM checkpoint").fetchone()
            rows = run.execute(
                "SELECT generation, projection, version, position, state FROM generations "
                "WHERE state <> 'dropped' ORDER BY generation"
            ).fetchall()
        return ViewsState(
            checkpoint=Checkpoint(position=position, event_id=event_id),
            generations=tuple(
                Generation(
                    generation=generation,
                    projection=projection,
                    version=version,
                    position=position if state == "live" else reached,
                    state=state,
                )
                for generation, projection, version, reached, state in rows
            ),
        )

    def known(
        self, status_generation: int | None, generations: Collection[int], ids: Collection[str]
    ) -> Known:
        """Ids travel as one JSON array, so that their number has no bound of SQLite's."""
        wanted = json.dumps(list(ids))
        with self._transaction() as run:
            rows = run.execute(
                f"SELECT {', '.join(STATUS_COLUMNS)} FROM transcriptions "  # noqa: S608  column names are ours
                "WHERE generation = ? AND id IN (SELECT value FROM json_each(?))",
                (status_generation, wanted),
            ).fetchall()
            held = run.execute(
                "SELECT generation, id FROM failures WHERE "
                "generation IN (SELECT value FROM json_each(?)) "
                "AND id IN (SELECT value FROM json_each(?))",
                (json.dumps(list(generations)), wanted),
            ).fetchall()
        found = [status_row(row) for row in rows]
        return Known(rows={row.id: row for row in found}, held=frozenset(held))

    def begin(self, projection: str, version: int, live: bool) -> None:
        """A new row in `generations`."""
        with self._transaction() as run:
            run.execute(
                "UPDATE generations SET state = 'dropped' "
                "WHERE projection = ? AND state = 'building'",
                (projection,),
            )
            run.execute(
                "INSERT INTO generations (projection, version, position, state) "
                "VALUES (?, ?, 0, ?)",
                (projection, version, "live" if live else "building"),
            )

    def advance(self, changes: Sequence[Change], after: int, to: Checkpoint) -> None:
        """Rows and checkpoint together."""
        with self._transaction() as run:
            moved = run.execute(
                "UPDATE checkpoint SET position = ?, event_id = ? WHERE position = ?",
                (to.position, to.event_id, after),
            )
            if moved.rowcount != 1:
                raise StoreUnavailable("views.db: the checkpoint is not where it was")
            live = run.execute(
                "SELECT projection, generation FROM generations WHERE state = 'live'"
            )
            _apply(run, dict(live.fetchall()), changes)

    def build(
        self, generations: Collection[int], changes: Sequence[Change], after: int, position: int
    ) -> bool:
        """Rows, position and, at the checkpoint, the switch together."""
        marks = json.dumps(list(generations))
        with self._transaction() as run:
            moved = run.execute(
                "UPDATE generations SET position = ? WHERE position = ? AND state = 'building' "
                "AND generation IN (SELECT value FROM json_each(?)) "
                "RETURNING projection, generation",
                (position, after, marks),
            ).fetchall()
            if len(moved) != len(generations):
                raise StoreUnavailable("views.db: a view being built is not where it was")
            _apply(run, dict(moved), changes)
            checkpoint = run.execute("SELECT position FROM checkpoint").fetchone()[0]
            if checkpoint != position:
                return False
            for projection, generation in moved:
                run.execute(
                    "UPDATE generations SET state = 'dropped' "
                    "WHERE projection = ? AND state = 'live'",
                    (projection,),
                )
                run.execute(
                    "UPDATE generations SET state = 'live' WHERE generation = ?", (generation,)
                )
        return True

    def drop(self, projection: str) -> None:
        """Its rows are deleted by `purge`."""
        with self._transaction() as run:
            run.execute(
                "UPDATE generations SET state = 'dropped' WHERE projection = ?", (projection,)
            )

    def reset(self) -> None:
        """Empty tables and a checkpoint at 0; generation numbers are not used again."""
        with self._transaction() as run:
            for table in (*ROW_TABLES, "generations"):
                run.execute(f"DELETE FROM {table}")  # noqa: S608  table names are ours
            run.execute("UPDATE checkpoint SET position = 0, event_id = ''")

    def purge(self) -> bool:
        """One table of one dropped generation at a time; the generation itself is the last."""
        with self._transaction() as run:
            dropped = run.execute(
                "SELECT generation FROM generations WHERE state = 'dropped' LIMIT 1"
            ).fetchone()
            if dropped is None:
                return False
            for table in ROW_TABLES:
                deleted = run.execute(
                    f"DELETE FROM {table} WHERE generation = ? AND id IN "  # noqa: S608  table names are ours
                    f"(SELECT DISTINCT id FROM {table} WHERE generation = ? LIMIT ?)",
                    (*dropped, *dropped, PURGED_PER_CALL_MAX),
                )
                if deleted.rowcount:
                    return True
            run.execute("DELETE FROM generations WHERE generation = ?", dropped)
        return True

    def close(self) -> None:
        """Nothing can be written any more."""
        self._connection.close()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with store_errors("views.db"):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise


def _apply(
    run: sqlite3.Connection, generations: Mapping[str, int], changes: Sequence[Change]
) -> None:
    for change in changes:
        generation = generations.get(change.projection)
        if generation is None:
            continue
        match change:
            case PutStatus():
                _put_status(run, generation, change)
            case PutView():
                _put_view(run, generation, change)
            case Hold():
                _hold(run, generation, change)


def _put_status(run: sqlite3.Connection, generation: int, change: PutStatus) -> None:
    row = change.row
    run.execute(_INSERT_STATUS, (generation, *(getattr(row, name) for name in STATUS_COLUMNS)))
    if change.request is not None:
        run.execute(
            "INSERT OR REPLACE INTO requests (generation, id, body) VALUES (?, ?, ?)",
            (generation, row.id, change.request),
        )


def _put_view(run: sqlite3.Connection, generation: int, change: PutView) -> None:
    key = (generation, change.transcription)
    items = sum(chunk.count for chunk in change.chunks)
    _put_reason(run, key, change.reason, items=items, beside=change.beside)
    _put_transcript(run, key, change.transcript)
    run.executemany(
        "INSERT INTO chunks (generation, id, first, count, speakers, bodies) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        [
            (
                *key,
                chunk.first,
                chunk.count,
                None if chunk.speakers is None else encode(chunk.speakers),
                chunk.bodies,
            )
            for chunk in change.chunks
        ],
    )


def _hold(run: sqlite3.Connection, generation: int, change: Hold) -> None:
    key = (generation, change.transcription)
    run.execute(
        "INSERT OR REPLACE INTO failures (generation, id, position, reason) VALUES (?, ?, ?, ?)",
        (*key, change.position, change.reason),
    )
    _put_reason(run, key, "failed", items=0, beside=None)
    _put_transcript(run, key, change.transcript)


def _put_reason(
    run: sqlite3.Connection,
    key: tuple[int, str],
    reason: Reason | None,
    *,
    items: int,
    beside: bytes | None,
) -> None:
    run.execute(
        "INSERT OR REPLACE INTO views (generation, id, reason, items, beside) "
        "VALUES (?, ?, ?, ?, ?)",
        (*key, reason, items, beside),
    )
    run.execute("DELETE FROM chunks WHERE generation = ? AND id = ?", key)


def _put_transcript(
    run: sqlite3.Connection, key: tuple[int, str], transcript: TranscriptRow | None
) -> None:
    run.execute("DELETE FROM transcripts WHERE generation = ? AND id = ?", key)
    if transcript is None:
        return
    run.execute(
        "INSERT INTO transcripts (generation, id, text, confidence, language_code, words, body) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            *key,
            transcript.text,
            transcript.confidence,
            transcript.language_code,
            transcript.words,
            transcript.body,
        ),
    )
