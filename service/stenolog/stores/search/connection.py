"""Open `search.db` with apsw, recognise it, and turn the library's errors into ours."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import apsw

from stenolog.errors import CannotStart, StoreUnavailable
from stenolog.log.format import LogIdentity
from stenolog.projections.search.index import QUERY_MS_MAX, SearchTooLong
from stenolog.stores.search.matching import share_of_terms
from stenolog.stores.search.schema import FILE, KIND, SCHEMA, TABLES, row_of
from stenolog.stores.search.scrubbing import PAGE_BYTES, PAGES_MAX, VFS_NAME
from stenolog.stores.search.values import whole

BUSY_TIMEOUT_MS = 5_000
WAL_PAGES_MAX = 1_000
CACHE_KIB = 8_192
STEPS_BETWEEN_LOOKS = 2_000  # of SQLite's machine, some 50 µs: how often the time is looked at
SUFFIXES = ("", "-wal", "-shm")
UNUSABLE = (apsw.CorruptError, apsw.NotADBError)


@contextlib.contextmanager
def search_errors() -> Iterator[None]:
    """The library's errors leave as ours.

    Raises:
        SearchTooLong: A query was interrupted.
        StoreUnavailable: SQLite said no; its words are in the message.
    """
    try:
        yield
    except apsw.InterruptError as exc:
        raise SearchTooLong(
            f"this took more than {QUERY_MS_MAX} ms: use rarer words, or a filter, or ask again"
        ) from exc
    except apsw.Error as exc:
        raise StoreUnavailable(f"{FILE}: {type(exc).__name__}: {exc}") from exc


def is_unusable(error: BaseException) -> bool:
    """Tell whether the file is damaged, so that it must be made anew."""
    return isinstance(error.__cause__, UNUSABLE)


def delete(path: Path) -> None:
    """Remove the file and what SQLite keeps beside it."""
    for suffix in SUFFIXES:
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def open_writer(path: Path, identity: LogIdentity) -> tuple[apsw.Connection | None, str]:
    """Return the one writing connection; None, and why, when the file must be made anew.

    Raises:
        CannotStart: It is a file of another kind: what it holds may be needed elsewhere.
        StoreUnavailable: It cannot be opened or written.
    """
    with search_errors():
        connection = apsw.Connection(str(path), vfs=VFS_NAME)
        try:
            unfit = _prepared(connection, identity)
        except UNUSABLE as exc:
            connection.close()
            return None, f"it is damaged: {exc}"
        except BaseException:
            connection.close()
            raise
        if unfit:
            connection.close()
            return None, unfit
        return connection, ""


def open_reader(path: Path) -> apsw.Connection:
    """Return a reading connection, for one thread at a time.

    Raises:
        apsw.Error: It cannot be opened.
    """
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    connection.set_busy_timeout(BUSY_TIMEOUT_MS)
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}; PRAGMA temp_store = MEMORY")
    connection.register_fts5_function("share_of_terms", share_of_terms)
    return connection


@contextlib.contextmanager
def within_time(connection: apsw.Connection, limit_ms: int = QUERY_MS_MAX) -> Iterator[None]:
    """Interrupt what runs on the connection once the time is over.

    Raises:
        apsw.InterruptError: It was.
    """
    ends = time.monotonic() + limit_ms / 1000
    connection.set_progress_handler(lambda: time.monotonic() > ends, STEPS_BETWEEN_LOOKS)
    try:
        yield
    finally:
        connection.set_progress_handler(None)


def truncate_wal(connection: apsw.Connection) -> None:
    """Move everything into the file and empty the WAL, so that what was deleted is nowhere.

    Waits for readers, each of which has a limit of time.

    Raises:
        StoreUnavailable: A reader is still in the way; try again.
    """
    with search_errors():
        (busy, _, _), *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    if busy:
        raise StoreUnavailable(f"{FILE}: a reader is in the way of emptying the WAL")


def _prepared(connection: apsw.Connection, identity: LogIdentity) -> str:
    """Set the connection up, and a new file; return why another cannot be used, else nothing."""
    connection.set_busy_timeout(BUSY_TIMEOUT_MS)
    kind, version = _number(connection, "application_id"), _number(connection, "user_version")
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()[0][0]
    new = not (kind or version or tables)
    if not new and kind != KIND:
        raise CannotStart(f"{FILE} is a file of another kind: put it where it belongs")
    if not new and version != SCHEMA:
        return f"it has version {version}, and this Stenolog needs {SCHEMA}"
    mode = connection.execute(
        f"PRAGMA page_size = {PAGE_BYTES}; PRAGMA journal_mode = WAL"
    ).fetchall()[-1][0]
    if mode != "wal":
        raise StoreUnavailable(f"{FILE}: this file system cannot hold a WAL: {mode}")
    connection.execute(
        "PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY;"
        f"PRAGMA cache_size = -{CACHE_KIB}; PRAGMA wal_autocheckpoint = {WAL_PAGES_MAX};"
        f"PRAGMA max_page_count = {PAGES_MAX}"
    ).fetchall()
    if new:
        with connection:
            connection.execute(TABLES)
            connection.execute("INSERT INTO identity VALUES (?, ?, ?, ?, ?)", row_of(identity))
        return ""
    found = connection.execute("SELECT * FROM identity").fetchall()
    if found != [row_of(identity)]:
        return "it belongs to another log, another epoch of it, or another version"
    connection.execute(
        "SELECT rowid FROM words WHERE words MATCH 'said : \"a\"' LIMIT 1"
    ).fetchall()
    return ""


def _number(connection: apsw.Connection, pragma: str) -> int:
    return whole(connection.execute(f"PRAGMA {pragma}").fetchall()[0][0])
