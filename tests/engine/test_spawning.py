"""A process that cannot be watched is a worker that was not started, and none is left of it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from stenolog.engine.host.spawning import spawn
from stenolog.engine.host.worker_process import NOT_STARTED, Worker, WorkerLost
from tests.egress.scripted import until

pytestmark = pytest.mark.skipif(
    sys.version_info >= (3, 12), reason="asyncio needs no thread there to wait for a process"
)


class NoThreads(asyncio.ThreadedChildWatcher):
    """asyncio's own watcher on a system that has no thread left."""

    def __init__(self) -> None:
        super().__init__()
        self.pids: list[int] = []

    def add_child_handler(self, pid: int, callback: Callable[..., object], *args: object) -> None:
        self.pids.append(pid)
        raise RuntimeError("can't start new thread")


@pytest.fixture
def watcher() -> NoThreads:
    return NoThreads()


@pytest.fixture(autouse=True)
def no_threads(watcher: NoThreads) -> object:
    before = asyncio.get_child_watcher()
    asyncio.set_child_watcher(watcher)
    yield
    asyncio.set_child_watcher(before)


def is_over(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


async def test_a_process_that_cannot_be_waited_for_is_ended(watcher: NoThreads) -> None:
    with pytest.raises(RuntimeError, match="new thread"):
        await spawn([sys.executable, "-c", "input()"], dict(os.environ), 1_000)
    await until(lambda: all(is_over(pid) for pid in watcher.pids))
    assert len(watcher.pids) == 1


async def test_a_worker_without_a_thread_is_not_started(watcher: NoThreads) -> None:
    worker = Worker(threads=1)
    with pytest.raises(WorkerLost, match=NOT_STARTED):
        await worker.start()
    assert worker.pid is None
    await until(lambda: all(is_over(pid) for pid in watcher.pids))
