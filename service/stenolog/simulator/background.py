"""Run work beside a server, and end it with the server."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine


class Background:
    """Tasks of one event loop; none outlives `aclose`."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[object]] = set()

    def start(self, work: Coroutine[object, object, object]) -> None:
        """Run something beside everything else."""
        self._tasks.add(asyncio.get_running_loop().create_task(work))

    async def aclose(self) -> None:
        """Stop what still runs.

        Raises:
            Exception: Something that had been started failed; the first of them.
        """
        for task in self._tasks:
            task.cancel()
        ended = await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        for outcome in ended:
            if isinstance(outcome, Exception):
                raise outcome
