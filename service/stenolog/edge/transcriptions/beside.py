"""Do what grows with a request in a thread, so that the event loop answers others meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

INLINE_BYTES_MAX = 32 << 10  # what is made of this takes up to 5 ms
THREADS_MAX = 1  # two would take the interpreter's lock from each other, and from the loop

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class BesideLoop:
    """Runs calls on large bodies one after another, in the order in which they came.

    The thread shares the interpreter's lock: where it runs Python, the loop waits 5 ms for it at
    most, and otherwise for one call into C. The longest of those is `json.loads` of 1 MiB with
    `NODES_MAX` values, 10 ms.
    """

    def __init__(self) -> None:
        self._threads = asyncio.Semaphore(THREADS_MAX)

    async def run(
        self,
        size_bytes: int,
        call: Callable[Parameters, Result],
        *args: Parameters.args,
        **how: Parameters.kwargs,
    ) -> Result:
        """Return what `call` makes of its arguments, which are of `size_bytes` bytes as JSON.

        Raises:
            Exception: Whatever `call` raised.
        """
        if size_bytes <= INLINE_BYTES_MAX:
            return call(*args, **how)
        async with self._threads:
            return await asyncio.to_thread(call, *args, **how)
