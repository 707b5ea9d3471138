"""What runs in the background ends with its server, and fails aloud."""

from __future__ import annotations

import anyio
import anyio.lowlevel
import pytest

from stenolog.simulator.background import Background


async def test_what_still_runs_is_stopped() -> None:
    background, stopped = Background(), []

    async def work() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            stopped.append(True)

    background.start(work())
    await anyio.lowlevel.checkpoint()
    await background.aclose()
    assert stopped == [True]


async def test_what_failed_is_raised() -> None:
    background, begun = Background(), anyio.Event()

    async def work() -> None:
        begun.set()
        raise LookupError("wrong")

    background.start(work())
    await begun.wait()
    with pytest.raises(LookupError):
        await background.aclose()
