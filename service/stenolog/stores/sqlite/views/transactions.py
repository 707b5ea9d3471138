"""Run transactions on the one writing connection of `views.db`."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

from stenolog.stores.sqlite.file.connection import store_errors
from stenolog.stores.sqlite.file.transaction import transaction


class ViewTransactions:
    """Runs transactions, on one thread."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def close(self) -> None:
        """Close the file; nothing can be written any more."""
        self._connection.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Commit all that is run in it, or nothing.

        Raises:
            StoreUnavailable: Nothing, or possibly nothing, was written.
        """
        with store_errors("views.db"), transaction(self._connection) as connection:
            yield connection
