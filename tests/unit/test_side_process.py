"""The worker process: what becomes of it, and of what it was working on."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import structlog

from stenolog.bootstrap.projections import PROJECTIONS
from stenolog.errors import InvalidRequest
from stenolog.projections.rows import PutStatus
from stenolog.projections.run.registry import project
from stenolog.side_process import SideProcess, SideProcessEnded
from stenolog.wire.strict_json import parse_object
from tests.unit.projections.answers import EVERYTHING, full_answer
from tests.unit.projections.events import MemoryLog
from tests.unit.projections.projecting import changes_of, opened_of

DEADLINE_S = 20
LITTLE_BYTES = 1 << 30

PARENT = """
import asyncio, os, sys
from stenolog.bootstrap.projections import PROJECTIONS
from stenolog.projections.run.registry import project
from stenolog.side_process import SideProcess
from tests.unit.test_side_process import dialogue
from tests.unit.projections.projecting import opened_of

async def main():
    log = dialogue()
    worker = SideProcess()
    await worker.run(project, ("words",), opened_of(log, log.events[-1]), None, PROJECTIONS)
    print(*worker.process_ids(), flush=True)
    os.kill(os.getpid(), 9)

if __name__ == "__main__":
    asyncio.run(main())
"""


# The address space is what the limit of threads can be told by without other processes in it.
NO_THREAD = """
import asyncio, resource, threading
from stenolog.side_process import SideProcess, SideProcessEnded

async def main():
    worker = SideProcess()
    threading.stack_size(1 << 30)
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, before[1]))
    try:
        await worker.run(abs, -4)
    except SideProcessEnded:
        print("refused")
    threading.stack_size(0)
    resource.setrlimit(resource.RLIMIT_AS, before)
    print(await worker.run(abs, -4))
    await worker.close()
    print("closed")

