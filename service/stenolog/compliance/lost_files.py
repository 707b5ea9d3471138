"""Notice at the start what a data directory has lost since it was last used."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from stenolog.compliance.tree_heads import last_head
from stenolog.errors import CannotStart
from stenolog.log.checkpoint import Checkpoint, is_in_log
from stenolog.log.store import EventStore

GO_BACK = "go back to a backup with `stenolog restore BACKUP --data-dir DATA_DIR --replace`"
BEGUN = 1  # the position of `log.begun`, which every log has


def refuse_lost_log(log: Path, keys: Path, heads: Path) -> None:
    """Refuse keys or tree heads whose log is gone: a new one beside them would hide that.

    Raises:
        CannotStart: The log's file is missing or empty, and one of the others is not.
        StoreUnavailable: The tree heads are there and cannot be read.
    """
    if not is_new(log):
        return
    if not is_new(keys):
        raise CannotStart(
            f"{log.name} is missing or empty, and {keys.name} has the keys of its events: {GO_BACK}"
        )
    head = last_head(heads)
    if head is not None:
        raise CannotStart(
            f"{log.name} is missing or empty, {heads.name} knows of its {head.size} events: "
            f"{GO_BACK}; or move DATA_DIR/{heads.name} elsewhere for a new log"
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
            f"with its keys: {GO_BACK}"
        )


async def refuse_older_log(
    events: EventStore, read_up_to: Mapping[str, Checkpoint], *, log_file: str
) -> None:
    """Refuse a log that has not what was read of it: older files were copied over it.

    With its tree heads and keys copied too, nothing else shows it, and what was erased since would
    be back.

    Args:
        events: The log, open.
        read_up_to: The place that each file of a reader has come to, by the file's name.
        log_file: The name of the log's file.

    Raises:
        CannotStart: One has seen an event that is not there, or is another.
        StoreUnavailable: The log cannot be read now.
    """
    head = await events.head()
    for file, seen in read_up_to.items():
        if await is_in_log(events, seen):
            continue
        if seen.position > head:
            what = f"{log_file} has {head} events, {file} has read {seen.position}: its end is lost"
        else:
            what = f"{log_file} has another event {seen.position} than {file} has read"
        raise CannotStart(
            f"{what}, or an older one was put there, and what was erased since is not; {GO_BACK}, "
            f"which erases it too; or move {' and '.join(read_up_to)} elsewhere to go on with "
            "what is there"
        )


def is_new(path: Path) -> bool:
    """Tell whether opening this file will make it; SQLite takes an empty one for a new one."""
    try:
        return path.stat().st_size == 0
    except OSError:
        return True  # why it cannot be reached shows when it is opened
