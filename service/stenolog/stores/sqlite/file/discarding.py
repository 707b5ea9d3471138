"""Remove a file that can be made again, when it belongs to another log or another version."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from stenolog.log.format import LogIdentity
from stenolog.stores.sqlite.file.connection import store_errors
from stenolog.stores.sqlite.file.identity import look, refuse_other_kind
from stenolog.stores.sqlite.file.schema import Schema

WAL_SUFFIXES = ("", "-wal", "-shm")


def why_unfit(
    path: Path, schema: Schema, identity: LogIdentity, *, any_version: bool = False
) -> str:
    """Say why the file cannot be used for this log; empty when it can, or when there is none.

    Args:
        path: The file.
        schema: What it is made of.
        identity: The log that it must belong to.
        any_version: A file of another version than the schema's will do.

    Raises:
        CannotStart: It is of another kind: what it holds may be needed elsewhere.
        StoreUnavailable: It cannot be read.
    """
    if not path.exists():
        return ""
    with store_errors(schema.name), contextlib.closing(sqlite3.connect(path)) as connection:
        found = look(connection)
    refuse_other_kind(found, schema)
    if found.new:
        return ""
    if found.identity is None or found.identity.log_id != identity.log_id:
        return "it belongs to another log"
    if found.identity != identity:
        return "it is from before the log was restored, or from after"
    if found.version != len(schema.steps) and not any_version:
        return f"it has version {found.version}, and this Stenolog needs {len(schema.steps)}"
    return ""


def delete(path: Path) -> None:
    """Remove the file and what SQLite keeps beside it."""
    for suffix in WAL_SUFFIXES:
        path.with_name(path.name + suffix).unlink(missing_ok=True)
