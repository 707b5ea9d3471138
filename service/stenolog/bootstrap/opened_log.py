"""Open the log and its keys, once all that stands beside them says that it is the newest."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from stenolog.bootstrap.identity import CHECK
from stenolog.bootstrap.tree_heads import open_heads
from stenolog.compliance.head_keeper import HeadKeeper
from stenolog.compliance.lost_files import refuse_lost_keys, refuse_lost_log, refuse_older_log
from stenolog.compliance.tree_heads import FILE_NAME as TREE_HEADS
from stenolog.errors import StoreUnavailable
from stenolog.log.checkpoint import BEGINNING, Checkpoint
from stenolog.log.format import LogIdentity
from stenolog.stores.files.directory import KEYS, LOG, VIEWS, WORK
from stenolog.stores.files.swap import refuse_half_restored
from stenolog.stores.sqlite.followed import followed_by
from stenolog.stores.sqlite.keys.store import SqliteKeys
from stenolog.stores.sqlite.log.store import SqliteLog


async def open_log_and_keys(
    stack: contextlib.AsyncExitStack,
    directory: Path,
    open_log: Callable[[Path], Awaitable[SqliteLog]] = SqliteLog.open,
) -> tuple[SqliteLog, SqliteKeys, HeadKeeper]:
    """Return the log, the keys and the keeper of the tree heads; `stack` closes them.

    A log that is older than what was read of it is refused before a head is written over it, and
    before a file that has followed it is opened, which may be made anew then.

    Raises:
        CannotStart: `keys.db` or `log.db` was lost, the log does not continue its last tree head or
            has not what was read of it, a restore was interrupted, or the files do not belong
            together.
        SchemaTooNew: A file was written by a newer Stenolog.
        StoreUnavailable: A file cannot be opened.
    """
    refuse_half_restored(directory)
    refuse_lost_log(directory / LOG, directory / KEYS, directory / TREE_HEADS)
    log = await open_log(directory / LOG)
    stack.push_async_callback(log.close)
    await refuse_older_log(log, _read_up_to(directory, log.identity), log_file=LOG)
    # The log says which files are its own; the others are told, and refuse or make themselves anew.
    keys = await SqliteKeys.open(directory / KEYS, log.identity)
    stack.push_async_callback(keys.close)
    # Before the master key makes its mark; API keys may be made before the first start.
    known = await keys.secrets(CHECK) or await keys.api_keys(None, after="", limit=1)
    await refuse_lost_keys(log, keys_marked=bool(known), keys_file=KEYS, log_file=LOG)
    return log, keys, await open_heads(stack, log, directory)


def _read_up_to(directory: Path, identity: LogIdentity) -> Mapping[str, Checkpoint]:
    return {name: _read_by(directory / name, identity) for name in (VIEWS, WORK)}


def _read_by(path: Path, identity: LogIdentity) -> Checkpoint:
    """Return how far this file has followed the log; one that cannot be read is not asked."""
    with contextlib.suppress(StoreUnavailable, ValueError, TypeError):
        found = followed_by(path)
        if found is not None and found.identity == identity:
            return Checkpoint(position=found.position, event_id=found.event_id)
    return BEGINNING
