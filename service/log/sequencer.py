"""Group commit: many callers, one thread, one transaction for all that have gathered."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from service.errors import StoreError, StoreUnavailable

BATCH_ITEMS_MAX = 256
BATCH_BYTES_MAX = 1 << 20
WAITING_MAX = 20_000  # beyond this a caller is told at once instead of waiting for minutes

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[Item, Result]):
    item: Item
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Result]


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
        size: Callable[[Item], int] = lambda _: 1,
    ) -> None:
        self._commit = commit
        self._size = size
        self._queue: queue.SimpleQueue[_Waiting[Item, Result] | None] = queue.SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    async def submit(self, item: Item) -> Result:
        """The outcome of `item`; cancelling the caller cancels nothing.

        Raises:
            StoreUnavailable: The queue is full or closed, or the batch was rolled back.
            StoreError: The item's own outcome.
        """
        if self._closed:
            raise StoreUnavailable("the store is closing")
        if self._queue.qsize() >= WAITING_MAX:
            raise StoreUnavailable(f"more than {WAITING_MAX} writes are waiting")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        self._queue.put(_Waiting(item, loop, future))
        return await future

    def close(self) -> None:
        """Commit what was submitted, then end the thread."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            batch, ended = self._gather(first)
            self._answer(batch)
            if ended:
                return

    def _gather(self, first: _Waiting[Item, Result]) -> tuple[list[_Waiting[Item, Result]], bool]:
        batch, size = [first], self._size(first.item)
        while len(batch) < BATCH_ITEMS_MAX and size < BATCH_BYTES_MAX:
            try:
                waiting = self._queue.get_nowait()
            except queue.Empty:
                return batch, False
            if waiting is None:
                return batch, True
            batch.append(waiting)
            size += self._size(waiting.item)
        return batch, False

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
            if not loop.is_closed():
                loop.call_soon_threadsafe(_resolve, answers)


def _resolve(answers: Sequence[tuple[asyncio.Future[Result], object]]) -> None:
    for future, outcome in answers:
        if future.done():
            continue  # its caller was cancelled; what was committed stays
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)  # type: ignore[arg-type]  # an outcome that is no error
