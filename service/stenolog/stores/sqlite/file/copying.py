"""Copy a SQLite file while it is being written, and say in a copy what it is."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path

from stenolog.errors import StoreError, StoreUnavailable
from stenolog.log.format import LogIdentity
from stenolog.stores.sqlite.file.checking import structure
from stenolog.stores.sqlite.file.connection import open_reader_sync, store_errors
from stenolog.stores.sqlite.file.identity import COPY_KIND, look, refuse_wrong
from stenolog.stores.sqlite.file.schema import Schema

PAGES_PER_STEP = 256  # 1 MiB: between two steps the writer, and this process, get their turn

Copied = Callable[[int, int], None]
"""Told after each step: pages copied, and pages in all."""


def copy_database(
    path: Path, schema: Schema, identity: LogIdentity | None, target: Path, copied: Copied
) -> LogIdentity:
    """Copy the file as it is at one moment, check the copy, and return which log it belongs to.

    One read transaction is held from first page to last: the writer goes on, and its WAL grows by
    what it writes meanwhile. `target` does not exist yet; it is a whole file with no WAL.

    Raises:
        CannotStart: The file is of another kind, or of another log than `identity`.
        SchemaTooNew: It was written by a newer Stenolog.
        StoreUnavailable: It cannot be read, or the copy cannot be written.
        StoreError: The structure of the file is damaged; its copy is.
    """

    def progress(_: int, remaining: int, pages: int) -> None:
        copied(pages - remaining, pages)

    with (
        contextlib.closing(open_reader_sync(path, schema.name)) as source,
        store_errors(f"{schema.name} cannot be copied"),
    ):
        source.execute("BEGIN")
        found = look(source)  # this begins to read
        refuse_wrong(found, schema, identity)
        with contextlib.closing(sqlite3.connect(target, isolation_level=None)) as copy:
            source.backup(copy, pages=PAGES_PER_STEP, progress=progress, sleep=0)
            # A file without a WAL is read from where nothing can be written, and leaves no other.
            copy.execute("PRAGMA journal_mode = DELETE")
            source.execute("ROLLBACK")  # before the check, which may take minutes
            fault = structure(copy).fault
    if fault:
        raise StoreError(f"{schema.name} is damaged ({fault}): {schema.mending}")
    if found.identity is None:
        raise StoreError(f"{schema.name} does not say which log it belongs to: {schema.mending}")
    return found.identity


def write_epoch(path: Path, schema: Schema, identity: LogIdentity) -> None:
    """Write down in which epoch of its log a closed file, which nobody else has open, is now.

    Afterwards the file is whole without its WAL, and can be moved alone.

    Raises:
        StoreUnavailable: It could not be written.
    """
    with (
        store_errors(schema.name),
        contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection,
    ):
        connection.execute(
            "UPDATE identity SET epoch = ?, restore = ?", (identity.epoch, identity.restore)
        )
        # Closing would empty the WAL too, but says nothing when it cannot, and leaves it there.
        (mode,) = connection.execute("PRAGMA journal_mode = DELETE").fetchone()
        if mode != "delete":
            raise StoreUnavailable(f"{schema.name} is open elsewhere: try again")


def write_kind(path: Path, schema: Schema, *, copied: bool) -> None:
    """Write down whether a closed log is one as a backup has it, which is not served.

    Raises:
        StoreUnavailable: It could not be written.
    """
    kind = COPY_KIND if copied else schema.application_id
    with (
        store_errors(schema.name),
        contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection,
    ):
        connection.execute(f"PRAGMA application_id = {kind}")
