"""The time of events, whatever the machine's clock says, and whatever became of the last record."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from stenolog.clock import Clocks, microseconds
from stenolog.errors import CannotStart
from stenolog.log.actors import OPERATOR, SYSTEM, SYSTEM_TENANT
from stenolog.log.event_clock import AGREED_US_MIN, TIME_US_MAX, UNUSED_US_MAX
from stenolog.stores.sqlite.log.store import SqliteLog
from tests.log_samples import BEGUN, new_event, several

STREAM = "transcription-1"
SECOND = 1_000_000
YEAR = 366 * 86_400 * SECOND
START = 1_796_000_000 * SECOND
REFUSED = "CREATE TRIGGER no AFTER INSERT ON events BEGIN SELECT raise(ABORT, 'no'); END"


class Machine:
    """A machine whose wall clock can be set; both clocks run together."""

    def __init__(self, wall_us: int = START) -> None:
        self.passed_us = 0
        self.ahead_us = wall_us

    @property
    def clocks(self) -> Clocks:
        return Clocks(wall=lambda: self.ahead_us + self.passed_us, steady=lambda: self.passed_us)


@asynccontextmanager
async def opened(
    path: Path, machine: Machine, *, accepted: bool = False
) -> AsyncIterator[SqliteLog]:
    log = await SqliteLog.open(path / "log.db", clocks=machine.clocks, accept_clock=accepted)
    try:
        yield log
    finally:
        await log.close()


async def times(log: SqliteLog) -> list[int]:
    """When the events were, in microseconds after START."""
    return [microseconds(event.time) - START for event in await log.read()]


async def test_a_clock_that_jumps_dates_no_event_before_it_is_believed(tmp_path: Path) -> None:
    machine = Machine()
    async with opened(tmp_path, machine) as log:
        machine.ahead_us += 30 * YEAR
        for _ in range(3):
            machine.passed_us += SECOND
            await log.append(STREAM, [new_event()])
        assert await times(log) == [0, SECOND, 2 * SECOND, 3 * SECOND]
        machine.passed_us += AGREED_US_MIN
        appended = await log.append(STREAM, [new_event()])
        *_, jumped, last = await log.read()
        assert appended.positions == (last.position,)
        assert (jumped.type, jumped.tenant, jumped.actor) == ("clock.jumped", SYSTEM_TENANT, SYSTEM)
        assert jumped.data == {"off_ms": 30 * YEAR // 1_000, "reason": "agreed"}
        assert jumped.stream == (await log.read())[0].stream
        assert jumped.time == last.time
        assert microseconds(last.time) == START + 30 * YEAR + machine.passed_us


async def test_a_jump_that_could_not_be_committed_is_recorded_with_the_next_event(
    tmp_path: Path,
) -> None:
    machine = Machine()
    async with opened(tmp_path, machine) as log:
        machine.ahead_us += 30 * YEAR
        await log.append(STREAM, several(1))
        machine.passed_us += AGREED_US_MIN
        with closing(sqlite3.connect(tmp_path / "log.db")) as other:
            other.execute(
                "CREATE TRIGGER no AFTER INSERT ON events BEGIN SELECT raise(ABORT, 'no'); END"
            )
            with pytest.raises(Exception, match="no"):
                await log.append(STREAM, several(1))
            other.execute("DROP TRIGGER no")
        await log.append(STREAM, several(1))
        assert [event.type for event in await log.read()][-2:] == ["clock.jumped", "upload.stored"]


async def test_a_start_long_after_the_last_event_is_refused_and_nothing_is_written(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path, Machine()) as log:
        await log.append(STREAM, several(1))
    late = Machine(START + UNUSED_US_MAX + 1)
    with pytest.raises(CannotStart, match="machine's clock is 400 days ahead"):
        await SqliteLog.open(tmp_path / "log.db", clocks=late.clocks)
    async with opened(tmp_path, late, accepted=True) as log:
        assert await log.head() == BEGUN + 2
        jumped = (await log.read())[-1]
        assert (jumped.type, jumped.actor) == ("clock.jumped", OPERATOR)
        assert jumped.data == {"off_ms": (UNUSED_US_MAX + 1) // 1_000, "reason": "accepted"}
        assert microseconds(jumped.time) == START + UNUSED_US_MAX + 1
    async with opened(tmp_path, late) as log:
        assert await log.head() == BEGUN + 2


async def test_a_start_before_the_last_event_is_served_with_times_that_stand_still(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path, Machine()) as log:
        await log.append(STREAM, several(1))
    early = Machine(START - YEAR)
    async with opened(tmp_path, early) as log:
        assert log.clock_behind_ms == YEAR // 1_000
        early.passed_us += SECOND
        await log.append(STREAM, several(1))
        assert await times(log) == [0, 0, 0]


@pytest.mark.parametrize("wall_us", [TIME_US_MAX + 1, 2**62, -1])
async def test_a_year_that_no_calendar_has_hurts_nobody(tmp_path: Path, wall_us: int) -> None:
    with pytest.raises(CannotStart, match="no calendar"):
        await SqliteLog.open(tmp_path / "other.db", clocks=Machine(wall_us).clocks)
    machine = Machine()
    async with opened(tmp_path, machine) as log:
        machine.ahead_us = wall_us
        appends = (log.append(f"upload-{number}", several(1)) for number in range(5))
        assert len(await asyncio.gather(*appends)) == 5
        machine.passed_us += 2 * AGREED_US_MIN
        await log.append(STREAM, several(1))
        assert await times(log) == [0, 0, 0, 0, 0, 0, 2 * AGREED_US_MIN]


async def test_a_damaged_last_record_stops_no_append_and_time_goes_on_from_it(
    tmp_path: Path,
) -> None:
    machine = Machine()
    async with opened(tmp_path, machine) as log:
        machine.passed_us += 5 * SECOND
        await log.append(STREAM, several(1))
    with closing(sqlite3.connect(tmp_path / "log.db")) as connection:
        connection.execute(
            "UPDATE events SET bytes = x'00' || substr(bytes, 2) WHERE position = ?", (BEGUN + 1,)
        )
        connection.commit()
    async with opened(tmp_path, Machine()) as log:  # five seconds behind the last event
        assert (await log.append("upload-1", several(1))).positions == (BEGUN + 2,)
        assert (await log.append(STREAM, several(1), expected=1)).version == 2
        after = await log.read(after=BEGUN + 1)
        assert [microseconds(event.time) - START for event in after] == [5 * SECOND, 5 * SECOND]
