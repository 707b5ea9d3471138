"""Run transactions on a file's one writing connection, and tell whether they were committed."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from stenolog.errors import OutcomeUnknown
from stenolog.stores.sqlite.file.connection import Schema, open_writer, store_errors, truncate_wal

Result = TypeVar("Result")


class Writer:
    """Runs work in transactions; used by one thread at a time.

    After a failed COMMIT or ROLLBACK the connection is closed, and the next transaction opens the
    file again.
    """

    def __init__(self, path: Path, schema: Schema) -> None:
        self._path = path
        self._schema = schema
        self._connection: sqlite3.Connection | None = open_writer(path, schema)

    def transact(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """Run `work` in a transaction, and return its result once that is durable.

        Raises:
            StoreUnavailable: SQLite said no before COMMIT; nothing was written.
            OutcomeUnknown: COMMIT failed: the bytes may be in the WAL, or may not.
            Exception: Whatever `work` raised; nothing was written.
        """
        if self._connection is None:
            self._connection = open_writer(self._path, self._schema)
        connection = self._connection
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
        if self._connection is None:
            self._connection = open_writer(self._path, self._schema)
        return truncate_wal(self._connection, self._schema.name)

    def close(self) -> None:
        """Close the file; fold its WAL back when nobody else has it open."""
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _roll_back(self, connection: sqlite3.Connection) -> None:
        try:
            if connection.in_transaction:  # SQLite rolls back by itself after some errors
                connection.execute("ROLLBACK")
        except sqlite3.Error:
            self.close()
