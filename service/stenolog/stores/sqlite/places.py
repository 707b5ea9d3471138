"""Say how far the readers of a log have followed it, from their files alone."""

from __future__ import annotations

import contextlib
from pathlib import Path

from stenolog.errors import StoreUnavailable
from stenolog.log.checkpoint import Checkpoint
from stenolog.log.format import LogIdentity
from stenolog.stores.sqlite.file.connection import open_reader_sync, store_errors
from stenolog.stores.sqlite.file.identity import look
from stenolog.stores.sqlite.file.schema import Schema
from stenolog.stores.sqlite.file.wal import SUFFIX as WAL
from stenolog.stores.sqlite.file.wal import pages_missing
from stenolog.stores.sqlite.views.schema import VIEWS
from stenolog.stores.sqlite.work.outbox_statements import FAN_OUT
from stenolog.stores.sqlite.work.schema import WORK

_OF_VIEWS = "SELECT position, event_id FROM checkpoint"
_OF_WORK = f"SELECT position, event_id FROM checkpoints WHERE reader = '{FAN_OUT}'"  # noqa: S608  ours


def place_of_views(path: Path, identity: LogIdentity) -> Checkpoint | None:
    """Return how far `views.db` has followed this log; None: nobody can tell, or it has not."""
    return _place(path, VIEWS, identity, _OF_VIEWS)


def place_of_work(path: Path, identity: LogIdentity) -> Checkpoint | None:
    """Return the same of `work.db`."""
    return _place(path, WORK, identity, _OF_WORK)


def _place(path: Path, schema: Schema, identity: LogIdentity, statement: str) -> Checkpoint | None:
    # A file that is damaged, or of another log, is refused or made anew by whoever opens it.
    with contextlib.suppress(StoreUnavailable, OSError):
        wal = path.with_name(path.name + WAL)
        if not path.is_file() or (wal.exists() and pages_missing(path)):
            return None
        with (
            contextlib.closing(open_reader_sync(path, schema.name)) as connection,
            store_errors(schema.name),
        ):
            if look(connection).identity != identity:
                return None
            row = connection.execute(statement).fetchone()
            return Checkpoint(position=int(row[0]), event_id=str(row[1])) if row else None
    return None
