"""What a data directory has lost since it was last used: noticed at the start, never silently."""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog

from stenolog.bootstrap.identity import CHECK
from stenolog.compliance.tree_heads import FILE_NAME as TREE_HEADS
from stenolog.compliance.tree_heads import read_heads
from stenolog.errors import CannotStart
from stenolog.log.store import EventStore
from stenolog.stores.files.directory import KEYS, LOG
from stenolog.stores.sqlite.keys.store import SqliteKeys

log = structlog.get_logger()


async def refuse_lost_keys(keys: SqliteKeys, events: EventStore) -> None:
    """A log with events has the keys that its payloads are sealed with.

    To be asked before the master key is: that makes its mark in `keys.db`.

    Raises:
        CannotStart: `keys.db` is new.
    """
    head = await events.head()
    if head and not await keys.secrets(CHECK):
        raise CannotStart(
            f"{KEYS} is missing or empty, and {LOG} has {head} events that are sealed with its "
            f"keys: restore DATA_DIR/{KEYS} from the backup that the log belongs to"
        )


async def lost_events(
    directory: Path, keys: SqliteKeys, events: EventStore, *, new_log: bool
) -> str:
    """One sentence when the log is shorter than it was, which is logged too; else empty.

    Args:
        directory: The data directory.
        keys: As they were before this start wrote to them.
        events: The log, open.
        new_log: Whether this start made `log.db`.

    Raises:
        StoreUnavailable: The tree heads are there and cannot be read.
    """
    head = await events.head()
    heads, _ = await asyncio.to_thread(read_heads, directory / TREE_HEADS)
    known = max((seen.count for seen in heads), default=0)
    if head < known:
        said = f"{LOG} has {head} events, {TREE_HEADS} knows of {known}: the others are lost"
    elif new_log and (heads or await keys.secrets(CHECK)):
        said = f"{LOG} was missing and was made anew with {head} events, {known} were known"
    else:
        return ""
    log.error("log.truncated", events=head, events_known=known, new=new_log)
    return f"{said}; restore a newer backup if there is one (`stenolog log verify`)"


def is_new(path: Path) -> bool:
    """Whether opening this file will make it; SQLite takes an empty one for a new one."""
    try:
        return path.stat().st_size == 0
    except OSError:
        return True  # why it cannot be reached shows when it is opened
