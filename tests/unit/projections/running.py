"""A projector over a log in memory, as tests of it run it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from stenolog.bootstrap.projections import PROJECTIONS
from stenolog.projections.run.projector import Projector
from stenolog.projections.views import ViewWriter
from tests.unit.projections.events import MemoryLog, OpenSealer

DEADLINE_S = 30


@contextlib.asynccontextmanager
async def projecting(log: MemoryLog, views: ViewWriter, **more: Any) -> AsyncIterator[Projector]:
    """A projector that is called by the test, and closed after it."""
    projector = Projector(
        **{
            "log_store": log,
            "histories": log,
            "sealer": OpenSealer(log),
            "views": views,
            "projections": PROJECTIONS,
            "now_ms": lambda: 0,
            **more,
        }
    )
    try:
        yield projector
    finally:
        await projector.close()


@contextlib.asynccontextmanager
async def running(log: MemoryLog, views: ViewWriter, **more: Any) -> AsyncIterator[Projector]:
    """A projector that follows the log; what happens meanwhile has a deadline."""
    async with projecting(log, views, **more) as projector:
        task = asyncio.create_task(projector.run())
        try:
            async with asyncio.timeout(DEADLINE_S):
                yield projector
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
