"""Keep named consumers when their log is restored: where they stood is told, and nothing more."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from stenolog.errors import StoreUnavailable
from stenolog.log.format import LogIdentity
from stenolog.stores.sqlite.file.connection import open_reader_sync, store_errors
from stenolog.stores.sqlite.file.discarding import delete
from stenolog.stores.sqlite.file.identity import look
from stenolog.stores.sqlite.file.transaction import transaction
from stenolog.stores.sqlite.work.consumer_doubts import doubt_all
from stenolog.stores.sqlite.work.schema import WORK


def keep_consumers(source: Path, target: Path, identity: LogIdentity) -> bool:
    """Make at `target` a `work.db` of this epoch, of the consumers in `source`; False: it is none.

    Each is in doubt where it stands. One that is damaged, of another log or of another version, or
    has no consumers, is none.
    """
    with contextlib.suppress(StoreUnavailable):
        if source.is_file() and _kept(source, target, identity):
            return True
    delete(target)
    return False


def _kept(source: Path, target: Path, identity: LogIdentity) -> bool:
    with (
        store_errors(WORK.name),
        contextlib.closing(open_reader_sync(source, WORK.name, alone=True)) as old,
    ):
        found = look(old)
        ours = found.identity is not None and found.identity.log_id == identity.log_id
        if not ours or not found.is_of(WORK) or found.version != len(WORK.steps):
            return False
        with contextlib.closing(sqlite3.connect(target, isolation_level=None)) as new:
            old.backup(new)
            return _doubted(new, identity)


def _doubted(run: sqlite3.Connection, identity: LogIdentity) -> bool:
    with transaction(run):
        count = doubt_all(run, "restored")
        # The triggers of the outbox find no lane to keep when it goes last.
        for table in ("tenants", "lanes", "outbox", "attempts", "checkpoints"):
            run.execute(f"DELETE FROM {table}")  # noqa: S608  the tables are ours
        run.execute(
            "UPDATE identity SET log_id = ?, epoch = ?, restore = ?",
            (identity.log_id, identity.epoch, identity.restore),
        )
    return count > 0
