"""Write tree heads while the gateway runs, and once more when it is closed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path

import structlog

from stenolog.compliance.tree_heads import Tree, record_heads, write_head
from stenolog.errors import StoreError
from stenolog.heartbeat import Heartbeat

HEADS_RETRY_MS = 10_000

log = structlog.get_logger()


def heads_loop(
    stack: contextlib.AsyncExitStack, events: Tree, file: Path, heartbeat: Heartbeat
) -> Callable[[], Coroutine[None, None, None]]:
    """Return the loop that writes tree heads; `stack` writes the last one."""
    stack.push_async_callback(_last_head, events, file)
    return partial(_keep_heads, events, file, heartbeat)


async def _keep_heads(events: Tree, file: Path, heartbeat: Heartbeat) -> None:
    """Write tree heads until cancelled; a disk that is full for a while ends nothing else."""
    while True:
        try:
            await record_heads(events, file, heartbeat)
        except StoreError as exc:
            log.error("tree_head.not_written", error=str(exc))
            await asyncio.sleep(HEADS_RETRY_MS / 1000)


async def _last_head(events: Tree, file: Path) -> None:
    try:
        await asyncio.to_thread(write_head, file, await events.frontier())
    except StoreError as exc:
        log.error("tree_head.not_written", error=str(exc))
