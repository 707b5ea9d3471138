"""A subscription over a real log: what it hands on, goes past, reports, and tries again."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from stenolog.errors import RecordDamaged, StoreError, StoreUnavailable
from stenolog.heartbeat import BEAT_EVERY_MS
from stenolog.log.checkpoint import BEGINNING, Checkpoint, end_of
from stenolog.log.event import Event
from stenolog.log.page import Gap, Page
from stenolog.log.store import EVENTS_PER_READ_MAX
from stenolog.log.subscription import RETRY_FIRST_MS, Subscription
from stenolog.stores.sqlite.log.store import SqliteLog
from tests.log_samples import BEGUN, new_id, several

DEADLINE_S = 20
Opened = TypeVar("Opened", bound=SqliteLog)
STREAM = f"transcription-{new_id()}"


class BreakableLog(SqliteLog):
    """A log that can fail to be read."""

    failing = 0

    async def read(self, *, after: int = 0, limit: int = EVENTS_PER_READ_MAX) -> list[Event]:
        if self.failing:
            self.failing -= 1
            raise StoreUnavailable("injected: not now")
        return await super().read(after=after, limit=limit)


class Reader:
    """Keeps what it is handed; its place survives as long as it does."""

    def __init__(self, place: Checkpoint | None = BEGINNING) -> None:
        self.place = place
        self.seen: list[int] = []
        self.stale: list[Checkpoint | None] = []
        self.calls = 0
        self.more = 0
        self.failing = 0
        self.called = asyncio.Event()

    async def saved(self) -> Checkpoint | None:
        return self.place

    async def begin(self, stale: Checkpoint | None) -> Checkpoint:
        self.stale.append(stale)
        self.place = BEGINNING
        return BEGINNING

    async def handle(self, page: Page) -> bool:
        self.calls += 1
        self.called.set()
        self.seen += [event.position for event in page.events]
        if self.failing:
            self.failing -= 1
            raise StoreUnavailable("injected: nothing was written")
        self.place = page.checkpoint
        if self.more:
            self.more -= 1
            return True
        return False

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not holds():
                self.called.clear()
                await self.called.wait()


class Heard:
    """What was reported."""

    def __init__(self) -> None:
        self.damaged: list[int] = []
        self.missing: list[Gap] = []
        self.pauses_ms: list[int] = []
        self.of_interruption = asyncio.Event()

    def record_damaged(self, damaged: RecordDamaged) -> None:
        self.damaged.append(damaged.position)

    def records_missing(self, missing: Gap) -> None:
        self.missing.append(missing)

    def interrupted(self, failure: StoreError, retry_in_ms: int) -> None:
        self.pauses_ms.append(retry_in_ms)
        self.of_interruption.set()


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[BreakableLog]:
    async with opened(tmp_path, BreakableLog) as log:
        yield log


@contextlib.asynccontextmanager
async def opened(directory: Path, kind: type[Opened]) -> AsyncIterator[Opened]:
    log = await kind.open(directory / "log.db")
    assert isinstance(log, kind)
    try:
        yield log
    finally:
        await log.close()


@contextlib.asynccontextmanager
async def running(subscription: Subscription) -> AsyncIterator[asyncio.Task[None]]:
    task: asyncio.Task[None] = asyncio.create_task(subscription.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def written(directory: Path, count: int, change: str = "") -> None:
    """A log of so many events, which `change` has been done to since."""
    async with opened(directory, SqliteLog) as log:
        for event in several(count - BEGUN):
            await log.append(STREAM, [event])
    with contextlib.closing(sqlite3.connect(directory / "log.db")) as file:
        file.executescript(change)


async def caught_up(subscription: Subscription) -> None:
    while await subscription.step():
        pass


async def test_it_hands_on_everything_in_order_in_pages_that_are_bounded(
    log: BreakableLog,
) -> None:
    await log.append(STREAM, several(10 - BEGUN))
    reader = Reader()
    await caught_up(Subscription(log, reader, Heard(), events_per_page=4))
    assert reader.seen == list(range(1, 11))
    assert reader.calls == 4  # three pages, and an empty one at the end
    assert reader.place == await end_of(log)


async def test_it_goes_on_behind_the_saved_place(log: BreakableLog) -> None:
    await log.append(STREAM, several(2 - BEGUN))
    place = await end_of(log)
    await log.append(STREAM, several(2))
    reader = Reader(place)
    subscription = Subscription(log, reader, Heard())
    assert await subscription.resume() == place
    await caught_up(subscription)
    assert (reader.seen, reader.stale) == ([3, 4], [])


async def test_who_has_saved_nothing_is_asked_where_to_begin(log: BreakableLog) -> None:
    await log.append(STREAM, several(2 - BEGUN))
    reader = Reader(None)
    await caught_up(Subscription(log, reader, Heard()))
    assert (reader.seen, reader.stale) == ([1, 2], [None])


@pytest.mark.parametrize("position", [2, 90])
async def test_a_place_in_another_log_is_given_up(log: BreakableLog, position: int) -> None:
    await log.append(STREAM, several(3 - BEGUN))
    stale = Checkpoint(position=position, event_id=new_id())
    reader = Reader(stale)
    await caught_up(Subscription(log, reader, Heard()))
    assert (reader.seen, reader.stale) == ([1, 2, 3], [stale])


async def test_a_damaged_record_is_gone_past_and_reported_once(tmp_path: Path) -> None:
    await written(tmp_path, 4, "UPDATE events SET bytes = x'00' WHERE position = 2")
    heard = Heard()
    async with opened(tmp_path, SqliteLog) as log:
        reader = Reader()
        subscription = Subscription(log, reader, heard)
        await caught_up(subscription)
        assert reader.seen == [1, 3, 4]
        reader.place, reader.failing = BEGINNING, 1
        await log.append(STREAM, several(1))
        with pytest.raises(StoreUnavailable):
            await subscription.step()
        await caught_up(subscription)
        assert reader.seen[-4:] == [1, 3, 4, 5]
    assert (heard.damaged, heard.missing) == ([2], [])


async def test_a_damaged_record_at_the_saved_place_is_no_other_log(tmp_path: Path) -> None:
    await written(tmp_path, 3, "UPDATE events SET bytes = x'00' WHERE position = 2")
    async with opened(tmp_path, SqliteLog) as log:
        reader = Reader(Checkpoint(position=2, event_id=new_id()))
        await caught_up(Subscription(log, reader, Heard()))
        assert (reader.seen, reader.stale) == ([3], [])


async def test_missing_records_are_gone_past_and_reported_once(tmp_path: Path) -> None:
    await written(tmp_path, 5, "DELETE FROM events WHERE position IN (2, 3)")
    heard = Heard()
    async with opened(tmp_path, SqliteLog) as log:
        reader = Reader()
        subscription = Subscription(log, reader, heard)
        await caught_up(subscription)
        reader.place = BEGINNING
        reader.failing = 1
        with pytest.raises(StoreUnavailable):
            await subscription.step()
        await caught_up(subscription)
        assert reader.seen[-3:] == [1, 4, 5]
    assert (heard.damaged, heard.missing) == ([], [Gap(first=2, last=3)])


async def test_every_gap_of_a_page_is_reported(tmp_path: Path) -> None:
    await written(tmp_path, 9, "DELETE FROM events WHERE position IN (1, 3, 5, 6)")
    heard = Heard()
    async with opened(tmp_path, SqliteLog) as log:
        await caught_up(Subscription(log, Reader(), heard))
    assert heard.missing == [Gap(first=n, last=m) for n, m in ((1, 1), (3, 3), (5, 6))]


async def test_records_that_are_missing_before_a_damaged_one_are_reported(tmp_path: Path) -> None:
    change = "DELETE FROM events WHERE position IN (2, 3)"
    await written(tmp_path, 6, f"{change}; UPDATE events SET bytes = x'00' WHERE position = 4")
    heard = Heard()
    async with opened(tmp_path, SqliteLog) as log:
        reader = Reader()
        await caught_up(Subscription(log, reader, heard))
    assert reader.seen == [1, 5, 6]
    assert (heard.damaged, heard.missing) == ([4], [Gap(first=2, last=3)])


class Shortened(SqliteLog):
    """A log whose head counts records that it does not have."""

    async def read(self, *, after: int = 0, limit: int = EVENTS_PER_READ_MAX) -> list[Event]:
        events = await super().read(after=after, limit=limit)
        return [event for event in events if event.position not in {3, 4}]


async def test_a_log_that_lost_its_end_is_not_read_in_a_circle(tmp_path: Path) -> None:
    async with opened(tmp_path, Shortened) as log:
        await log.append(STREAM, several(4 - BEGUN))
        heard, reader = Heard(), Reader()
        subscription = Subscription(log, reader, heard)
        await caught_up(subscription)
        assert (reader.seen, heard.missing) == ([1, 2], [Gap(first=3, last=4)])
        await log.append(STREAM, several(1))
        await caught_up(subscription)
        assert reader.seen == [1, 2, 5]


async def test_a_store_that_fails_is_tried_again_after_growing_pauses(log: BreakableLog) -> None:
    await log.append(STREAM, several(2 - BEGUN))
    reader, heard = Reader(), Heard()
    log.failing = 2
    async with running(Subscription(log, reader, heard)):
        await reader.until(lambda: reader.seen == [1, 2])
        assert heard.pauses_ms == [RETRY_FIRST_MS, 2 * RETRY_FIRST_MS]
        reader.failing = 1
        await log.append(STREAM, several(1))
        await reader.until(lambda: reader.seen == [1, 2, 3, 3])
    assert heard.pauses_ms[2:] == [RETRY_FIRST_MS], "a success begins anew"


async def test_what_was_saved_further_than_known_is_not_handed_over_again(
    log: BreakableLog,
) -> None:
    class LosesReplies(Reader):
        async def handle(self, page: Page) -> bool:
            await super().handle(page)
            if self.calls == 1:
                raise StoreUnavailable("injected: written, reply lost")
            return False

    await log.append(STREAM, several(3 - BEGUN))
    reader = LosesReplies()
    subscription = Subscription(log, reader, Heard())
    with pytest.raises(StoreUnavailable):
        await subscription.step()
    await caught_up(subscription)
    assert reader.seen == [1, 2, 3]


async def test_it_ends_when_it_is_cancelled_wherever_it_waits(log: BreakableLog) -> None:
    reader = Reader()
    async with running(Subscription(log, reader, Heard())) as task:
        await reader.until(lambda: reader.calls >= 1)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    log.failing = 1_000
    heard = Heard()
    async with running(Subscription(log, Reader(None), heard)) as task:
        await log.append(STREAM, several(1))
        async with asyncio.timeout(DEADLINE_S):
            await heard.of_interruption.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_one_that_was_cancelled_in_mid_page_hands_the_page_over_again(
    log: BreakableLog,
) -> None:
    class Slow(Reader):
        async def handle(self, page: Page) -> bool:
            if not self.calls:
                self.calls += 1
                self.called.set()
                await asyncio.Event().wait()
            return await super().handle(page)

    await log.append(STREAM, several(2 - BEGUN))
    reader = Slow()
    subscription = Subscription(log, reader, Heard())
    async with running(subscription):
        await reader.until(lambda: reader.calls == 1)
    assert reader.seen == []
    await caught_up(subscription)
    assert reader.seen == [1, 2]


async def test_a_fault_of_ours_ends_it(log: BreakableLog) -> None:
    class Faulty(Reader):
        async def handle(self, page: Page) -> bool:
            raise ValueError("a fault")

    with pytest.raises(ValueError, match="a fault"):
        await Subscription(log, Faulty(), Heard()).run()


async def test_a_tailing_reader_misses_nothing_of_many_writers(log: BreakableLog) -> None:
    reader = Reader()

    async def write() -> None:
        for _ in range(25):
            await log.append(f"transcription-{new_id()}", several(2))

    async with running(Subscription(log, reader, Heard(), events_per_page=7)):
        await asyncio.gather(*(write() for _ in range(8)))
        await reader.until(lambda: len(reader.seen) >= BEGUN + 400)
    assert reader.seen == list(range(1, BEGUN + 401))


async def test_it_calls_again_as_long_as_there_is_more_and_when_it_is_woken(
    log: BreakableLog,
) -> None:
    reader = Reader()
    reader.more = 3
    subscription = Subscription(log, reader, Heard())
    async with running(subscription):
        await reader.until(lambda: reader.calls == 4)
        subscription.wake()
        await reader.until(lambda: reader.calls == 5)


async def test_its_beat_is_of_the_last_page_that_was_heeded(log: BreakableLog) -> None:
    now_s = 0.0
    reader = Reader()
    subscription = Subscription(log, reader, Heard(), monotonic=lambda: now_s)
    now_s = 30.0
    assert subscription.beat_age_ms == 30_000 > BEAT_EVERY_MS
    reader.failing = 1
    with pytest.raises(StoreUnavailable):
        await subscription.step()
    assert subscription.beat_age_ms == 30_000
    await subscription.step()
    assert subscription.beat_age_ms == 0
