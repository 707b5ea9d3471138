"""Notice at the start what a data directory has lost since it was last used."""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog

from stenolog.compliance.tree_heads import FILE_NAME as TREE_HEADS
from stenolog.compliance.tree_heads import read_heads
from stenolog.errors import CannotStart
from stenolog.log.store import EventStore

BEGUN = 1  # the position of `log.begun`, which every log has

log = structlog.get_logger()


def refuse_lost_log(log: Path, keys: Path) -> None:
    """Refuse keys whose log is gone: with a new one beside them it would be gone for good.

    Raises:
        CannotStart: The keys' file is there, and the log's is missing or empty.
    """
    if is_new(log) and not is_new(keys):
        raise CannotStart(
            f"{log.name} is missing or empty, and {keys.name} has the keys of its events: restore "
            f"DATA_DIR/{log.name} from the backup that the keys belong to"
        )


async def refuse_lost_keys(
    events: EventStore, *, keys_marked: bool, keys_file: str, log_file: str
) -> None:
    """Refuse a log with events, beyond the one that began it, whose keys are gone.

    Args:
        events: The log, open.
        keys_marked: Whether the key store held the master key's mark before this start, which
            makes one.
        keys_file: The name of the key store's file.
        log_file: The name of the log's file.

    Raises:
        CannotStart: The key store is new.
    """
    head = await events.head()
    if head > BEGUN and not keys_marked:
        raise CannotStart(
            f"{keys_file} is missing or empty, and {log_file} has {head} events that are sealed "
            f"with its keys: restore DATA_DIR/{keys_file} from the backup that the log belongs to"
        )


async def lost_events(events: EventStore, heads_file: Path, *, log_file: str, new_log: bool) -> str:
    """Say in one sentence that the log is shorter than it was, and log it; else empty.

    Args:
        events: The log, open.
        heads_file: Where tree heads are written.
        log_file: The name of the log's file.
        new_log: Whether this start made the log.

    Raises:
        StoreUnavailable: The tree heads are there and cannot be read.
    """
    head = await events.head()
    heads, _ = await asyncio.to_thread(read_heads, heads_file)
    known = max((seen.count for seen in heads), default=0)
    if head < known:
        said = f"{log_file} has {head} events, {TREE_HEADS} knows of {known}: the others are lost"
    elif new_log and heads:
        said = f"{log_file} was missing and was made anew with {head} events, {known} were known"
    else:
        return ""
    log.error("log.truncated", events=head, events_known=known, new=new_log)
    return f"{said}; restore a newer backup if there is one (`stenolog log verify`)"


def is_new(path: Path) -> bool:
    """Tell whether opening this file will make it; SQLite takes an empty one for a new one."""
    try:
        return path.stat().st_size == 0
    except OSError:
        return True  # why it cannot be reached shows when it is opened
