"""Where and when views of words are made: never on the event loop, once for all who wait for it."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from stenolog.edge.derived.render import Asked, made, made_from_kept
from stenolog.edge.loops import SideWork
from stenolog.projections.views import ViewReader

THREAD_BYTES_MAX = 512 << 10  # design §9: parsing more would hold the event loop too long
THREADS_MAX = 2
LONG_BYTES_MAX = 4 << 20  # some two hours of words; ten take ten times as long
KNOWN_MAX = 1_024  # ids of long transcripts that are remembered

Run = Callable[..., Awaitable[bytes | None]]


class Making:
    """Short transcripts in a thread, long ones in one side process, longer ones in another.

    None waits behind those of the next size, and a tenant behind at most one call of each other.
    """

    def __init__(self, views: ViewReader, side_work: tuple[SideWork, SideWork]) -> None:
        self._views = views
        self._long, self._longer = map(_Turns, side_work)
        self._threads = asyncio.Semaphore(THREADS_MAX)
        self._known: OrderedDict[str, _Turns] = OrderedDict()
        self._under_way: dict[tuple[str, Asked], asyncio.Task[bytes | None]] = {}

    async def make(self, tenant: str, transcription_id: str, asked: Asked) -> bytes | None:
        """The answer's body, of this tenant's transcript; None when none is stored.

        Raises:
            InvalidRequest: It is not completed, or has no words with times.
            SideProcessEnded: The side process died over it, more than once.
            StoreUnavailable: The views cannot be read.
        """
        key = (transcription_id, asked)
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.create_task(self._made(tenant, transcription_id, asked))
            self._under_way[key] = task
            task.add_done_callback(lambda done: self._ended(key, done))
        return await asyncio.shield(task)  # who goes away takes nothing from the others

    def _ended(self, key: tuple[str, Asked], task: asyncio.Task[bytes | None]) -> None:
        del self._under_way[key]
        if not task.cancelled():
            task.exception()  # has been looked at, also when everybody went away

    async def _made(self, tenant: str, transcription_id: str, asked: Asked) -> bytes | None:
        turns = self._known.get(transcription_id)
        if turns is None:
            async with self._threads:
                body = await self._views.customer_body(transcription_id)
                if body is None:
                    return None
                if len(body) <= THREAD_BYTES_MAX:
                    return await asyncio.to_thread(made, transcription_id, body, asked)
            turns = self._long if len(body) <= LONG_BYTES_MAX else self._longer
            del body  # not held while others have their turn
            self._remember(transcription_id, turns)
        async with turns.turn(tenant) as run:
            answer = await run(made_from_kept, transcription_id, None, asked)
            if answer is None:
                body = await self._views.customer_body(transcription_id)
                if body is not None:
                    answer = await run(made_from_kept, transcription_id, body, asked)
            return answer

    def _remember(self, transcription_id: str, turns: _Turns) -> None:
        self._known[transcription_id] = turns
        if len(self._known) > KNOWN_MAX:
            self._known.popitem(last=False)


class _Turns:
    """One side process, and the order of those who wait for it."""

    def __init__(self, work: SideWork) -> None:
        self._run = work.run
        self._one = asyncio.Lock()
        self._one_of_tenant: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(self, tenant: str) -> AsyncIterator[Run]:
        # Both locks are given in the order of asking, and a tenant asks for the second with one
        # call at a time: its next comes behind whoever else waits.
        of_tenant = self._one_of_tenant.setdefault(tenant, asyncio.Lock())
        async with of_tenant, self._one:
            yield self._run
