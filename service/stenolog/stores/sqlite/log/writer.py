"""Commit a batch of appends in one transaction on `log.db`."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path

import orjson

from stenolog.clock import Clocks
from stenolog.errors import OutcomeUnknown, StoreError
from stenolog.log.appends import Together, touched
from stenolog.log.batch import Sequenced, sequence_batch
from stenolog.log.batch_state import ADVICE, NOWHERE, BatchState, Coordinates
from stenolog.log.event_clock import Reading, started
from stenolog.log.events.logs import ClockReason
from stenolog.log.merkle import Frontier
from stenolog.log.recorder import id_at
from stenolog.stores.sqlite.file.writer import Writer
from stenolog.stores.sqlite.log.clock_jumps import Jump, telling_of, with_jumps
from stenolog.stores.sqlite.log.ends import read_sequences, read_streams
from stenolog.stores.sqlite.log.inserting import insert
from stenolog.stores.sqlite.log.last_time import read_last_us
from stenolog.stores.sqlite.log.mending import mend_nodes
from stenolog.stores.sqlite.log.open_rows import read_open
from stenolog.stores.sqlite.log.schema import log_schema
from stenolog.stores.sqlite.log.stored import stored_frontier

_PLACES_OF_IDS = (
    "SELECT id, position, version FROM events WHERE id IN (SELECT value FROM json_each(?))"
)
_PLACES_OF_DEDUPE_KEYS = (
    "SELECT key, position, version FROM dedupe JOIN events USING (position) "
    "WHERE key IN (SELECT value FROM json_each(?))"
)
NO_OTHER_CLOCKS = Clocks()
US_PER_MS = 1_000

CommitReport = Callable[[int, int, float], None]
"""Told after each batch: its callers, the events accepted, seconds from BEGIN to COMMIT's end."""


class LogWriter:
    """Commits batches; used by one thread at a time.

    Attributes:
        head: The last position when the file was opened.
        identity: Which log it is, and in which epoch.
        behind_ms: How far the machine's clock was behind the last event then; 0: it was not.
    """

    def __init__(
        self,
        path: Path,
        report: CommitReport | None = None,
        clocks: Clocks = NO_OTHER_CLOCKS,
        accept_clock: bool = False,
    ) -> None:
        """`accept_clock`: an operator says that the machine's clock is right."""
        self._report = report
        self._clocks = clocks
        started(self._reading(), 0, accepted=accept_clock)
        self._writer = Writer(path, log_schema(clocks.wall), None)
        self.identity = self._writer.identity
        try:
            self.head = self.count()
            last_us = self._writer.transact(read_last_us)
            told = started(now := self._reading(), last_us, accepted=accept_clock)
            self.behind_ms = max(0, last_us - now.wall_us) // US_PER_MS
            self._clock = told.clock
            self._jumps: Sequence[Jump] = ()  # that no event tells yet
            self._untold: Sequence[Together] = ()  # what tells of others, and may be committed
            if told.jumped_us is not None:
                reason: ClockReason = "accepted" if accept_clock else "started"
                self._jumps = [Jump(off_us=told.jumped_us, reason=reason)]
        except BaseException:
            self.close()
            raise

    def count(self) -> int:
        """Return the last position, as the file has it.

        Raises:
            StoreError: It cannot be read.
        """
        return self._writer.transact(_read_frontier).count

    @property
    def jumped(self) -> bool:
        """Whether the clock had jumped when the file was opened, and no event tells it yet."""
        return bool(self._jumps or self._untold)

    def event_id(self) -> str:
        """Make an id for an event: of the time that it would have now. On any thread."""
        return id_at(self._clock.time_us(self._reading()) // US_PER_MS)

    def look(self) -> None:
        """Read the clocks while nothing is committed, so that a jump is seen as it is."""
        self._clock = self._clock.seen(self._reading())

    def mend_nodes(self) -> int | None:
        """Write the tree's nodes anew where they are not those of its leaves; count them.

        None: the leaves do not lead to the tree.

        Raises:
            StoreError: The file cannot be read or written.
        """
        return self._writer.transact(mend_nodes)

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
        sequenced = self._commit(batch)
        if self._report is not None:
            self._report(len(batch), len(sequenced.rows), time.perf_counter() - began)
        return sequenced

    def _commit(self, batch: Sequence[Together]) -> Sequenced:
        """Commit the batch, and with it that the clock has jumped, which nobody is answered."""
        told = self._clock.tell(self._reading())
        jumps = list(self._jumps)
        if told.jumped_us is not None:
            jumps.append(Jump(off_us=told.jumped_us, reason="agreed"))
        telling = [telling_of(jump, self.identity, told.time_us) for jump in jumps]
        untold = [*self._untold, *telling]
        everything, own = with_jumps(batch, untold)
        try:
            sequenced = self._transact(everything, told.time_us)
        except OutcomeUnknown:
            # They may be in the log: with the same ids the next batch adds none twice.
            self._clock, self._jumps, self._untold = told.clock, (), untold
            raise
        self._clock, self._jumps, self._untold = told.clock, (), ()
        return replace(sequenced, outcomes=sequenced.outcomes[own])

    def _reading(self) -> Reading:
        return Reading(wall_us=self._clocks.wall(), steady_us=self._clocks.steady())

    def _transact(self, batch: Sequence[Together], at_us: int) -> Sequenced:
        def work(connection: sqlite3.Connection) -> Sequenced:
            sequenced = sequence_batch(batch, _read_state(connection, batch), at_us)
            if sequenced.rows:
                insert(connection, sequenced)
            elif not all(append.events for together in batch for append in together):
                # An append of nothing writes too: it is how one asks whether the log can commit.
                # DECISIONS 10: an append of nothing writes too; else readiness would prove nothing.
                connection.execute("UPDATE probe SET at_us = max(at_us + 1, ?)", (at_us,))
            return sequenced

        return self._writer.transact(work)


def _read_frontier(connection: sqlite3.Connection) -> Frontier:
    row = connection.execute("SELECT count, frontier FROM tree").fetchone()
    return stored_frontier(row)


def _read_state(connection: sqlite3.Connection, batch: Sequence[Together]) -> BatchState:
    asked = touched(batch)
    frontier = _read_frontier(connection)
    # Of the last record only its place is looked at: damage there is no reason to stop writing.
    last = connection.execute("SELECT max(position) FROM events").fetchone()[0] or 0
    if last != frontier.count:
        raise StoreError(f"log.db: tree and events differ; {ADVICE}")
    state = BatchState(frontier=frontier, time_us=read_last_us(connection))
    streams = _json(asked["streams"])
    read_streams(connection, streams, state)
    for name, kept in read_open(connection, streams).items():
        if kept is None or kept.at != state.streams.get(name, NOWHERE):
            state.doubted[name] = "log.db: a stream and its open transcription differ"
        else:
            state.work[name] = kept.work
    read_sequences(connection, _json(asked["tenants"]), state)
    state.ids = _places(connection, _PLACES_OF_IDS, asked["ids"])
    state.dedupe = _places(connection, _PLACES_OF_DEDUPE_KEYS, asked["dedupe"])
    return state


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
