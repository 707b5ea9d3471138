"""Where and when views of words are made: never on the event loop, once for all who wait for it."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from service.edge.assemblyai.made import Asked, made, made_from_kept
from service.projections.views import ViewReader
from service.side_process import SideProcess

THREAD_BYTES_MAX = 512 << 10  # design §9: parsing more would hold the event loop too long
THREADS_MAX = 2
LONG_MAX = 1_024  # ids of long transcripts that are remembered


class Making:
    """Short transcripts in a thread, long ones in the side process: none waits behind a longer."""

    def __init__(self, views: ViewReader, side_process: SideProcess) -> None:
        self._views = views
        self._side_process = side_process
        self._threads = asyncio.Semaphore(THREADS_MAX)
        self._one_long = asyncio.Lock()
        self._long: OrderedDict[str, None] = OrderedDict()
        self._under_way: dict[tuple[str, Asked], asyncio.Task[bytes | None]] = {}

    async def make(self, transcription_id: str, asked: Asked) -> bytes | None:
        """The answer's body; None when there is no stored transcript.

        Raises:
            InvalidRequest: It is not completed, or has no words with times.
            SideProcessEnded: The side process died over it, more than once.
            StoreUnavailable: The views cannot be read.
        """
        key = (transcription_id, asked)
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.create_task(self._made(transcription_id, asked))
            self._under_way[key] = task
            task.add_done_callback(lambda done: self._ended(key, done))
        return await asyncio.shield(task)  # who goes away takes nothing from the others

    def _ended(self, key: tuple[str, Asked], task: asyncio.Task[bytes | None]) -> None:
        del self._under_way[key]
        if not task.cancelled():
            task.exception()  # has been looked at, also when everybody went away

    async def _made(self, transcription_id: str, asked: Asked) -> bytes | None:
        if transcription_id not in self._long:
            async with self._threads:
                body = await self._views.customer_body(transcription_id)
                if body is None:
                    return None
                if len(body) <= THREAD_BYTES_MAX:
                    return await asyncio.to_thread(made, transcription_id, body, asked)
            self._remember_long(transcription_id)
        async with self._one_long:
            run = self._side_process.run
            answer = await run(made_from_kept, transcription_id, None, asked)
            if answer is None:
                body = await self._views.customer_body(transcription_id)
                if body is not None:
                    answer = await run(made_from_kept, transcription_id, body, asked)
            return answer

    def _remember_long(self, transcription_id: str) -> None:
        self._long[transcription_id] = None
        if len(self._long) > LONG_MAX:
            self._long.popitem(last=False)
