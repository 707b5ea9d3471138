"""Commits that the log's end in memory has not heard of: what is committed can be read."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from stenolog.errors import OutcomeUnknown
from stenolog.log.appends import Together
from stenolog.log.batch import Sequenced
from stenolog.stores.sqlite.file.connection import open_reader
from stenolog.stores.sqlite.log.store import SqliteLog
from stenolog.stores.sqlite.log.writer import LogWriter
from tests.log_samples import BEGUN, new_event

DEADLINE_S = 20
STREAM = "transcription-1"


class Untold(LogWriter):
    """Commits, and then keeps its answer back, or does not know whether it has committed."""

    losing = False

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.passing = threading.Event()
        self.passing.set()

    def commit_batch(self, batch: Sequence[Together]) -> Sequenced:
        sequenced = super().commit_batch(batch)
        self.passing.wait(DEADLINE_S)
        if self.losing:
            raise OutcomeUnknown("log.db: injected: COMMIT failed")
        return sequenced


@pytest.fixture
def writer(tmp_path: Path) -> Untold:
    return Untold(tmp_path / "log.db")


@pytest.fixture
async def log(writer: Untold, tmp_path: Path) -> AsyncIterator[SqliteLog]:
    log = SqliteLog(writer, await open_reader(tmp_path / "log.db", "log.db"))
    yield log
    writer.passing.set()
    await log.close()


async def test_what_an_unknown_outcome_has_committed_is_read(
    writer: Untold, log: SqliteLog
) -> None:
    first, second, third = new_event(), new_event(), new_event()
    await log.append(STREAM, [first])
    writer.losing = True
    with pytest.raises(OutcomeUnknown):
        await log.append(STREAM, [second])
    writer.losing = False
    assert [event.id for event in await log.read(after=BEGUN + 1)] == [second.id]
    assert [event.id for event in await log.read_stream(STREAM, after=1)] == [second.id]
    assert (await log.append(STREAM, [second])).already_there
    assert (await log.append(STREAM, [third], expected=2)).positions == (BEGUN + 3,)
    assert [event.id for event in await log.read(after=BEGUN + 1)] == [second.id, third.id]


@pytest.mark.parametrize("losing", [False, True])
async def test_where_a_dedupe_key_is_said_to_be_something_can_be_read(
    writer: Untold, log: SqliteLog, losing: bool
) -> None:
    writer.passing.clear()
    writer.losing = losing
    event = new_event(dedupe_key="once")
    appending = asyncio.create_task(log.append(STREAM, [event]))
    async with asyncio.timeout(DEADLINE_S):
        while (position := await log.position_of("once")) is None:  # noqa: ASYNC110 - of a thread
            await asyncio.sleep(0)
    assert [found.id for found in await log.read(after=position - 1)] == [event.id]
    writer.passing.set()
    await asyncio.gather(appending, return_exceptions=True)
    assert await log.position_of("once") == position
    assert [found.id for found in await log.read(after=position - 1)] == [event.id]


async def test_after_an_unknown_outcome_followers_are_told_what_is_there(
    writer: Untold, log: SqliteLog
) -> None:
    """Although nobody appends again: a caller may have gone, and its retry may have failed."""
    waiting = asyncio.create_task(log.wait(after=BEGUN))
    await asyncio.sleep(0)
    writer.losing = True
    with pytest.raises(OutcomeUnknown):
        await log.append(STREAM, [new_event()])
    async with asyncio.timeout(DEADLINE_S):
        assert await waiting == BEGUN + 1
    assert await log.head() == BEGUN + 1
    assert len(await log.read()) == BEGUN + 1
