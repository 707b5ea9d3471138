"""A task that nobody waits for is looked at when it ends."""

from __future__ import annotations

import asyncio

from structlog.testing import capture_logs

from stenolog.owned_tasks import OwnedTasks


async def fail() -> None:
    raise LookupError("nobody waits for this")


async def test_what_a_task_raises_is_logged_and_the_task_is_forgotten() -> None:
    tasks = OwnedTasks("room.task_crashed")
    with capture_logs() as lines:
        tasks.start(fail())
        tasks.start(asyncio.sleep(0))
        assert len(tasks) == 2
        while len(tasks):  # noqa: ASYNC110 - it has no event to wait for
            await asyncio.sleep(0)
    assert [line["event"] for line in lines] == ["room.task_crashed"]
    assert isinstance(lines[0]["exc_info"], LookupError)


async def test_after_close_nothing_runs_and_nothing_begins() -> None:
    tasks = OwnedTasks("room.task_crashed")
    tasks.start(asyncio.sleep(60))
    with capture_logs() as lines:
        await tasks.close()
        tasks.start(fail())
    assert len(tasks) == 0
    assert lines == []
