"""The outbox on SQLite: `work.db`, one writing thread with group commit, one reading connection."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import aiosqlite

from service.delivery.outbox import (
    DELIVERIES_PER_ADD_MAX,
    Attempt,
    Backlog,
    Checkpoint,
    Ending,
    Leased,
    Pending,
    Taken,
)
from service.errors import StoreError, StoreUnavailable
from service.log.catalogue import DeliveryKind
from service.log.sequencer import GroupCommit
from service.stores.sqlite import outbox_statements as statements
from service.stores.sqlite.connection import open_reader, store_errors
from service.stores.sqlite.work_schema import WORK
from service.stores.sqlite.writer import Writer

Write = Callable[[sqlite3.Connection], Any]


class SqliteWork:
    """Keeps `Outbox`'s promises with WAL, synchronous=FULL.

    A file that is lost is made anew, and then nothing is owed: who is waiting for a delivery that
    was in it reads the outcome instead. A damaged one is refused, so that this is a decision.
    """

    def __init__(self, writer: Writer, reader: aiosqlite.Connection) -> None:
        self._writer = writer
        self._reader = reader
        self._commits = GroupCommit[Write, Any](self._commit, name="work-writer")

    @classmethod
    async def open(cls, path: Path) -> SqliteWork:
        """The outbox at `path`, created when there is none.

        Raises:
            SchemaTooNew: The file was written by a newer Stenolog.
            StoreUnavailable: It cannot be opened or written.
        """
        writer = await asyncio.to_thread(Writer, path, WORK)
        try:
            return cls(writer, await open_reader(path, "work.db"))
        except BaseException:
            writer.close()
            raise

    async def close(self) -> None:
        """Everything submitted is committed; then the file is closed."""
        await self._commits.close()
        await self._reader.close()
        self._writer.close()

    async def checkpoint(self) -> Checkpoint | None:
        """By primary key."""
        rows = await self._all(
            "SELECT position, event_id FROM checkpoints WHERE reader = ?", statements.FAN_OUT
        )
        return Checkpoint(position=rows[0][0], event_id=rows[0][1]) if rows else None

    async def begin(self, at: Checkpoint) -> None:
        """One transaction."""
        await self._commits.submit(partial(statements.begin, at=at))

    async def add(self, pending: Sequence[Pending], *, after: int, to: Checkpoint) -> None:
        """One transaction."""
        assert len(pending) <= DELIVERIES_PER_ADD_MAX
        await self._commits.submit(partial(statements.add, pending=pending, after=after, to=to))

    async def recover(self, now_ms: int) -> None:
        """The directory's lock admits one gateway: no lease is anybody else's."""
        await self._commits.submit(partial(statements.recover, now_ms=now_ms))

    async def take(
        self,
        now_ms: int,
        *,
        until_ms: int,
        limit: int,
        busy: Mapping[str, int],
        per_lane: int,
    ) -> Taken:
        """One transaction."""
        taken: Taken = await self._commits.submit(
            partial(
                statements.take,
                now_ms=now_ms,
                until_ms=until_ms,
                limit=limit,
                busy=dict(busy),
                per_lane=per_lane,
            )
        )
        return taken

    async def record(
        self, leased: Leased, attempt: Attempt, *, due_at_ms: int | None, ending: Ending | None
    ) -> bool:
        """One transaction."""
        held: bool = await self._commits.submit(
            partial(
                statements.record,
                leased=leased,
                attempt=attempt,
                due_at_ms=due_at_ms,
                ending=ending,
            )
        )
        return held

    async def put_off(self, leased: Leased, due_at_ms: int) -> None:
        """One transaction."""
        await self._commits.submit(partial(statements.put_off, leased=leased, due_at_ms=due_at_ms))

    async def remove(self, leased: Leased, now_ms: int) -> None:
        """One transaction; a hundred old attempts at most go with it."""
        await self._commits.submit(partial(statements.remove, leased=leased, now_ms=now_ms))

    async def attempts(self, position: int, kind: DeliveryKind = "outcome") -> Sequence[Attempt]:
        """By primary key."""
        rows = await self._all(
            "SELECT number, at_ms, took_ms, status, outcome FROM attempts "
            "WHERE position = ? AND kind = ? ORDER BY number",
            position,
            kind,
        )
        return [
            Attempt(number=number, at_ms=at_ms, took_ms=took_ms, status=status, outcome=outcome)
            for number, at_ms, took_ms, status, outcome in rows
        ]

    async def backlog(self) -> Backlog:
        """Counts the rows: there are as many as receivers are behind."""
        rows = await self._all("SELECT count(*), min(created_at_ms) FROM outbox")
        return Backlog(deliveries=rows[0][0], oldest_at_ms=rows[0][1])

    def _commit(self, batch: Sequence[Write]) -> Sequence[Any | StoreError]:
        return self._writer.transact(
            lambda connection: [_outcome(connection, write) for write in batch]
        )

    async def _all(self, statement: str, *values: object) -> list[Any]:
        with store_errors("work.db"):
            return list(await self._reader.execute_fetchall(statement, values))


def _outcome(connection: sqlite3.Connection, write: Write) -> Any | StoreError:
    """What one write came to; one that refuses by itself has written nothing, and stands alone."""
    connection.execute("SAVEPOINT one")
    try:
        outcome = write(connection)
    except (sqlite3.IntegrityError, StoreUnavailable) as exc:
        connection.execute("ROLLBACK TO one")
        outcome = exc if isinstance(exc, StoreUnavailable) else StoreError(f"work.db: {exc}")
    connection.execute("RELEASE one")
    return outcome
