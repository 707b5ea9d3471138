"""Run one process beside the event loop, for work that would block the loop."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import resource
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from functools import partial
from multiprocessing.connection import wait
from typing import TypeVar

import structlog

from stenolog.large_blocks import give_back_large_blocks
from stenolog.lossy_output import replace_output
from stenolog.owned_tasks import log_failure

ATTEMPTS_MAX = 2  # a process can be killed by chance; what kills it twice is what it is given
# A call that takes longer hangs: a thousand times what it takes, and the start of the process.
CALL_MS_MAX = 60_000
CALL_MS_PER_MIB_MAX = 2_000
END_MS_MAX = 5_000  # a killed process that is still there then is left to the kernel
END_CHECKED_MS = 5
# Every word of a long transcript is several objects, none of them in a cycle: looking for cycles
# among them takes longer than making them.
OBJECTS_BETWEEN_COLLECTIONS = 1_000_000

log = structlog.get_logger(__name__)

Result = TypeVar("Result")


class SideProcessEnded(Exception):
    """The call was not computed: the process ended over it, hung, or could not be started."""


class SideProcess:
    """Starts with its first call, is replaced when it ends, and ends with its parent.

    With `idle_ms` it also ends after that time without work, and loses what it remembers. With
    `memory_bytes_max` its address space cannot grow beyond that: a call then raises `MemoryError`.
    """

    def __init__(
        self,
        *,
        idle_ms: int | None = None,
        call_ms_max: int = CALL_MS_MAX,
        memory_bytes_max: int | None = None,
    ) -> None:
        self._idle_ms = idle_ms
        self._memory_bytes_max = memory_bytes_max
        self._call_ms_max = call_ms_max
        self._executor: ProcessPoolExecutor | None = None
        self._turn = asyncio.Lock()
        self._calls = 0
        self._idle: asyncio.TimerHandle | None = None
        self._closing: asyncio.Task[None] | None = None
        self._closed = False

    async def run(self, call: Callable[..., Result], *args: object, size: int = 0) -> Result:
        """Return what `call`, a function of a module, makes of `args`; one call at a time.

        It has `CALL_MS_MAX`, and more for each MiB of what it is given: `size` bytes, and what
        is `bytes` among `args`. A process that does not answer by then is killed, and the call is
        not made again.

        Raises:
            SideProcessEnded: The process ended over it, twice; it did not answer; none could be
                started; or `close` was called.
            Exception: Whatever `call` raised.
        """
        loop = asyncio.get_running_loop()
        size += sum(len(one) for one in args if isinstance(one, bytes))
        limit_ms = self._call_ms_max + CALL_MS_PER_MIB_MAX * size // (1 << 20)
        self._calls += 1
        self._unset_idle()
        try:
            async with self._turn:
                for _ in range(ATTEMPTS_MAX):
                    if self._closed:
                        break
                    try:
                        return await self._answer(partial(call, *args), limit_ms)
                    except BrokenProcessPool:
                        await _end(self._taken())
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
        await _end(self._taken())

    async def _answer(self, call: Callable[[], Result], limit_ms: int) -> Result:
        """Have it computed once.

        Raises:
            BrokenProcessPool: The process ended, and may be replaced.
            SideProcessEnded: It did not answer, and was killed; or none can be started now.
        """
        try:
            future = asyncio.wrap_future(self._started().submit(call))
        except BrokenProcessPool:
            raise
        except (RuntimeError, OSError) as exc:  # no thread, no process, no pipe
            await _end(self._taken())  # what was begun of it would never work
            raise SideProcessEnded(f"no process can be started: {exc}") from exc
        try:
            async with asyncio.timeout(limit_ms / 1000) as limit:
                return await future
        except TimeoutError as exc:
            if not limit.expired():
                raise  # the call's own
            log.error(
                "side_process.hung",
                call_ms_max=limit_ms,
                advice="none is needed: it was killed, and another is started",
            )
            await _end(self._taken())
            raise SideProcessEnded(f"the process did not answer for {limit_ms} ms") from exc

    def _started(self) -> ProcessPoolExecutor:
        if self._executor is None:
            self._executor = ProcessPoolExecutor(
                max_workers=1,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_begin,
                initargs=(self._memory_bytes_max,),
            )
        return self._executor

    def _taken(self) -> ProcessPoolExecutor | None:
        """Take the process away, so that the next call gets another."""
        executor, self._executor = self._executor, None
        return executor

    def _end_idle(self) -> None:
        self._idle = None
        # Taken at once: a call that comes before the task runs must not go to what it ends.
        self._closing = asyncio.get_running_loop().create_task(_end(self._taken()))
        self._closing.add_done_callback(partial(log_failure, event="side_process.not_closed"))

    def _unset_idle(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None


async def _end(executor: ProcessPoolExecutor | None) -> None:
    """Kill its process, whatever that does, and wait until it is gone; nothing can be lost."""
    if executor is None:
        return
    processes = tuple((executor._processes or {}).values())
    for process in processes:
        process.kill()
    with suppress(RuntimeError):  # its thread could not be started
        executor.shutdown(wait=False)
    for _ in range(END_MS_MAX // END_CHECKED_MS):
        if not any(process.is_alive() for process in processes):
            return
        await asyncio.sleep(END_CHECKED_MS / 1000)


def _begin(memory_bytes_max: int | None) -> None:
    """Prepare the process: ignore Ctrl-C, grow no further, and end when the parent ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if memory_bytes_max is not None:
        with suppress(ValueError, OSError):  # a lower limit holds already
            resource.setrlimit(resource.RLIMIT_AS, (memory_bytes_max, memory_bytes_max))
    replace_output("stderr")
    replace_output("stdout")
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    give_back_large_blocks()
    parent = multiprocessing.parent_process()
    assert parent is not None
    threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    wait([sentinel])
    os._exit(0)
