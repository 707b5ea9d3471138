"""What the time of events follows, and what it does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stenolog.clock import rfc3339
from stenolog.errors import CannotStart
from stenolog.log.event_clock import (
    AGREED_US_MIN,
    JUMP_US_MIN,
    TIME_US_MAX,
    UNUSED_US_MAX,
    EventClock,
    Reading,
    started,
)

SECOND = 1_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
YEAR = 366 * DAY
MINUTE = 60 * SECOND
START = 1_796_000_000 * SECOND


def told(*readings: tuple[int, int]) -> list[int]:
    """The times told, after START, at these readings (wall, steady), all after START and 0."""
    clock = EventClock(believed=Reading(wall_us=START, steady_us=0))
    times = []
    for wall, steady in readings:
        said = clock.tell(Reading(wall_us=START + wall, steady_us=steady))
        clock = said.clock
        times.append(said.time_us - START)
    return times


def test_a_wall_clock_that_is_set_right_is_followed() -> None:
    steps = [(SECOND, SECOND), (HOUR, 2 * SECOND), (2 * SECOND, 3 * SECOND)]
    assert told(*steps) == [SECOND, HOUR, 2 * SECOND]


def test_a_jump_is_not_followed_and_time_runs_on() -> None:
    assert told((30 * YEAR, SECOND), (30 * YEAR + SECOND, 2 * SECOND)) == [SECOND, 2 * SECOND]
    assert told((-30 * YEAR, SECOND), (2 * SECOND, 2 * SECOND)) == [SECOND, 2 * SECOND]


def test_a_jump_that_agrees_with_itself_for_ten_minutes_is_taken_and_told() -> None:
    clock = EventClock(believed=Reading(wall_us=START, steady_us=0))
    off = 30 * DAY
    for steady in range(SECOND, AGREED_US_MIN + SECOND, 60 * SECOND):
        said = clock.tell(Reading(wall_us=START + off + steady, steady_us=steady))
        assert (said.time_us, said.jumped_us) == (START + steady, None)
        clock = said.clock
    steady = AGREED_US_MIN + SECOND
    said = clock.tell(Reading(wall_us=START + off + steady, steady_us=steady))
    assert (said.time_us, said.jumped_us) == (START + off + steady, off)
    again = said.clock.tell(Reading(wall_us=START + off + steady + 1, steady_us=steady + 1))
    assert (again.time_us, again.jumped_us) == (START + off + steady + 1, None)


def after(clock: EventClock, off: int, began: int, *, every: int, times: int) -> EventClock:
    """The clock after so many readings of a wall clock that is this far off, all at rest."""
    for number in range(times):
        steady = began + number * every
        clock = clock.seen(Reading(wall_us=START + off + steady, steady_us=steady))
    return clock


def test_a_jump_back_is_taken_after_as_long_and_no_event_is_earlier() -> None:
    clock = EventClock(believed=Reading(wall_us=START, steady_us=0), floor_us=START)
    clock = after(clock, -2 * HOUR, 0, every=MINUTE, times=11)
    late = clock.tell(Reading(wall_us=START - 2 * HOUR + 10 * MINUTE, steady_us=10 * MINUTE))
    assert late.jumped_us == -2 * HOUR
    behind = Reading(wall_us=START - 2 * HOUR + 11 * MINUTE, steady_us=11 * MINUTE)
    assert late.clock.tell(behind).jumped_us is None, "it is followed from then on"
    assert late.clock.time_us(behind) == START


@pytest.mark.parametrize(("every", "taken"), [(SECOND, True), (2 * MINUTE, True), (HOUR, False)])
def test_a_jump_is_taken_only_when_it_was_looked_at_all_the_time(every: int, taken: bool) -> None:
    """Two readings ten minutes apart say nothing of what was between them."""
    clock = EventClock(believed=Reading(wall_us=START, steady_us=0))
    times = AGREED_US_MIN // every + 2
    clock = after(clock, 30 * DAY, SECOND, every=every, times=times)
    now = SECOND + times * every
    told = clock.tell(Reading(wall_us=START + 30 * DAY + now, steady_us=now))
    assert told.jumped_us == (30 * DAY if taken else None)


def test_a_clock_that_went_back_in_between_is_looked_at_anew() -> None:
    clock = EventClock(believed=Reading(wall_us=START, steady_us=0))
    clock = after(clock, 30 * DAY, SECOND, every=MINUTE, times=9)
    clock = after(clock, 0, 9 * MINUTE, every=MINUTE, times=1)
    now = 10 * MINUTE
    for _ in range(10):
        told = clock.tell(Reading(wall_us=START + 30 * DAY + now, steady_us=now))
        assert told.jumped_us is None
        clock, now = told.clock, now + MINUTE


@pytest.mark.parametrize("off", [UNUSED_US_MAX + HOUR, 30 * YEAR, -UNUSED_US_MAX - HOUR])
def test_no_running_process_takes_a_jump_that_no_start_would_take(off: int) -> None:
    clock = EventClock(believed=Reading(wall_us=START, steady_us=0), floor_us=START)
    for minute in range(100):
        now = Reading(wall_us=START + off + minute * MINUTE, steady_us=minute * MINUTE)
        told = clock.tell(now)
        assert (told.time_us, told.jumped_us) == (START + minute * MINUTE, None)
        assert told.clock.time_us(now) == told.time_us
        clock = told.clock


def test_a_clock_that_was_years_behind_at_the_start_may_come_up_to_the_log_at_once() -> None:
    """As of a machine without a battery for its clock, which asks for the time a minute later."""
    clock = started(Reading(wall_us=0, steady_us=0), START, accepted=False).clock
    now = Reading(wall_us=START + MINUTE, steady_us=MINUTE)
    told = clock.tell(now)
    assert (told.time_us, told.jumped_us) == (START + MINUTE, None)
    clock = after(clock, 3 * DAY, 0, every=MINUTE, times=11)
    late = clock.tell(Reading(wall_us=START + 3 * DAY + 11 * MINUTE, steady_us=11 * MINUTE))
    assert late.jumped_us == 3 * DAY + 11 * MINUTE, "ahead of the last event, not of 1970"


def test_a_clock_that_does_not_agree_with_itself_is_never_taken() -> None:
    clock = EventClock(believed=Reading(wall_us=START, steady_us=0))
    for number in range(1, 100):
        steady = number * AGREED_US_MIN
        said = clock.tell(Reading(wall_us=START + number * YEAR, steady_us=steady))
        assert (said.time_us, said.jumped_us) == (START + steady, None)
        clock = said.clock


@pytest.mark.parametrize("wall", [TIME_US_MAX + 1, 2**70, -1])
def test_a_time_that_no_calendar_has_is_never_taken(wall: int) -> None:
    clock = EventClock(believed=Reading(wall_us=START, steady_us=0))
    for steady in (SECOND, AGREED_US_MIN, 3 * AGREED_US_MIN):
        said = clock.tell(Reading(wall_us=wall + (steady if wall > 0 else 0), steady_us=steady))
        assert (said.time_us, said.jumped_us) == (START + steady, None)
        clock = said.clock
    with pytest.raises(CannotStart, match="clock"):
        started(Reading(wall_us=wall, steady_us=0), 0, accepted=True)


@given(
    st.lists(
        st.tuples(st.integers(-(2**70), 2**70) | st.integers(0, TIME_US_MAX), st.integers(0, 2**60))
    )
)
def test_whatever_clocks_say_it_is_a_time_that_can_be_written(
    readings: list[tuple[int, int]],
) -> None:
    clock = EventClock(believed=Reading(wall_us=START, steady_us=0))
    for wall, steady in readings:
        said = clock.tell(Reading(wall_us=wall, steady_us=steady))
        assert rfc3339(said.time_us)
        if said.jumped_us is not None:
            assert abs(said.jumped_us) > JUMP_US_MIN
        clock = said.clock


def test_a_start_long_after_the_last_event_is_refused_until_it_is_accepted() -> None:
    now = Reading(wall_us=START, steady_us=5)
    assert started(now, 0, accepted=False).jumped_us is None
    for ahead, jumped in ((0, None), (HOUR, None), (HOUR + 1, HOUR + 1)):
        told = started(now, START - ahead, accepted=False)
        assert (told.time_us, told.jumped_us) == (START, jumped)
    assert started(now, START - UNUSED_US_MAX, accepted=False).jumped_us == UNUSED_US_MAX
    with pytest.raises(CannotStart, match=r"400 days ahead .* --accept-clock"):
        started(now, START - UNUSED_US_MAX - 1, accepted=False)
    told = started(now, START - UNUSED_US_MAX - 1, accepted=True)
    assert (told.time_us, told.jumped_us) == (START, UNUSED_US_MAX + 1)


def test_a_start_before_the_last_event_is_served() -> None:
    now = Reading(wall_us=START, steady_us=5)
    told = started(now, START + YEAR, accepted=False)
    assert (told.time_us, told.jumped_us) == (START, None)
    assert told.clock.time_us(now) == START + YEAR
