"""Share commits among the many small writes to a SQLite file."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import aiosqlite

from stenolog.errors import StenologError, StoreError
from stenolog.log.format import UNBOUND, LogIdentity
from stenolog.log.sequencer import GroupCommit
from stenolog.stores.sqlite.file.connection import open_reader, read_rows
from stenolog.stores.sqlite.file.schema import Schema
from stenolog.stores.sqlite.file.writer import Writer

Write = Callable[[sqlite3.Connection], Any]


class WrittenFile:
    """A SQLite file with one writing thread and one reading connection.

    A `Write` submitted to `_commits` is durable when that call returns, with the write's result. A
    write that raises one of our errors, or breaks a constraint, has written nothing and fails only
    its own caller. Any other error fails all callers that shared its transaction.
    """

    schema: ClassVar[Schema]

    def __init__(self, writer: Writer, reader: aiosqlite.Connection) -> None:
        self._writer = writer
        self._reader = reader
        self._commits = GroupCommit[Write, Any](self._commit, name=f"{self.schema.name}-writer")

    @classmethod
    async def open(cls, path: Path, identity: LogIdentity = UNBOUND) -> Self:
        """Return the file at `path` of this log, created when there is none.

        Raises:
            CannotStart: It is of another kind, or of another log.
            SchemaTooNew: The file was written by a newer Stenolog.
            StoreUnavailable: It cannot be opened or written.
        """
        writer = await asyncio.to_thread(Writer, path, cls.schema, identity)
        try:
            return cls(writer, await open_reader(path, cls.schema.name))
        except BaseException:
            writer.close()
            raise

    async def close(self) -> None:
        """Commit everything submitted, then close the file."""
        await self._commits.close()
        await self._reader.close()
        self._writer.close()

    @property
    def beat_age_ms(self) -> int:
        """How long writes have waited without an answer to any of them; 0: none waits."""
        return self._commits.beat_age_ms

    async def _all(self, statement: str, *values: object) -> list[Any]:
        return await read_rows(self._reader, self.schema.name, statement, *values)

    async def _one(self, statement: str, *values: object) -> sqlite3.Row | None:
        rows = await self._all(statement, *values)
        return rows[0] if rows else None

    def _commit(self, batch: Sequence[Write]) -> Sequence[Any | StenologError]:
        # On the writing thread: one transaction for all.
        return self._writer.transact(
            lambda connection: [self._outcome(connection, write) for write in batch]
        )

    def _outcome(self, connection: sqlite3.Connection, write: Write) -> Any | StenologError:
        connection.execute("SAVEPOINT one")
        try:
            outcome = write(connection)
        except StenologError as exc:
            connection.execute("ROLLBACK TO one")
            outcome = exc
        except sqlite3.IntegrityError as exc:
            connection.execute("ROLLBACK TO one")
            outcome = StoreError(f"{self.schema.name}: {exc}")
        connection.execute("RELEASE one")
        return outcome