asyncio.run(main())
"""


def time_out() -> None:
    raise TimeoutError


def dialogue() -> MemoryLog:
    log = MemoryLog()
    log.done(1, full_answer(), **EVERYTHING)
    return log


async def test_the_worker_makes_what_would_be_made_here() -> None:
    log = dialogue()
    reading = opened_of(log, log.events[-1])
    *before, _ = [one for one in changes_of(log, ["transcriptions"]) if isinstance(one, PutStatus)]
    worker = SideProcess()
    try:
        names = list(PROJECTIONS)
        made = await worker.run(project, tuple(names), reading, before[-1].row, PROJECTIONS)
        assert made == project(names, reading, before[-1].row, PROJECTIONS)
    finally:
        await worker.close()
    assert worker.process_ids() == ()


async def test_a_killed_worker_is_replaced() -> None:
    log = dialogue()
    reading = opened_of(log, log.events[-1])
    worker = SideProcess()
    try:
        first = await worker.run(project, ("words",), reading, None, PROJECTIONS)
        [killed] = worker.process_ids()
        os.kill(killed, signal.SIGKILL)
        assert await worker.run(project, ("words",), reading, None, PROJECTIONS) == first
        assert killed not in worker.process_ids()
    finally:
        await worker.close()


async def test_what_ends_the_worker_twice_is_given_up() -> None:
    log = dialogue()
    worker = SideProcess()

    async def kill() -> None:
        while True:
            for process_id in worker.process_ids():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process_id, signal.SIGKILL)
            await asyncio.sleep(0)

    killing = asyncio.create_task(kill())
    try:
        async with asyncio.timeout(DEADLINE_S):
            with pytest.raises(SideProcessEnded):
                await worker.run(
                    project, ("words",), opened_of(log, log.events[-1]), None, PROJECTIONS
                )
    finally:
        killing.cancel()
        await asyncio.gather(killing, return_exceptions=True)
        await worker.close()


@pytest.mark.parametrize("size", [1, 5 << 20], ids=["small", "larger than a pipe"])
async def test_a_process_that_does_not_answer_is_killed_and_another_takes_its_place(
    size: int,
) -> None:
    worker = SideProcess(call_ms_max=5_000)
    try:
        first = await worker.run(os.getpid)
        os.kill(first, signal.SIGSTOP)
        worker._call_ms_max = 200
        async with asyncio.timeout(DEADLINE_S):
            with (
                structlog.testing.capture_logs() as lines,
                pytest.raises(SideProcessEnded, match="did not answer"),
            ):
                await worker.run(len, "x" * size)
            assert [line["event"] for line in lines] == ["side_process.hung"]
            with pytest.raises(ProcessLookupError):
                os.kill(first, 0)
            worker._call_ms_max = 5_000
            assert await worker.run(os.getpid) != first
    finally:
        await worker.close()


async def test_a_large_call_has_more_time() -> None:
    worker = SideProcess(call_ms_max=1)
    try:
        async with asyncio.timeout(DEADLINE_S):
            assert await worker.run(len, bytes(5 << 20)) == 5 << 20
            assert await worker.run(abs, -1, size=5 << 20) == 1
            with pytest.raises(SideProcessEnded, match="did not answer"):
                await worker.run(time.sleep, 5)
    finally:
        await worker.close()


async def test_a_timeout_of_the_call_is_not_one_of_the_process() -> None:
    worker = SideProcess()
    try:
        process = await worker.run(os.getpid)
        with pytest.raises(TimeoutError):
            await worker.run(time_out)
        assert worker.process_ids() == (process,)
    finally:
        await worker.close()


async def test_closing_waits_for_no_process_that_is_stopped() -> None:
    worker = SideProcess()
    process = await worker.run(os.getpid)
    os.kill(process, signal.SIGSTOP)
    async with asyncio.timeout(DEADLINE_S):
        call = asyncio.create_task(worker.run(os.getpid))
        await asyncio.sleep(0)
        await worker.close()
        with pytest.raises(SideProcessEnded):
            await call


def test_without_a_thread_to_spare_the_call_is_not_made_and_a_later_one_is() -> None:
    told = subprocess.run(
        [sys.executable, "-c", NO_THREAD],
        stdout=subprocess.PIPE,
        timeout=DEADLINE_S,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(Path.cwd()), *sys.path])},
    )
    assert told.stdout.decode().split() == ["refused", "4", "closed"]


async def test_an_idle_process_ends_and_another_takes_its_place() -> None:
    worker = SideProcess(idle_ms=1)
    try:
        async with asyncio.timeout(DEADLINE_S):
            first = await worker.run(os.getpid)
            while worker.process_ids():  # noqa: ASYNC110 - nothing tells that it has ended
                await asyncio.sleep(0.001)
            second = await worker.run(os.getpid)
        assert len({first, second, os.getpid()}) == 3
    finally:
        await worker.close()
    assert worker.process_ids() == ()


async def test_a_call_in_the_moment_of_the_idle_end_gets_another_process() -> None:
    worker = SideProcess(idle_ms=0)
    loop = asyncio.get_running_loop()
    calls: list[asyncio.Task[int]] = []
    try:
        async with asyncio.timeout(DEADLINE_S):
            first = await worker.run(os.getpid)
            # In one turn of the loop the call is made ready, and then the idle time is over.
            loop.call_soon(lambda: calls.append(asyncio.ensure_future(worker.run(os.getpid))))
            while not calls:  # noqa: ASYNC110 - the loop does it
                await asyncio.sleep(0)
            assert await calls[0] != first
    finally:
        await worker.close()


async def test_after_its_close_no_process_is_started() -> None:
    worker = SideProcess(idle_ms=1)
    await worker.run(os.getpid)
    await worker.close()
    with pytest.raises(SideProcessEnded):
        await worker.run(os.getpid)
    assert worker.process_ids() == ()


async def test_what_a_call_raises_is_raised_here() -> None:
    worker = SideProcess()
    try:
        with pytest.raises(InvalidRequest) as refused:
            await worker.run(parse_object, b"[]")
        assert str(refused.value) == "The request body must be a JSON object"
    finally:
        await worker.close()


def test_the_worker_ends_with_its_parent(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    ended = subprocess.run(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        timeout=DEADLINE_S,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(Path.cwd()), *sys.path])},
    )
    # The worker holds the pipe as long as it lives: without its end `run` runs into the deadline.
    assert ended.returncode == -signal.SIGKILL
    assert ended.stdout.strip().isdigit()


async def test_a_call_that_wants_more_memory_than_it_may_have_is_refused_it() -> None:
    worker = SideProcess(memory_bytes_max=LITTLE_BYTES)
    try:
        with pytest.raises(MemoryError):
            await worker.run(bytes, LITTLE_BYTES)
        assert await worker.run(abs, -4) == 4
    finally:
        await worker.close()
