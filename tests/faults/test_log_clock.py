"""The time of events, whatever the machine's clock says, and whatever became of the last record."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from uuid import UUID

import pytest

from stenolog.clock import Clocks, microseconds
from stenolog.errors import CannotStart, OutcomeUnknown
from stenolog.log.actors import OPERATOR, SYSTEM, SYSTEM_TENANT
from stenolog.log.appends import Together, checked
from stenolog.log.batch import Sequenced
from stenolog.log.event_clock import TIME_US_MAX, UNUSED_US_MAX
from stenolog.log.recorder import PROBED_STREAM
from stenolog.log.store import Append
from stenolog.stores.sqlite.log.store import SqliteLog
from stenolog.stores.sqlite.log.writer import LogWriter
from tests.log_samples import BEGUN, new_event, several

STREAM = "transcription-1"
SECOND = 1_000_000
DAY = 86_400 * SECOND
YEAR = 366 * DAY
START = 1_796_000_000 * SECOND
REFUSED = "CREATE TRIGGER no AFTER INSERT ON events BEGIN SELECT raise(ABORT, 'no'); END"


class Machine:
    """A machine whose wall clock can be set; both clocks run together."""

    def __init__(self, wall_us: int = START) -> None:
        self.passed_us = 0
        self.ahead_us = wall_us

    async def run(self, log: SqliteLog, minutes: int) -> None:
        """Minutes pass, and nothing is appended."""
        for _ in range(minutes):
            self.passed_us += 60 * SECOND
            await log.append(PROBED_STREAM, [])

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


def ms_of(identifier: str) -> int:
    """The time in a UUIDv7."""
    return UUID(identifier).int >> 80


async def times(log: SqliteLog) -> list[int]:
    """When the events were, in microseconds after START."""
    return [microseconds(event.time) - START for event in await log.read()]


async def test_a_clock_that_jumps_dates_no_event_before_it_is_believed(tmp_path: Path) -> None:
    machine = Machine()
    async with opened(tmp_path, machine) as log:
        machine.ahead_us += 30 * DAY
        for _ in range(3):
            machine.passed_us += SECOND
            await log.append(STREAM, [new_event(id=log.event_id())])
        assert await times(log) == [0, SECOND, 2 * SECOND, 3 * SECOND]
        assert [ms_of(event.id) for event in await log.read()] == [
            START // 1_000 + 1_000 * second for second in range(4)
        ]
        await machine.run(log, 9)
        machine.passed_us += 60 * SECOND
        appended = await log.append(STREAM, [new_event()])
        *_, jumped, last = await log.read()
        assert appended.positions == (last.position,)
        assert (jumped.type, jumped.tenant, jumped.actor) == ("clock.jumped", SYSTEM_TENANT, SYSTEM)
        assert jumped.data == {"off_ms": 30 * DAY // 1_000, "reason": "agreed"}
        assert jumped.stream == (await log.read())[0].stream
        assert jumped.time == last.time
        assert microseconds(last.time) == START + 30 * DAY + machine.passed_us
        assert ms_of(jumped.id) == microseconds(last.time) // 1_000 == ms_of(log.event_id())


async def test_a_jump_that_could_not_be_committed_is_recorded_with_the_next_event(
    tmp_path: Path,
) -> None:
    machine = Machine()
    async with opened(tmp_path, machine) as log:
        machine.ahead_us += 30 * DAY
        await log.append(STREAM, several(1))
        await machine.run(log, 9)
        machine.passed_us += 60 * SECOND
        with closing(sqlite3.connect(tmp_path / "log.db")) as other:
            other.execute(
                "CREATE TRIGGER no AFTER INSERT ON events BEGIN SELECT raise(ABORT, 'no'); END"
            )
            with pytest.raises(Exception, match="no"):
                await log.append(STREAM, several(1))
            other.execute("DROP TRIGGER no")
        await log.append(STREAM, several(1))
        assert [event.type for event in await log.read()][-2:] == ["clock.jumped", "upload.stored"]


class Unanswered(LogWriter):
    """Does not learn what became of some commits, which were made or were not."""

    answers: Sequence[bool] = ()

    def _transact(self, batch: Sequence[Together], at_us: int) -> Sequenced:
        if not self.answers:
            return super()._transact(batch, at_us)
        made, *self.answers = self.answers
        if made:
            super()._transact(batch, at_us)
        raise OutcomeUnknown("log.db: injected: COMMIT failed")


@pytest.mark.parametrize("made", [[True], [False], [True, True], [False, True]])
async def test_a_jump_whose_commit_was_not_answered_is_recorded_once(
    tmp_path: Path, made: Sequence[bool]
) -> None:
    machine = Machine()
    writer = Unanswered(tmp_path / "log.db", clocks=machine.clocks)
    with closing(writer):
        machine.ahead_us += 3 * DAY
        for _ in range(11):
            writer.look()
            machine.passed_us += 60 * SECOND
        writer.answers = made
        for _ in made:
            with pytest.raises(OutcomeUnknown):
                writer.commit_batch([checked([Append(stream=STREAM, events=several(1))])])
            machine.passed_us += 60 * SECOND
            assert writer.jumped
        writer.commit_batch([checked([Append(stream=STREAM, events=several(1))])])
        assert not writer.jumped
    async with opened(tmp_path, machine) as log:
        types = [event.type for event in await log.read()]
        assert types.count("clock.jumped") == 1


async def test_an_idle_log_looks_at_the_clock_too(tmp_path: Path) -> None:
    machine = Machine()
    writer = LogWriter(tmp_path / "log.db", clocks=machine.clocks)
    with closing(writer):
        machine.ahead_us += 3 * DAY
        for _ in range(11):
            writer.look()
            machine.passed_us += 60 * SECOND
        appended = writer.commit_batch([checked([Append(stream=STREAM, events=several(1))])])
        assert [row.envelope["type"] for row in appended.rows] == ["clock.jumped", "upload.stored"]


async def test_a_start_long_after_the_last_event_is_refused_and_nothing_is_written(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path, Machine()) as log:
        await log.append(STREAM, several(1))
    late = Machine(START + UNUSED_US_MAX + 1)
    with pytest.raises(CannotStart, match="machine's clock is 400 days ahead"):
        await SqliteLog.open(tmp_path / "log.db", clocks=late.clocks)
    async with opened(tmp_path, late, accepted=True) as log:
        assert await log.head() == BEGUN + 1, "the start may be refused yet"
        await log.record_clock()
        assert await log.head() == BEGUN + 2
        await log.record_clock()
        jumped = (await log.read())[-1]
        assert (jumped.type, jumped.actor) == ("clock.jumped", OPERATOR)
        assert jumped.data == {"off_ms": (UNUSED_US_MAX + 1) // 1_000, "reason": "accepted"}
        assert microseconds(jumped.time) == START + UNUSED_US_MAX + 1
    async with opened(tmp_path, late) as log:
        await log.append(STREAM, several(1))
        assert await log.head() == BEGUN + 3


async def test_what_a_stopped_log_cannot_tell_from_a_jump_is_recorded_with_the_next_event(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path, Machine()) as log:
        await log.append(STREAM, several(1))
    soon, late = Machine(START + 3_600 * SECOND), Machine(START + UNUSED_US_MAX)
    for machine in (soon, late, late):
        async with opened(tmp_path, machine) as log:
            pass
    async with opened(tmp_path, late) as log:
        assert await log.head() == BEGUN + 1
        appended = await log.append(STREAM, several(1))
        jumped, last = await log.read(after=BEGUN + 1)
        assert appended.positions == (last.position,)
        assert (jumped.type, jumped.actor) == ("clock.jumped", SYSTEM)
        assert jumped.data == {"off_ms": UNUSED_US_MAX // 1_000, "reason": "started"}
        assert jumped.time == last.time
        await log.append(STREAM, several(1))
        assert await log.head() == BEGUN + 4


async def test_a_jump_is_of_the_epoch_that_a_restore_begins(tmp_path: Path) -> None:
    """At its place the log that went on from the backup has another event of the older epoch."""
    async with opened(tmp_path, Machine()) as log:
        await log.append(STREAM, several(1))
    async with opened(tmp_path, Machine(START + 9 * DAY)) as log:
        restored = await log.append(f"log-{log.identity.log_id}", [new_event("log.restored")])
        assert restored.positions == (BEGUN + 2,)
        await log.append(STREAM, several(1))
        types = [event.type for event in await log.read(after=BEGUN + 1)]
        assert types == ["log.restored", "clock.jumped", "upload.stored"]


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
        await machine.run(log, 20)
        await log.append(STREAM, several(1))
        assert await times(log) == [0, 0, 0, 0, 0, 0, 20 * 60 * SECOND]


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


async def test_a_damaged_row_dates_no_event(tmp_path: Path) -> None:
    """The last event's own time is hashed; the tree's row counts only where that cannot be read."""
    async with opened(tmp_path, Machine()) as log:
        await log.append(STREAM, several(1))
    with closing(sqlite3.connect(tmp_path / "log.db")) as run, run:
        run.execute("UPDATE tree SET last_us = ?", (START + 30 * YEAR,))
    async with opened(tmp_path, Machine(START + 60 * SECOND)) as log:
        await log.append(STREAM, several(1))
        assert await times(log) == [0, 0, 60 * SECOND]
