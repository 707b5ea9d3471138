"""Run a transaction on a connection that has nothing else to do."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Commit all that is run in it, or roll all of it back.

    Raises:
        sqlite3.Error: SQLite said no. When it was COMMIT, the bytes may be in the WAL; `Writer`
            tells these cases apart.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # SQLite rolls back by itself after some errors
            connection.execute("ROLLBACK")
        raise
