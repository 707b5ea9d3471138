"""Run transactions on a file's one writing connection, and tell whether they were committed."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from stenolog.errors import CannotStart, OutcomeUnknown, SchemaTooNew, StoreUnavailable
from stenolog.log.format import UNBOUND, LogIdentity
from stenolog.stores.sqlite.file.checking import refuse_damaged
from stenolog.stores.sqlite.file.connection import open_writer, store_errors, truncate_wal
from stenolog.stores.sqlite.file.identity import look
from stenolog.stores.sqlite.file.schema import Schema

Result = TypeVar("Result")

ADVICE = "run `stenolog log verify`"


class Writer:
    """Runs work in transactions; used by one thread at a time.

    After a failed COMMIT or ROLLBACK the connection is closed, and the next transaction opens the
    file again, if it is still the same.

    Attributes:
        identity: The log that the file belongs to, or is.
    """

    def __init__(self, path: Path, schema: Schema, identity: LogIdentity | None = UNBOUND) -> None:
        """Open the file, of the log with this identity; None for a log itself.

        Raises:
            CannotStart: It was not closed, and is damaged; or it is another.
        """
        refuse_damaged(path, schema)
        self._path = path
        self._schema = schema
        self._connection: sqlite3.Connection | None = open_writer(path, schema, identity)
        try:
            self.identity = identity or self._found()
        except BaseException:
            self.close()
            raise

    def transact(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """Run `work` in a transaction, and return its result once that is durable.

        Raises:
            StoreUnavailable: SQLite said no before COMMIT; nothing was written.
            OutcomeUnknown: COMMIT failed: the bytes may be in the WAL, or may not.
            Exception: Whatever `work` raised; nothing was written.
        """
        connection = self._opened()
        try:
            with store_errors(self._schema.name):
                connection.execute("BEGIN IMMEDIATE")
                result = work(connection)
        except BaseException:
            self._roll_back(connection)
            raise
        try:
            connection.execute("COMMIT")
        except sqlite3.Error as exc:
            self.close()
            raise OutcomeUnknown(f"{self._schema.name}: COMMIT failed: {exc}") from exc
        return result

    def truncate_wal(self) -> bool:
        """Remove what was overwritten or deleted from all files; False: a reader is in the way.

        Raises:
            StoreUnavailable: It may be there still; try again.
        """
        return truncate_wal(self._opened(), self._schema.name)

    def close(self) -> None:
        """Close the file; fold its WAL back when nobody else has it open."""
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _found(self) -> LogIdentity:
        with store_errors(self._schema.name):
            found = look(self._opened()).identity
        if found is None:
            raise StoreUnavailable(f"{self._schema.name} does not say which log it is: {ADVICE}")
        return found

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            try:
                self._connection = open_writer(self._path, self._schema, self.identity, anew=False)
            except (CannotStart, SchemaTooNew) as exc:
                raise StoreUnavailable(f"the file was replaced while it was in use: {exc}") from exc
        return self._connection

    def _roll_back(self, connection: sqlite3.Connection) -> None:
        try:
            if connection.in_transaction:  # SQLite rolls back by itself after some errors
                connection.execute("ROLLBACK")
        except sqlite3.Error:
            self.close()
