"""Commit the calls of many callers together: one thread, one transaction for all that wait."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from stenolog.errors import StenologError, StoreUnavailable

BATCH_EVENTS_MAX = 256
BATCH_BYTES_MAX = 1 << 20
WAITING_MAX = 20_000  # beyond this a caller is told at once instead of waiting for minutes
LOOK_EVERY_MS = 60_000
WAITING_BYTES_MAX = 64 << 20  # of all that wait; one larger item waits alone

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Weight:
    """How much an item takes of a batch, which holds 256 events and 1 MiB, or one larger item."""

    events: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[Item, Result]):
    item: Item
    weight: Weight
    future: asyncio.Future[Result]


ONE_WRITE = Weight(1, 1)


class GroupCommit(Generic[Item, Result]):
    """Hands what has gathered to `commit`, on a thread of its own, one batch at a time.

    `commit` gets at least one item and returns one outcome for each, in order. An outcome that is
    an error fails only its own caller; an error that is raised fails all callers of the batch. What
    is submitted in one turn of the event loop is handed over together, and the next batch gathers
    while `commit` runs, so nothing waits for a timer. It belongs to the loop on which it was made.
    """

    def __init__(
        self,
        commit: Callable[[Sequence[Item]], Sequence[Result | StenologError]],
        *,
        name: str,
        weigh: Callable[[Item], Weight] = lambda _: ONE_WRITE,
        idle: Callable[[], None] | None = None,
        idle_every_ms: int = LOOK_EVERY_MS,
    ) -> None:
        """`idle` raises nothing: it is called on that thread, so often while nothing is waiting."""
        self._commit = commit
        self._weigh = weigh
        self._idle = idle
        self._idle_s = idle_every_ms / 1000 if idle else None
        self._loop = asyncio.get_running_loop()
        self._turn: list[_Waiting[Item, Result]] = []
        self._unanswered = 0
        self._unanswered_bytes = 0
        self._answered_at = time.monotonic()  # or first asked, since nothing was waiting
        self._closed = False
        self._queue: queue.SimpleQueue[list[_Waiting[Item, Result]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def beat_age_ms(self) -> int:
        """How long its callers have waited without an answer to any of them; 0: nobody waits."""
        if not self._unanswered:
            return 0
        return int((time.monotonic() - self._answered_at) * 1000)

    async def submit(self, item: Item) -> Result:
        """Hand `item` over and return its outcome; cancelling the caller cancels nothing.

        Raises:
            StoreUnavailable: The queue is full or closed, or the batch was rolled back.
            StenologError: The item's own outcome.
        """
        if self._closed:
            raise StoreUnavailable("the store is closing")
        if self._unanswered >= WAITING_MAX:
            raise StoreUnavailable(f"more than {WAITING_MAX} writes are waiting")
        weight = self._weigh(item)
        if self._unanswered and self._unanswered_bytes + weight.size_bytes > WAITING_BYTES_MAX:
            raise StoreUnavailable(f"more than {WAITING_BYTES_MAX >> 20} MiB of writes are waiting")
        if not self._unanswered:
            self._answered_at = time.monotonic()
        future: asyncio.Future[Result] = self._loop.create_future()
        if not self._turn:
            # DECISIONS 77: what is submitted in this turn of the loop goes together.
            self._loop.call_soon(self._hand_over)
        self._turn.append(_Waiting(item, weight, future))
        self._unanswered += 1
        self._unanswered_bytes += weight.size_bytes
        return await future

    async def close(self) -> None:
        """Commit what was submitted, then end the thread."""
        if not self._closed:
            self._closed = True
            self._hand_over()
            self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _hand_over(self) -> None:
        if self._turn:
            self._queue.put(self._turn)
            self._turn = []

    def _run(self) -> None:
        waiting: deque[_Waiting[Item, Result]] = deque()
        ended = False
        while waiting or not ended:
            while not ended and not (waiting and self._queue.empty()):
                try:
                    handed_over = self._queue.get(timeout=self._idle_s)
                except queue.Empty:
                    assert self._idle is not None
                    self._idle()
                    continue
                ended = handed_over is None
                waiting.extend(handed_over or ())
            if waiting:
                self._answer(self._batch(waiting))

    def _batch(self, waiting: deque[_Waiting[Item, Result]]) -> Sequence[_Waiting[Item, Result]]:
        """Take the first item, and those behind it that fit into its batch."""
        batch: list[_Waiting[Item, Result]] = []
        events = size_bytes = 0
        while waiting:
            weight = waiting[0].weight
            events += weight.events
            size_bytes += weight.size_bytes
            if batch and (events > BATCH_EVENTS_MAX or size_bytes > BATCH_BYTES_MAX):
                break
            batch.append(waiting.popleft())
        return batch

    def _answer(self, batch: Sequence[_Waiting[Item, Result]]) -> None:
        outcomes: Sequence[Result | Exception]
        try:
            outcomes = self._commit([waiting.item for waiting in batch])
        except Exception as exc:  # whatever it is, it is every caller's
            outcomes = [exc] * len(batch)
        answers = list(zip(batch, outcomes, strict=True))
        with contextlib.suppress(RuntimeError):  # the loop closed meanwhile: nobody waits
            self._loop.call_soon_threadsafe(self._resolve, answers)

    def _resolve(
        self, answers: Sequence[tuple[_Waiting[Item, Result], Result | Exception]]
    ) -> None:
        self._unanswered -= len(answers)
        self._answered_at = time.monotonic()
        for waiting, outcome in answers:
            self._unanswered_bytes -= waiting.weight.size_bytes
            future = waiting.future
            if future.done():
                continue  # its caller was cancelled; what was committed stays
            if isinstance(outcome, Exception):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)
