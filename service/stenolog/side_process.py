"""Run one process beside the event loop, for work that would block the loop."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing.connection import wait
from typing import TypeVar

from stenolog.owned_tasks import log_failure

ATTEMPTS_MAX = 2  # a process can be killed by chance; what kills it twice is what it is given
# Every word of a long transcript is several objects, none of them in a cycle: looking for cycles
# among them takes longer than making them.
OBJECTS_BETWEEN_COLLECTIONS = 1_000_000

Result = TypeVar("Result")


class SideProcessEnded(Exception):
    """The process ended more than once while it computed this call."""


class SideProcess:
    """Starts with its first call, is replaced when it ends, and ends with its parent.

    With `idle_ms` it also ends after that time without work, and loses what it remembers.
    """

    def __init__(self, *, idle_ms: int | None = None) -> None:
        self._idle_ms = idle_ms
        self._executor: ProcessPoolExecutor | None = None
        self._calls = 0
        self._idle: asyncio.TimerHandle | None = None
        self._closing: asyncio.Task[None] | None = None
        self._closed = False

    async def run(self, call: Callable[..., Result], *args: object) -> Result:
        """Return what `call`, a function of a module, makes of `args`; one call at a time.

        Raises:
            SideProcessEnded: The process ended over it, twice, or `close` was called.
            Exception: Whatever `call` raised.
        """
        loop = asyncio.get_running_loop()
        self._calls += 1
        self._unset_idle()
        try:
            for _ in range(ATTEMPTS_MAX):
                if self._closed:
                    break
                executor = self._started()
                try:
                    return await loop.run_in_executor(executor, call, *args)
                except BrokenProcessPool:
                    if self._executor is executor:  # nobody else has replaced it
                        await _shut_down(self._taken())
        finally:
            self._calls -= 1
            if not self._calls and self._idle_ms is not None and not self._closed:
                self._idle = loop.call_later(self._idle_ms / 1000, self._end_idle)
        raise SideProcessEnded("the process ended")

    def process_ids(self) -> tuple[int, ...]:
        """Return the process that works or waits for work; empty before the first call."""
        processes = self._executor._processes if self._executor is not None else None
        return tuple(processes or ())

    async def close(self) -> None:
        """End the process, and start no other."""
        self._closed = True
        self._unset_idle()
        if self._closing is not None:
            await self._closing
        await _shut_down(self._taken())

    def _started(self) -> ProcessPoolExecutor:
        if self._executor is None:
            self._executor = ProcessPoolExecutor(
                max_workers=1,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_begin,
            )
        return self._executor

    def _taken(self) -> ProcessPoolExecutor | None:
        """Take the process away, so that the next call gets another."""
        executor, self._executor = self._executor, None
        return executor

    def _end_idle(self) -> None:
        self._idle = None
        # Taken at once: a call that comes before the task runs must not go to what it ends.
        self._closing = asyncio.get_running_loop().create_task(_shut_down(self._taken()))
        self._closing.add_done_callback(partial(log_failure, event="side_process.not_closed"))

    def _unset_idle(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None


async def _shut_down(executor: ProcessPoolExecutor | None) -> None:
    if executor is not None:
        await asyncio.to_thread(executor.shutdown, cancel_futures=True)


def _begin() -> None:
    """Prepare the process: ignore Ctrl-C, and end when the parent ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    parent = multiprocessing.parent_process()
    assert parent is not None
    threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    wait([sentinel])
    os._exit(0)
