"""Open the log and the keys of a data directory, without a gateway."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from stenolog.stores.files.directory import KEYS, LOG
from stenolog.stores.sqlite.keys.store import SqliteKeys
from stenolog.stores.sqlite.log.store import SqliteLog


@contextlib.asynccontextmanager
async def log_and_keys(directory: Path) -> AsyncIterator[tuple[SqliteLog, SqliteKeys]]:
    """Open both, made when there are none; the keys belong to the log."""
    async with contextlib.AsyncExitStack() as stack:
        log = await SqliteLog.open(directory / LOG)
        stack.push_async_callback(log.close)
        keys = await SqliteKeys.open(directory / KEYS, log.identity)
        stack.push_async_callback(keys.close)
        yield log, keys
