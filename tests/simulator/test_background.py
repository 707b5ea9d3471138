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


async def test_what_has_ended_is_not_kept_and_the_first_failure_is() -> None:
    background, ended = Background(), 0

    async def work(number: int) -> None:
        nonlocal ended
        ended += 1
        if number in (3, 5):
            raise LookupError(f"wrong in {number}")

    for number in range(10):
        background.start(work(number))
        await anyio.wait_all_tasks_blocked()
    await anyio.lowlevel.checkpoint()
    assert (ended, len(background)) == (10, 0)
    with pytest.raises(LookupError, match="wrong in 3"):
        await background.aclose()
