"""Open a SQLite file, bring its schema up to date, and turn its errors into ours."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiosqlite

from stenolog.errors import StoreUnavailable
from stenolog.log.format import LogIdentity
from stenolog.stores.sqlite.file.identity import look, refuse_wrong
from stenolog.stores.sqlite.file.schema import Schema, run_step

THREAD_END_SECONDS = 5.0  # of one that has nothing to do any more
BUSY_TIMEOUT_MS = 5_000
PAGE_BYTES = 4_096  # SQLite's own default; set explicitly, because sizes here are computed from it
# A WAL grows until a checkpoint; one of 4,000 pages of 4 KiB is folded back by the writer itself.
# Random ids touch about a hundred pages a commit: at SQLite's own 1,000, every tenth commit waits.
# DECISIONS 42: folding back more often makes commits wait.
WAL_PAGES_MAX = 4_000
# A reader that holds a transaction open keeps a WAL from being begun anew, and it grows. Once it is
# begun anew, what is longer than it needs to be is cut off.
WAL_BYTES_KEPT_MAX = WAL_PAGES_MAX * PAGE_BYTES
# SQLite release notes, 3.51.3: before it, two connections that write or checkpoint at once can
# corrupt a WAL. We have one writer a file, and readers open with mode=ro.
WAL_BUG_FIXED = (3, 51, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """The SQLite that this Python brings.

    Attributes:
        wal_bug_until: The version that mends the WAL bug; empty when this one has it mended.
    """

    version: str
    wal_bug_until: str


def library() -> Library:
    """Say which SQLite is used here."""
    fixed = (
        "" if sqlite3.sqlite_version_info >= WAL_BUG_FIXED else ".".join(map(str, WAL_BUG_FIXED))
    )
    return Library(version=sqlite3.sqlite_version, wal_bug_until=fixed)


@contextlib.contextmanager
def store_errors(what: str) -> Iterator[None]:
    """SQLite's errors leave as `StoreUnavailable`.

    Raises:
        StoreUnavailable: SQLite said no; `what` and its words are in the message.
    """
    try:
        yield
    except (sqlite3.Error, UnicodeDecodeError) as exc:
        # In a damaged file SQLite's own message may quote bytes that are no text.
        raise StoreUnavailable(f"{what}: {exc}") from exc


def open_writer(
    path: Path, schema: Schema, identity: LogIdentity | None = None, *, anew: bool = True
) -> sqlite3.Connection:
    """Return the one writing connection to `path`, with its schema brought up to date.

    The connection is in autocommit mode: transactions are begun and ended by hand. It may be
    handed to one other thread.

    Args:
        path: The file.
        schema: What it is made of.
        identity: The log that it belongs to, written into a new file; None for a log itself,
            whose first step makes one.
        anew: Whether it is made when there is none.

    Raises:
        CannotStart: It is of another kind, or of another log; nothing was written to it.
        SchemaTooNew: The file was written by a newer Stenolog; the same.
        StoreUnavailable: The file cannot be opened or written.
    """
    with store_errors(schema.name):
        connection = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, timeout=BUSY_TIMEOUT_MS / 1000
        )
        try:
            found = look(connection)
            refuse_wrong(found, schema, identity)
            if found.new and not anew:
                raise StoreUnavailable(f"{schema.name} was removed while it was in use")
            prepare(connection, schema, found.version, identity)
        except BaseException:
            connection.close()
            raise
    return connection


def prepare(
    connection: sqlite3.Connection, schema: Schema, version: int, identity: LogIdentity | None
) -> None:
    """Set the pragmas and run the steps that a file of this version has not seen."""
    connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")  # of a new file; others keep theirs
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise StoreUnavailable(f"{schema.name}: this file system cannot hold a WAL: {mode}")
    connection.execute(f"PRAGMA synchronous = {schema.synchronous}")
    connection.execute(f"PRAGMA secure_delete = {'ON' if schema.secure_delete else 'OFF'}")
    connection.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES_MAX}")
    connection.execute(f"PRAGMA journal_size_limit = {WAL_BYTES_KEPT_MAX}")
    connection.execute("PRAGMA foreign_keys = ON")
    for number in range(version + 1, len(schema.steps) + 1):
        run_step(connection, schema, number, identity)


def truncate_wal(connection: sqlite3.Connection, what: str) -> bool:
    """Move everything committed into the file and empty the WAL, so that old pages are gone.

    False: a reader is in the way. It is not waited for: others have writes for this connection.

    Raises:
        StoreUnavailable: SQLite said no; try again.
    """
    with store_errors(what):
        connection.execute("PRAGMA busy_timeout = 0")
        try:
            busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        finally:
            connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    return not busy


async def open_reader(path: Path, what: str) -> aiosqlite.Connection:
    """Return a reading connection (`mode=ro`) on its own thread; reads hold no transaction open.

    Raises:
        StoreUnavailable: The file cannot be opened.
    """
    with store_errors(what):
        connection = aiosqlite.connect(
            _read_only(path),
            uri=True,
            isolation_level=None,
            timeout=BUSY_TIMEOUT_MS / 1000,
        )
        try:
            return await connection
        except BaseException:
            # Its thread has one more word for this loop, which may be closed next.
            await asyncio.to_thread(connection._thread.join, THREAD_END_SECONDS)
            raise


async def read_rows(
    reader: aiosqlite.Connection, what: str, statement: str, *values: object
) -> list[Any]:
    """Return all rows of one statement in one visit to the reading thread; a cursor takes three.

    Raises:
        StoreUnavailable: SQLite said no.
    """
    with store_errors(what):
        return list(await reader.execute_fetchall(statement, values))


def open_reader_sync(path: Path, what: str, *, alone: bool = False) -> sqlite3.Connection:
    """Return a reading connection for commands that run without the service.

    With `alone` nobody else has the file open: one that was closed cleanly is read, and nothing is
    left beside it. In a directory where nothing can be written (a backup on read-only media) such a
    file is read as it is.

    Raises:
        StoreUnavailable: The file cannot be opened, or nothing can be written and its WAL, which
            holds a part of it, cannot be read: copy it to where something can.
    """
    with store_errors(what):
        if alone and path.is_file() and not _has_wal(path):
            return _tried(f"{_read_only(path)}&immutable=1")
        try:
            return _tried(_read_only(path))
        except sqlite3.OperationalError:
            if not path.is_file() or os.access(path.parent, os.W_OK) or _has_wal(path):
                raise
            return _tried(f"{_read_only(path)}&immutable=1")


def _has_wal(path: Path) -> bool:
    wal = path.with_name(f"{path.name}-wal")
    return wal.exists() and wal.stat().st_size > 0


def _tried(uri: str) -> sqlite3.Connection:
    connection = sqlite3.connect(uri, uri=True, isolation_level=None)
    try:
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _read_only(path: Path) -> str:
    return f"{path.absolute().as_uri()}?mode=ro"
