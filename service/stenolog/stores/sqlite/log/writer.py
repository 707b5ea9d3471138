"""Commit a batch of appends in one transaction on `log.db`."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import orjson

from stenolog.clock import NowUs, microseconds, now_us
from stenolog.errors import RecordDamaged, SchemaTooNew, StoreError
from stenolog.log.appends import Together, touched
from stenolog.log.batch import (
    ADVICE,
    NOWHERE,
    BatchState,
    Coordinates,
    Sequenced,
    sequence_batch,
)
from stenolog.log.canonical import leaf_hash
from stenolog.log.event import Event, event_from_bytes
from stenolog.log.merkle import Frontier, frontier_from_bytes
from stenolog.stores.sqlite.file.writer import Writer
from stenolog.stores.sqlite.log.inserting import insert
from stenolog.stores.sqlite.log.open_rows import read_open
from stenolog.stores.sqlite.log.schema import log_schema

_LAST_OF_STREAMS = (
    "SELECT value, version, position, CAST(stream AS BLOB), bytes, leaf "
    "FROM json_each(?) JOIN events ON position = "
    "(SELECT position FROM events WHERE stream = value ORDER BY version DESC LIMIT 1)"
)
_PLACES_OF_IDS = (
    "SELECT id, position, version FROM events WHERE id IN (SELECT value FROM json_each(?))"
)
_PLACES_OF_DEDUPE_KEYS = (
    "SELECT key, position, version FROM dedupe JOIN events USING (position) "
    "WHERE key IN (SELECT value FROM json_each(?))"
)
RECORD = "position, CAST(stream AS BLOB), bytes, leaf"
"""The columns that `stored_event` takes; a damaged stream's name need not be text."""

CommitReport = Callable[[int, int, float], None]
"""Told after each batch: its callers, the events accepted, seconds from BEGIN to COMMIT's end."""


class LogWriter:
    """Commits batches; used by one thread at a time.

    Attributes:
        head: The last position when the file was opened.
        identity: Which log it is, and in which epoch.
    """

    def __init__(
        self, path: Path, report: CommitReport | None = None, clock: NowUs = now_us
    ) -> None:
        self._report = report
        self._now_us = clock
        self._writer = Writer(path, log_schema(clock), None)
        self.identity = self._writer.identity
        try:
            self.head = self._writer.transact(_read_frontier).count
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file and fold its WAL back."""
        self._writer.close()

    def commit_batch(self, batch: Sequence[Together]) -> Sequenced:
        """Commit the batch; return the outcome of each caller. All accepted events are durable.

        Raises:
            StoreUnavailable: Everything was rolled back.
            OutcomeUnknown: COMMIT failed.
            StoreError: The file is damaged; nothing was written.
        """
        began = time.perf_counter()

        def work(connection: sqlite3.Connection) -> Sequenced:
            at_us = self._now_us()
            sequenced = sequence_batch(batch, _read_state(connection, batch), at_us)
            if sequenced.rows:
                insert(connection, sequenced)
            elif not all(append.events for together in batch for append in together):
                # An append of nothing writes too: it is how one asks whether the log can commit.
                # DECISIONS 10: an append of nothing writes too; else readiness would prove nothing.
                connection.execute("UPDATE probe SET at_us = max(at_us + 1, ?)", (at_us,))
            return sequenced

        sequenced = self._writer.transact(work)
        if self._report is not None:
            self._report(len(batch), len(sequenced.rows), time.perf_counter() - began)
        return sequenced


def stored_event(position: int, stream: object, stored: bytes, leaf: object) -> Event:
    """Return the event in a row of these columns, the same that was appended.

    Raises:
        RecordDamaged: It is another, or none.
    """
    try:
        if leaf_hash(stored) != leaf:
            raise ValueError("its hash is another")
        event = event_from_bytes(stored)
        if event.position != position:
            raise ValueError("it stands at another position")
    except (ValueError, TypeError, SchemaTooNew) as exc:
        raise RecordDamaged(
            f"log.db: the record at position {position} is damaged ({exc}); {ADVICE}",
            position=position,
            stream=stream.decode(errors="replace") if isinstance(stream, bytes) else "",
        ) from exc
    return event


def _time_us(last: Event) -> int:
    try:
        return microseconds(last.time)
    except (ValueError, TypeError, AttributeError) as exc:
        raise StoreError(f"log.db: the last event's time is damaged; {ADVICE}") from exc


def stored_frontier(row: Sequence[Any] | None) -> Frontier:
    """Return the frontier in a row of `count` and `frontier`.

    Raises:
        StoreError: The row is missing or damaged.
    """
    try:
        if row is None:
            raise ValueError("its row is missing")
        return frontier_from_bytes(row[0], row[1])
    except (ValueError, TypeError, AttributeError) as exc:
        raise StoreError(f"log.db: the tree is damaged ({exc}); {ADVICE}") from exc


def _read_frontier(connection: sqlite3.Connection) -> Frontier:
    row = connection.execute("SELECT count, frontier FROM tree").fetchone()
    return stored_frontier(row)


def _read_state(connection: sqlite3.Connection, batch: Sequence[Together]) -> BatchState:
    asked = touched(batch)
    frontier = _read_frontier(connection)
    last = connection.execute(
        f"SELECT {RECORD} FROM events ORDER BY position DESC LIMIT 1"  # noqa: S608  the columns are ours
    ).fetchone()
    if (last[0] if last else 0) != frontier.count:
        raise StoreError(f"log.db: tree and events differ; {ADVICE}")
    state = BatchState(
        frontier=frontier,
        time_us=_time_us(stored_event(*last)) if last else 0,
    )
    streams = _json(asked["streams"])
    for name, version, position, *record in connection.execute(_LAST_OF_STREAMS, (streams,)):
        state.streams[name] = Coordinates(position=position, version=version)
        if not _agrees(name, version, position, *record):
            state.doubted[name] = f"log.db: the index and the record at {position} differ"
    for name, kept in read_open(connection, streams).items():
        if kept is None or kept.at != state.streams.get(name, NOWHERE):
            state.doubted[name] = "log.db: a stream and its open transcription differ"
        else:
            state.work[name] = kept.work
    for tenant in asked["tenants"]:
        row = connection.execute(
            "SELECT max(sequence) FROM events WHERE tenant = ? AND sequence > 0", (tenant,)
        ).fetchone()
        state.sequences[tenant] = row[0] or 0
    state.ids = _places(connection, _PLACES_OF_IDS, asked["ids"])
    state.dedupe = _places(connection, _PLACES_OF_DEDUPE_KEYS, asked["dedupe"])
    return state


def _agrees(
    name: str, version: object, position: int, stream: object, stored: bytes, leaf: object
) -> bool:
    """Tell whether the record that an index led to is this stream's; a damaged one cannot tell."""
    try:
        event = stored_event(position, stream, stored, leaf)
    except RecordDamaged:
        return stream == name.encode() and isinstance(version, int)
    return (event.stream, event.version) == (name, version)


def _places(
    connection: sqlite3.Connection, statement: str, names: Collection[str]
) -> dict[str, Coordinates]:
    return {
        name: Coordinates(position=position, version=version)
        for name, position, version in connection.execute(statement, (_json(names),))
    }


def _json(names: Collection[str]) -> str:
    # One array, so that the statement is the same however many names there are.
    return orjson.dumps(list(names)).decode()
