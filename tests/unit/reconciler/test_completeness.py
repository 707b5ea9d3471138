"""Up to where everything has ended, and when that is worth an event."""

from __future__ import annotations

from typing import Any

from structlog.testing import capture_logs

from stenolog.errors import StoreUnavailable
from stenolog.log.events.logs import SweepCompleted
from stenolog.reconciler.case import Case
from stenolog.reconciler.completeness import RECORD_EVERY_MS, Completeness, oldest_open


class Recorded:
    """Takes facts, or fails."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int]] = []
        self.fails = False

    async def record(self, stream: str, facts: Any, cause: Any) -> None:
        if self.fails:
            raise StoreUnavailable("injected: full")
        [fact] = facts
        assert isinstance(fact.data, SweepCompleted)
        self.told.append((stream, fact.data.before))


class Story:
    """What is open, and what was recorded."""

    def __init__(self) -> None:
        self.now_ms, self.found = 1_000_000, (1, False)
        self.recorded = Recorded()
        facts: Any = self.recorded
        self.it = Completeness(facts, "id", lambda: self.found, lambda: self.now_ms)

    async def look(self, before: int, *, something_open: bool, after_ms: int = 60_000) -> list[int]:
        self.now_ms += after_ms
        self.found = before, something_open
        await self.it.look()
        return [position for _, position in self.recorded.told]


def case(position: int, *, ended: bool = False) -> Case:
    return Case(id=str(position), position=position, ended=ended)


def test_everything_before_the_oldest_open_one_has_ended() -> None:
    assert oldest_open([case(9), case(5), case(2, ended=True)], 20) == (5, True)
    assert oldest_open([case(2, ended=True)], 20) == (21, False)


def test_what_was_not_read_yet_could_be_older() -> None:
    assert oldest_open([case(9), case(0)], 20) is None
    assert oldest_open([], 0) is None


async def test_an_event_says_when_what_was_open_has_ended_and_not_when_nothing_was() -> None:
    story = Story()
    assert await story.look(10, something_open=False) == []
    assert await story.look(50, something_open=False) == []
    assert await story.look(50, something_open=True) == []
    assert await story.look(50, something_open=True) == []
    assert await story.look(70, something_open=True) == [70]
    assert story.recorded.told == [("log-id", 70)]


async def test_events_are_a_quarter_of_an_hour_apart_and_nothing_is_forgotten_between() -> None:
    story = Story()
    await story.look(50, something_open=True)
    assert await story.look(60, something_open=True) == [60]
    assert await story.look(70, something_open=True) == [60]
    assert await story.look(80, something_open=False) == [60]
    late = RECORD_EVERY_MS - 3 * 60_000
    assert await story.look(90, something_open=False, after_ms=late) == [60]
    assert await story.look(95, something_open=False) == [60, 95]
    assert await story.look(99, something_open=False, after_ms=RECORD_EVERY_MS) == [60, 95]


async def test_what_cannot_be_recorded_is_recorded_later() -> None:
    story = Story()
    await story.look(50, something_open=True)
    story.recorded.fails = True
    with capture_logs() as lines:
        assert await story.look(60, something_open=False) == []
    assert [line["log_level"] for line in lines] == ["warning"]
    story.recorded.fails = False
    assert await story.look(60, something_open=False) == [60]
