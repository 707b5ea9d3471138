"""Start tasks that nobody waits for, look at how each ends, and leave none behind."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any

import structlog

log = structlog.get_logger()


class OwnedTasks:
    """Holds tasks of one event loop until they end; what one of them raises is logged.

    asyncio keeps no reference to a task, and says nothing of its failure until it is collected.
    """

    def __init__(self, failure_event: str) -> None:
        """`failure_event` is the name of the log line, such as `engine.task_failed`."""
        self._failure_event = failure_event
        self._tasks: set[asyncio.Task[object]] = set()
        self._closed = False

    def __len__(self) -> int:
        """Count the tasks that run."""
        return len(self._tasks)

    def start(self, work: Coroutine[Any, Any, object]) -> None:
        """Run `work` beside everything else; after `close` it is not begun."""
        if self._closed:
            work.close()
            return
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def wait(self) -> None:
        """Return once everything that runs now has ended by itself."""
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self) -> None:
        """Cancel what runs, wait for its end, and begin nothing any more."""
        self._closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _ended(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        log_failure(task, self._failure_event)


def log_failure(task: asyncio.Task[Any], event: str) -> bool:
    """Return whether an ended task has failed, after logging what it raised."""
    failure = None if task.cancelled() else task.exception()
    if failure is not None:
        log.error(event, exc_info=failure)
    return failure is not None


async def drained(tasks: Iterable[asyncio.Task[Any]], *, within_ms: int) -> None:
    """Return once all of these have ended; those that have not within the time are cancelled."""
    running = set(tasks)
    if running:
        _, late = await asyncio.wait(running, timeout=within_ms / 1000)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
