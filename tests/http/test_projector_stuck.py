"""A projector that waits for its side process for ever is seen by its heartbeat."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from pathlib import Path

from tests.house.composed import Composed
from tests.house.waiting import until
from tests.http.spoken import answer_of

LONG = {"text": "x" * (600 << 10)}  # over what is projected beside everything else


def side_processes() -> set[int]:
    """The ids of the processes that this one has spawned."""
    found = set()
    for children in Path(f"/proc/{os.getpid()}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in children.read_text().split():
                if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                    found.add(int(child))
    return found


async def test_a_projector_whose_side_process_hangs_beats_no_more(service: Composed) -> None:
    before = side_processes()
    subscription = service.projector.subscription
    first, _ = await service.submitted()
    await service.complete(first, answer_of(**LONG))
    await service.projected()
    beside = side_processes() - before  # of the views, and of the search index
    for process in beside:
        os.kill(process, signal.SIGSTOP)
    try:
        second, _ = await service.submitted()
        await service.complete(second, answer_of(**LONG))
        await until(lambda: subscription.beat_age_ms > 1_000)
        await service.submit()
        await asyncio.sleep(0.1)
        assert subscription.beat_age_ms > 1_000, "the log has grown, and it hangs all the same"
    finally:
        for process in beside:
            os.kill(process, signal.SIGCONT)
    await service.projected()
    assert subscription.beat_age_ms < 1_000
