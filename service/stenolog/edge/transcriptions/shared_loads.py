"""Load recorded requests once for all who ask for the same, and few large ones at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from stenolog.edge.transcriptions.beside import INLINE_BYTES_MAX, BesideLoop
from stenolog.edge.transcriptions.large_turns import LargeTurns

LOADS_MAX = 4  # at once, of payloads of which nobody knows yet whether they are large

Result = TypeVar("Result")


class SharedLoads:
    """Makes something of a recorded request; whoever waits holds nothing of it."""

    def __init__(self, beside: BesideLoop, turns: LargeTurns) -> None:
        self._beside = beside
        self._turns = turns
        self._loads = asyncio.Semaphore(LOADS_MAX)
        self._under_way: dict[tuple[str, str], asyncio.Task[Any]] = {}

    async def made(
        self,
        tenant: str,
        key: tuple[str, str],
        load: Callable[[], Awaitable[bytes | None]],
        make: Callable[[bytes | None], Result],
    ) -> Result:
        """Return what `make` makes of what `load` returns, for all who ask with `key` meanwhile.

        `load` may be called twice, and `make` in a thread.

        Raises:
            StoreUnavailable: Too many large requests of this tenant are asked for.
            Exception: Whatever `load` or `make` raised.
        """
        task: asyncio.Task[Result] | None = self._under_way.get(key)
        if task is None:
            task = asyncio.create_task(self._made(tenant, load, make))
            self._under_way[key] = task
            task.add_done_callback(lambda done: self._ended(key, done))
        return await asyncio.shield(task)  # a client that leaves cancels nothing for the others

    async def _made(
        self,
        tenant: str,
        load: Callable[[], Awaitable[bytes | None]],
        make: Callable[[bytes | None], Result],
    ) -> Result:
        async with self._loads:
            payload = await load()
            size_bytes = len(payload or b"")
            if size_bytes <= INLINE_BYTES_MAX:
                return make(payload)
            del payload  # not held while others have their turn
        async with self._turns.turn(tenant, size_bytes):
            payload = await load()
            return await self._beside.run(len(payload or b""), make, payload)

    def _ended(self, key: tuple[str, str], task: asyncio.Task[Any]) -> None:
        del self._under_way[key]
        if not task.cancelled():
            task.exception()  # has been looked at, also when everybody went away
