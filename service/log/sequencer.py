"""Group commit: many callers, one thread, one transaction for all that have gathered."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from service.errors import StoreError, StoreUnavailable

BATCH_EVENTS_MAX = 256
BATCH_BYTES_MAX = 1 << 20
WAITING_MAX = 20_000  # beyond this a caller is told at once instead of waiting for minutes

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[Item, Result]):
    item: Item
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Result]


@dataclass(frozen=True, slots=True)
class Weight:
    """What an item takes of a batch, which holds 256 events and 1 MiB, or one item beyond that."""

    events: int
    size_bytes: int


ONE_WRITE = Weight(1, 1)


class GroupCommit(Generic[Item, Result]):
    """Hands whatever has gathered to `commit`, on a thread of its own, one batch at a time.

    `commit` gets at least one item and returns one outcome for each, in order; an outcome that is
    an error fails only its own caller, an error that is raised fails all callers of the batch.
    While it runs, the next batch gathers: nothing waits for a timer.
    """

    def __init__(
        self,
        commit: Callable[[Sequence[Item]], Sequence[Result | StoreError]],
        *,
        name: str,
        weigh: Callable[[Item], Weight] = lambda _: ONE_WRITE,
    ) -> None:
        self._commit = commit
        self._weigh = weigh
        self._queue: queue.SimpleQueue[_Waiting[Item, Result] | None] = queue.SimpleQueue()
        self._held: _Waiting[Item, Result] | None = None
        self._closed = False
        # Nothing may be put behind the mark that ends the thread: nobody would answer it.
        self._closing = threading.Lock()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    async def submit(self, item: Item) -> Result:
        """The outcome of `item`; cancelling the caller cancels nothing.

        Raises:
            StoreUnavailable: The queue is full or closed, or the batch was rolled back.
            StoreError: The item's own outcome.
        """
        loop = asyncio.get_running_loop()
        with self._closing:
            if self._closed:
                raise StoreUnavailable("the store is closing")
            if self._queue.qsize() >= WAITING_MAX:
                raise StoreUnavailable(f"more than {WAITING_MAX} writes are waiting")
            future: asyncio.Future[Result] = loop.create_future()
            self._queue.put(_Waiting(item, loop, future))
        return await future

    def close(self) -> None:
        """Commit what was submitted, then end the thread."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (first := self._held or self._queue.get()) is not None:
            self._held = None
            batch, ended = self._gather(first)
            self._answer(batch)
            if ended:
                return

    def _gather(self, first: _Waiting[Item, Result]) -> tuple[list[_Waiting[Item, Result]], bool]:
        batch, weight = [first], self._weigh(first.item)
        events, size_bytes = weight.events, weight.size_bytes
        while True:
            try:
                waiting = self._queue.get_nowait()
            except queue.Empty:
                return batch, False
            if waiting is None:
                return batch, True
            weight = self._weigh(waiting.item)
            events += weight.events
            size_bytes += weight.size_bytes
            if events > BATCH_EVENTS_MAX or size_bytes > BATCH_BYTES_MAX:
                self._held = waiting
                return batch, False
            batch.append(waiting)

    def _answer(self, batch: Sequence[_Waiting[Item, Result]]) -> None:
        outcomes: Sequence[Result | Exception]
        try:
            outcomes = self._commit([waiting.item for waiting in batch])
        except Exception as exc:
            outcomes = [exc] * len(batch)
        by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Result], object]]] = {}
        for waiting, outcome in zip(batch, outcomes, strict=True):
            by_loop.setdefault(waiting.loop, []).append((waiting.future, outcome))
        for loop, answers in by_loop.items():
            with contextlib.suppress(RuntimeError):  # the loop closed meanwhile: nobody waits
                loop.call_soon_threadsafe(_resolve, answers)


def _resolve(answers: Sequence[tuple[asyncio.Future[Result], object]]) -> None:
    for future, outcome in answers:
        if future.done():
            continue  # its caller was cancelled; what was committed stays
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)  # type: ignore[arg-type]  # an outcome that is no error
