"""Render away from the event loop, once for all clients that wait for the same answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar
from weakref import WeakValueDictionary

from stenolog.bounded import BoundedMemory
from stenolog.edge.derived.render import RenderOrder, render, render_kept
from stenolog.edge.loops import SideWork
from stenolog.projections.views import Room, ViewReader

THREAD_BYTES_MAX = 512 << 10  # DECISIONS 31: parsing more would hold the event loop too long
CALL_BYTES_MAX = 64 << 10  # of other calls: some are slow, and each holds the interpreter
THREADS_MAX = 2
SHORT_BYTES_MAX = 1 << 20  # read, to find out whether it has more than `THREAD_BYTES_MAX`
# DECISIONS 31: transcripts of one size wait for none of the next.
LONG_BYTES_MAX = 4 << 20  # some two hours of words; ten take ten times as long
KNOWN_MAX = 1_024  # ids of long transcripts that are remembered

Result = TypeVar("Result")


class RenderWorkers:
    """Renders short transcripts in a thread, long ones and very long ones in a process each.

    A call never waits for calls of a larger size. A tenant's call waits for at most one call of
    each other tenant.
    """

    def __init__(self, views: ViewReader, side_work: tuple[SideWork, SideWork], room: Room) -> None:
        """Work with two side processes, for long transcripts and for longer ones.

        `room` is waited for before a long transcript is read.
        """
        self._views = views
        self._room = room
        self._long, self._longer = map(_Queue, side_work)
        self._threads = asyncio.Semaphore(THREADS_MAX)
        self._known: BoundedMemory[str, _Queue] = BoundedMemory(KNOWN_MAX)
        self._under_way: dict[tuple[str, RenderOrder], asyncio.Task[bytes | None]] = {}

    async def render(self, tenant: str, transcription_id: str, asked: RenderOrder) -> bytes | None:
        """Return the answer's body, of this tenant's transcript; None when none is stored.

        Raises:
            InvalidRequest: It is not completed, or has no words with times.
            SideProcessEnded: The side process died over it, more than once.
            StoreUnavailable: The views cannot be read.
        """
        key = (transcription_id, asked)
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.create_task(self._rendered(tenant, transcription_id, asked))
            self._under_way[key] = task
            task.add_done_callback(lambda done: self._ended(key, done))
        return await asyncio.shield(task)  # a client that leaves cancels nothing for the others

    async def run(
        self, tenant: str, size: int, call: Callable[..., Result], *args: object
    ) -> Result:
        """Return what `call`, a function of a module, makes of `args`, which have `size` bytes.

        Raises:
            SideProcessEnded: The side process died over it, more than once.
            Exception: Whatever `call` raised.
        """
        if size <= CALL_BYTES_MAX:
            async with self._threads:
                return await asyncio.to_thread(call, *args)
        queue = self._long if size <= LONG_BYTES_MAX else self._longer
        async with queue.turn(tenant) as beside:
            return await beside.run(call, *args)

    def _ended(self, key: tuple[str, RenderOrder], task: asyncio.Task[bytes | None]) -> None:
        del self._under_way[key]
        if not task.cancelled():
            task.exception()  # has been looked at, also when everybody went away

    async def _rendered(
        self, tenant: str, transcription_id: str, asked: RenderOrder
    ) -> bytes | None:
        queue = self._known.get(transcription_id)
        if queue is None:
            async with self._threads:
                body, size = await self._short_body(transcription_id)
                if body is not None and size <= THREAD_BYTES_MAX:
                    return await asyncio.to_thread(render, transcription_id, body, asked)
            if not size:
                return None
            queue = self._long if size <= LONG_BYTES_MAX else self._longer
            del body  # not held while others have their turn
            self._known.put(transcription_id, queue)
        async with queue.turn(tenant) as beside:
            answer = await beside.run(render_kept, transcription_id, None, asked)
            if answer is None:
                body = await self._views.customer_body(transcription_id, self._room)
                if body is not None:
                    answer = await beside.run(render_kept, transcription_id, body, asked)
            return answer

    async def _short_body(self, transcription_id: str) -> tuple[bytes | None, int]:
        """Return the body and its bytes; of one that is not short, only how many it may have."""
        try:
            body = await self._views.customer_body(transcription_id, _no_room)
        except _NotShort as exc:
            return None, exc.bytes_max
        return body, len(body or b"")


class _NotShort(Exception):
    """It is not to be read where short ones are."""

    def __init__(self, bytes_max: int) -> None:
        super().__init__(bytes_max)
        self.bytes_max = bytes_max


async def _no_room(bytes_max: int) -> None:
    if bytes_max > SHORT_BYTES_MAX:
        raise _NotShort(bytes_max)


class _Queue:
    """One side process, and the order of the calls that wait for it."""

    def __init__(self, work: SideWork) -> None:
        self._work = work
        self._one = asyncio.Lock()
        self._one_of_tenant: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(self, tenant: str) -> AsyncIterator[SideWork]:
        # Both locks are given in the order of asking, and a tenant asks for the second with one
        # call at a time: its next comes behind whoever else waits.
        of_tenant = self._one_of_tenant.setdefault(tenant, asyncio.Lock())
        async with of_tenant, self._one:
            yield self._work
