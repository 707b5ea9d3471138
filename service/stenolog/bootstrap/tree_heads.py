"""Keep tree heads: compared when a log is opened, written while it grows and when it closes.

The log is sealed in greater intervals, and when the gateway stops.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path

import structlog

from stenolog.compliance.head_keeper import HeadKeeper
from stenolog.compliance.known_head import compared_head
from stenolog.compliance.stream_seals import StreamSeals
from stenolog.compliance.tree_heads import FILE_NAME
from stenolog.errors import StoreError
from stenolog.heartbeat import Heartbeat
from stenolog.stores.sqlite.log.store import SqliteLog

HEADS_RETRY_MS = 10_000
SEAL_AT_STOP_MS_MAX = 5_000  # a long log that was never sealed may take longer

log = structlog.get_logger()


async def open_heads(
    stack: contextlib.AsyncExitStack, events: SqliteLog, directory: Path
) -> HeadKeeper:
    """Return the keeper of a log's heads, with one over the whole log; `stack` writes the last.

    Where a record is damaged that the comparison needs, none is written until it is accepted.

    Raises:
        CannotStart: The log does not continue its last head.
        StoreUnavailable: The log or the heads cannot be read now.
    """
    path = directory / FILE_NAME
    known = await compared_head(events, path)
    keeper = HeadKeeper(events, path, events.identity, known.head, held=known.held)
    await _write(keeper)
    stack.push_async_callback(_write, keeper)
    return keeper


def heads_loop(
    keeper: HeadKeeper, heartbeat: Heartbeat
) -> Callable[[], Coroutine[None, None, None]]:
    """Return the loop that writes heads; a disk that is full for a while ends nothing else."""
    return partial(_keep, keeper, heartbeat)


async def seal_regularly(seals: StreamSeals, interval_ms: int) -> None:
    """Seal a log that has grown once in each interval, until cancelled; 0: never."""
    while interval_ms:
        await asyncio.sleep(interval_ms / 1000)
        await seal_now(seals)
    await asyncio.Event().wait()


async def seal_at_stop(seals: StreamSeals) -> None:
    """Seal the log if it has grown, but hold up no stop: the next start seals it else."""
    try:
        async with asyncio.timeout(SEAL_AT_STOP_MS_MAX / 1000):
            await seal_now(seals)
    except TimeoutError:
        log.info("log.not_sealed_at_stop", waited_ms=SEAL_AT_STOP_MS_MAX)


async def seal_now(seals: StreamSeals) -> None:
    """Seal the log if it has grown; where that is not possible, say so, and go on."""
    try:
        await seals.seal()
    except StoreError as exc:
        log.error("log.not_sealed", error=str(exc))


async def _keep(keeper: HeadKeeper, heartbeat: Heartbeat) -> None:
    while True:
        try:
            await keeper.run(heartbeat)
        except StoreError as exc:
            log.error("tree_head.not_written", error=str(exc))
            await asyncio.sleep(HEADS_RETRY_MS / 1000)


async def _write(keeper: HeadKeeper) -> None:
    try:
        await keeper.write()
    except StoreError as exc:
        log.error("tree_head.not_written", error=str(exc))
