"""Run work beside a server, and end it with the server."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine


class Background:
    """Tasks of one event loop; none outlives `aclose`."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[object]] = set()
        self._failure: Exception | None = None

    def __len__(self) -> int:
        """Count what runs."""
        return len(self._tasks)

    def start(self, work: Coroutine[object, object, object]) -> None:
        """Run something beside everything else."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._note_end)

    async def aclose(self) -> None:
        """Stop what still runs.

        Raises:
            Exception: Something that had been started failed; the first of them.
        """
        running = tuple(self._tasks)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        if self._failure is not None:
            raise self._failure

    def _note_end(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        failure = None if task.cancelled() else task.exception()
        if isinstance(failure, Exception) and self._failure is None:
            self._failure = failure
