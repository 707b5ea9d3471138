"""What is held for now is read to its end, and nobody's turn waits for another's."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from stenolog.bootstrap.projections import PROJECTIONS
from stenolog.errors import StoreUnavailable
from stenolog.log.checkpoint import Checkpoint
from stenolog.log.event import Event
from stenolog.log.events.transcriptions import TRANSCRIPTION
from stenolog.projections.rows import Change, Hold
from stenolog.projections.run.generations import bring_up
from stenolog.projections.run.held import HELD_PER_PAGE, read_held
from stenolog.projections.run.retrying import Retries
from stenolog.stores.sqlite.views.store import SqliteViews
from tests.unit.projections.answers import full_answer
from tests.unit.projections.events import MemoryLog, OpenSealer, transcription_id
from tests.unit.projections.keys import MemoryKeys

FIRST, SECOND = transcription_id(1), transcription_id(2)


class HalfLog(MemoryLog):
    """A log of which one stream cannot be read now."""

    async def read_stream(self, stream: str, **more: Any) -> list[Event]:
        if stream == f"{TRANSCRIPTION}{FIRST}":
            raise StoreUnavailable("injected: this file cannot be read")
        return await super().read_stream(stream, **more)


def hold(transcription: str, position: int, projection: str = "words") -> Hold:
    return Hold(
        projection=projection,
        transcription=transcription,
        position=position,
        reason="interrupted",
        for_now=True,
    )


@contextlib.asynccontextmanager
async def holding(path: Path, holds: Sequence[Change], head: int) -> AsyncIterator[SqliteViews]:
    views = await SqliteViews.open(path, MemoryKeys())
    try:
        await bring_up(views, PROJECTIONS)
        await views.advance(holds, after=0, to=Checkpoint(position=head, event_id="e"))
        yield views
    finally:
        await views.close()


async def test_everything_that_is_held_is_read(tmp_path: Path) -> None:
    count = 2 * HELD_PER_PAGE + 1
    holds = [hold(transcription_id(one), one) for one in range(1, count + 1)]
    holds.append(hold(FIRST, count + 1, "chapters"))
    async with holding(tmp_path / "views.db", holds, count + 1) as views:
        held = await read_held(views)
    assert len(held) == count
    assert held[FIRST] == {"words": 1, "chapters": count + 1}


async def test_a_stream_that_cannot_be_read_is_in_nobodys_way(tmp_path: Path) -> None:
    log = HalfLog()
    log.done(1, full_answer())
    log.done(2, full_answer())
    first = {
        id_: next(e.position for e in log.events if e.stream.endswith(id_))
        for id_ in (FIRST, SECOND)
    }
    holds = [hold(id_, position) for id_, position in first.items()]
    async with holding(tmp_path / "views.db", holds, len(log.events)) as views:
        retries = Retries(
            log,
            OpenSealer(log),
            views,
            PROJECTIONS,
            turn=asyncio.Lock(),
            mended=lambda _: None,
        )
        running = asyncio.create_task(retries.run())
        try:
            async with asyncio.timeout(30):
                while SECOND in await views.held_for_now(9):  # noqa: ASYNC110 - nothing tells
                    await asyncio.sleep(0.05)
            assert FIRST in await views.held_for_now(9)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await retries.close()
