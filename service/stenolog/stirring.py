"""Wait until somebody stirs, or for a time."""

from __future__ import annotations

import asyncio
from contextlib import suppress


async def stirred(event: asyncio.Event, wait_ms: int) -> None:
    """Return once `event` is set, or after `wait_ms`."""
    with suppress(TimeoutError):
        # Not `wait_for`: CPython 3.11's forgets a cancellation that comes with the wake-up.
        async with asyncio.timeout(max(0, wait_ms) / 1000):
            await event.wait()
