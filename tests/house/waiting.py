"""Waiting for what happens elsewhere, with a deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic

DEADLINE_S = 15.0
LOOK_S = 0.002


async def until(holds: Callable[[], bool], what: str = "it did not happen in time") -> None:
    """Return once it holds.

    Raises:
        AssertionError: It did not in time; says `what`.
    """
    deadline = monotonic() + DEADLINE_S
    while not holds():
        assert monotonic() < deadline, what
        await asyncio.sleep(LOOK_S)


async def eventually(
    asked: Callable[[], Awaitable[bool]],
    what: str = "it did not happen in time",
    *,
    seconds: float = DEADLINE_S,
) -> None:
    """Return once the answer is yes.

    Raises:
        AssertionError: It was not in time; says `what`.
    """
    deadline = monotonic() + seconds
    while not await asked():
        assert monotonic() < deadline, what
        await asyncio.sleep(LOOK_S)
