"""Check the structure of a SQLite file with SQLite's own means, without writing to it."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

import structlog

from stenolog.errors import CannotStart, StoreUnavailable
from stenolog.stores.sqlite.file.connection import open_reader_sync
from stenolog.stores.sqlite.file.schema import Schema
from stenolog.stores.sqlite.file.wal import SUFFIX as WAL
from stenolog.stores.sqlite.file.wal import pages_missing

# At a start that follows a crash. SQLite checks some 300 MB a second. A log that takes longer is
# served all the same: its structure is then not known, and that is said.
CHECK_MS_MAX = 60_000
LOOK_MS_MAX = 10_000  # of a command that only looks
INSTRUCTIONS_PER_LOOK = 10_000  # of the SQLite machine, between two looks at the clock

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """What SQLite found.

    Attributes:
        fault: The first thing that is wrong, in SQLite's words; empty when there is none.
        whole: Whether everything was looked at in the time that there was.
    """

    fault: str = ""
    whole: bool = True


def refuse_damaged(path: Path, schema: Schema, *, looking: bool = False) -> None:
    """After an unclean stop, check that the file and what SQLite kept beside it are one.

    `looking`: for a command, which says nothing of it and gives up sooner.

    Raises:
        CannotStart: They are not, or cannot be read; nothing was written.
    """
    fault = fault_after_crash(path, schema, looking=looking)
    if fault:
        raise CannotStart(
            f"{schema.name} and {schema.name}{WAL} do not belong together, or are damaged "
            f"({fault}); nothing was written; {schema.mending}"
        )


def fault_after_crash(path: Path, schema: Schema, *, looking: bool = False) -> str:
    """Say what is wrong with a file that was not closed; empty when nothing is, or it was closed.

    A file that was closed has no WAL. One whose WAL is of another life of it, as `cp` of a backup
    over a crashed file leaves it, must not be opened for writing: closing it mixes them for good.
    """
    if not (_has_bytes(path) and _has_bytes(path.with_name(path.name + WAL))):
        return ""
    began = time.monotonic()
    try:
        missing = pages_missing(path)
        if missing:
            return f"{missing} pages are in neither"
        with contextlib.closing(open_reader_sync(path, schema.name)) as connection:
            found = structure(connection, LOOK_MS_MAX if looking else CHECK_MS_MAX)
    except (StoreUnavailable, OSError) as exc:
        return str(exc)
    if looking:
        return found.fault
    took_ms = round((time.monotonic() - began) * 1000)
    log.info("file.checked", file=schema.name, whole=found.whole, took_ms=took_ms)
    if not found.whole:
        log.warning(
            "file.check_unfinished", file=schema.name, advice="run `stenolog log verify` on it"
        )
    return found.fault


def structure(connection: sqlite3.Connection, ms_max: int | None = None) -> Structure:
    """Run SQLite's quick check: every page and record, not the indexes against the tables.

    Args:
        connection: The file, open; reading will do.
        ms_max: Give up after this time; None: take what it takes. SQLite looks at the clock between
            rows and not within the walk through one tree of pages, so it can be late by one.
    """
    ends = None if ms_max is None else time.monotonic() + ms_max / 1000

    def late() -> bool:
        return ends is not None and time.monotonic() > ends

    connection.set_progress_handler(late, INSTRUCTIONS_PER_LOOK)
    try:
        said = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.OperationalError as exc:
        if late():
            return Structure(whole=False)
        return Structure(fault=str(exc))
    except sqlite3.Error as exc:
        return Structure(fault=str(exc))
    finally:
        connection.set_progress_handler(None, 0)
    return Structure() if said == "ok" else Structure(fault=" ".join(said.split()))


def _has_bytes(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except OSError:
        return False
