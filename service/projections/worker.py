"""One process for what is too large to be projected on the event loop."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait

from service.projections.registry import Reading, project
from service.projections.rows import Change, StatusRow

ATTEMPTS_MAX = 2  # a worker can be killed by chance; what kills it twice is the payload


class WorkerEnded(Exception):
    """The worker process ended over this event, more than once."""


class Worker:
    """Starts with its first task, is replaced when it ends, and ends with its parent."""

    def __init__(self) -> None:
        self._executor: ProcessPoolExecutor | None = None

    async def project(
        self, names: Sequence[str], reading: Reading, current: StatusRow | None
    ) -> tuple[Change, ...]:
        """The same as `registry.project`, beside the event loop.

        Raises:
            WorkerEnded: The process ended over it, twice.
        """
        loop = asyncio.get_running_loop()
        for _ in range(ATTEMPTS_MAX):
            try:
                return await loop.run_in_executor(
                    self._started(), project, tuple(names), reading, current
                )
            except BrokenProcessPool:
                await self.close()
        raise WorkerEnded("the worker process ended")

    def process_ids(self) -> tuple[int, ...]:
        """The process that works or waits for work; empty before the first task."""
        processes = self._executor._processes if self._executor is not None else None
        return tuple(processes or ())

    async def close(self) -> None:
        """The process is gone."""
        executor, self._executor = self._executor, None
        if executor is not None:
            await asyncio.to_thread(executor.shutdown, cancel_futures=True)

    def _started(self) -> ProcessPoolExecutor:
        if self._executor is None:
            self._executor = ProcessPoolExecutor(
                max_workers=1,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_begin,
            )
        return self._executor


def _begin() -> None:
    """In the worker: Ctrl-C is the parent's matter, and without a parent there is no work."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None
    threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    wait([sentinel])
    os._exit(0)
