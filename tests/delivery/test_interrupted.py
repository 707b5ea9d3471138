"""A customer is told of an outcome although the process that projects it is killed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import multiprocessing
from collections.abc import AsyncIterator

from stenolog.projections.run.one_event import THREAD_BYTES_MAX
from tests.delivery.house import House
from tests.house.waiting import until
from tests.http.spoken import answer_of


@contextlib.asynccontextmanager
async def killing() -> AsyncIterator[set[int]]:
    """Every process that is started is killed at once; gives the ids of those that were."""
    killed: set[int] = set()

    async def kill() -> None:
        while True:
            for child in multiprocessing.active_children():
                assert child.pid is not None
                killed.add(child.pid)
                child.kill()
            await asyncio.sleep(0.001)

    task = asyncio.create_task(kill())
    try:
        yield killed
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_killed_worker_delays_the_outcome_and_makes_no_error_of_it(home: House) -> None:
    shown: set[str] = set()
    async with home.delivering():
        async with killing() as killed:
            transcription_id = await home.requested()
            answer = answer_of() | {"padding": "x" * THREAD_BYTES_MAX}
            await home.service.complete(transcription_id, answer)
            await home.service.projected()
            await until(lambda: home.service.projector.interrupted == 1)
            for _ in range(3):
                shown.add((await home.shown(transcription_id))["status"])
            assert len(killed) > 1
            assert home.got() == []
        await home.ended(transcription_id)
    assert shown == {"processing"}
    assert [json.loads(one.body)["status"] for one in home.got()] == ["completed"]
    assert (await home.shown(transcription_id))["status"] == "completed"
    assert home.service.projector.interrupted == 0
