"""Read from files beside a log how far they have followed it; a log that is shorter is older."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from stenolog.log.format import LogIdentity
from stenolog.stores.sqlite.file.connection import open_reader_sync, store_errors
from stenolog.stores.sqlite.file.identity import KEYS_KIND, VIEWS_KIND, WORK_KIND, look

_SAID = {
    KEYS_KIND: "SELECT position, '' FROM high_water",
    VIEWS_KIND: "SELECT position, event_id FROM checkpoint",
    WORK_KIND: "SELECT position, event_id FROM checkpoints ORDER BY position DESC LIMIT 1",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A position of the log that a file has seen.

    Attributes:
        identity: The log.
        event_id: Of the event there; empty where the file does not say.
    """

    identity: LogIdentity
    position: int
    event_id: str = ""


def followed_by(path: Path, *, alone: bool = False) -> Followed | None:
    """Return how far this file has followed its log; None: it says nothing that can be read.

    `alone`: nobody else has it open.

    Raises:
        StoreUnavailable: It is there, and cannot be read.
    """
    if not path.is_file():
        return None
    with (
        store_errors(path.name),
        contextlib.closing(open_reader_sync(path, path.name, alone=alone)) as connection,
    ):
        found = look(connection)
        if found.identity is None or found.kind not in _SAID:
            return None
        row = _said(connection, found.kind)
    return Followed(identity=found.identity, position=row[0], event_id=row[1])


def _said(connection: sqlite3.Connection, kind: int) -> tuple[int, str]:
    row = connection.execute(_SAID[kind]).fetchone()
    return (int(row[0]), str(row[1])) if row else (0, "")
