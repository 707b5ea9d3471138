"""When an endpoint is called again, warned and given up, over days that nobody waits for."""

from __future__ import annotations

import pytest

from stenolog.delivery.outbox import Ending
from stenolog.delivery.rules import Answered, Crashed, NotAllowed, Result, Retry, Unanswered
from stenolog.delivery.schedule import (
    DAY_MS,
    FAILURES_IN_A_ROW,
    OVERLOADED_MS_MIN,
    PROBE_MS_FIRST,
    PROBE_MS_MAX,
    RETRY_AFTER_MS_MAX,
    SCHEDULE_MS,
    Schedule,
    Warned,
    after_attempt,
    is_gone,
    stood,
    warning_of,
)
from stenolog.delivery.standing import Standing

AS_PUBLISHED = Schedule()
FAILED = Answered(status=500)


def test_a_message_is_tried_ten_times_in_three_days_and_then_given_up() -> None:
    """Standard Webhooks 1.0.0, "Deliverability and reliability": at once, 5 s, 5 min, ... 24 h."""
    hours = [5 / 3_600, 5 / 60, 0.5, 2, 5, 10, 14, 20, 24]

    waits, end = waited(FAILED)

    assert waits == [round(each * 3_600_000) for each in hours]
    assert end == Ending(reason="exhausted")


@pytest.mark.parametrize(("jitter", "times"), [(-1.0, 0.8), (-0.5, 0.9), (0.5, 1.1), (1.0, 1.2)])
def test_jitter_moves_a_wait_by_a_fifth_at_most(jitter: float, times: float) -> None:
    waits, _ = waited(Unanswered("reset"), jitter=jitter)

    assert waits == pytest.approx([each * times for each in SCHEDULE_MS], abs=1)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_who_is_overloaded_is_left_alone_for_a_minute(status: int) -> None:
    waits, _ = waited(Answered(status=status), jitter=-1.0)

    assert waits[0] == OVERLOADED_MS_MIN
    assert min(waits) == OVERLOADED_MS_MIN


def test_retry_after_lengthens_a_wait_never_shortens_it_and_holds_a_day_at_most() -> None:
    waits, _ = waited(Answered(status=503, retry_after_ms=600_000))
    shortened, _ = waited(Answered(status=500, retry_after_ms=1_000))
    forever, _ = waited(Answered(status=429, retry_after_ms=365 * DAY_MS))

    assert waits == [max(each, 600_000) for each in SCHEDULE_MS]
    assert shortened == list(SCHEDULE_MS)
    assert set(forever) == {RETRY_AFTER_MS_MAX}


@pytest.mark.parametrize("status", [200, 202, 299])
def test_any_2xx_ends_a_delivery(status: int) -> None:
    assert waited(Answered(status=status)) == ([], Ending(reason=None))


@pytest.mark.parametrize("status", [301, 400, 401, 404, 410, 500])
def test_no_other_answer_is_final(status: int) -> None:
    waits, end = waited(Answered(status=status))

    assert len(waits) == len(SCHEDULE_MS)
    assert end == Ending(reason="exhausted")


def test_an_address_that_is_not_allowed_ends_it_at_once_only_if_the_url_says_so() -> None:
    assert waited(NotAllowed(reason="private", final=True)) == ([], Ending(reason="forbidden"))
    waits, end = waited(NotAllowed(reason="private", final=False))

    assert len(waits) == len(SCHEDULE_MS)
    assert end == Ending(reason="forbidden")


def test_five_failures_in_a_row_have_it_probed_at_doubling_distances() -> None:
    standing, at_ms, held = Standing(), 0, []
    for _ in range(FAILURES_IN_A_ROW + 10):
        standing = stood(standing, FAILED, began_ms=at_ms, at_ms=at_ms, schedule=AS_PUBLISHED)
        held.append(max(standing.until_ms - at_ms, 0))
        at_ms = max(at_ms, standing.until_ms)

    doubled = [min(PROBE_MS_FIRST << n, PROBE_MS_MAX) for n in range(11)]
    assert held == [0] * (FAILURES_IN_A_ROW - 1) + doubled
    answered = stood(
        standing, Answered(status=204), began_ms=at_ms, at_ms=at_ms, schedule=AS_PUBLISHED
    )
    assert answered == Standing()


def test_what_was_under_way_when_it_began_to_fail_counts_once_and_our_errors_never() -> None:
    standing = Standing(failures=FAILURES_IN_A_ROW, failed_at_ms=500, failing_since_ms=100)

    for result in (FAILED, Crashed()):
        after = stood(standing, result, began_ms=499, at_ms=900, schedule=AS_PUBLISHED)
        assert after == standing


def test_its_owner_is_warned_three_times_in_five_days_before_it_is_disabled() -> None:
    """It fails once an hour: at each hour its owner is told what is due, with how long it is."""
    standing, told = Standing(), dict[int, int]()
    for hour in range(24 * 5 + 1):
        at_ms = hour * 3_600_000
        standing = stood(standing, FAILED, began_ms=at_ms, at_ms=at_ms, schedule=AS_PUBLISHED)
        due = warning_of(standing, at_ms, AS_PUBLISHED)
        if due is not None:
            told.setdefault(due.stage, hour)

    assert told == {1: 60, 2: 84, 3: 108, 4: 120}


def test_one_success_ends_what_counts_towards_disabling() -> None:
    failing = Standing(failures=9, failed_at_ms=4 * DAY_MS, failing_since_ms=0)
    late_ms = 5 * DAY_MS

    assert warning_of(failing, late_ms, AS_PUBLISHED) == Warned(stage=4, failing_ms=late_ms)
    answered = stood(
        failing, Answered(status=200), began_ms=late_ms, at_ms=late_ms, schedule=AS_PUBLISHED
    )
    assert warning_of(answered, 100 * DAY_MS, AS_PUBLISHED) is None


@pytest.mark.parametrize(
    ("second", "apart_ms", "gone"),
    [(410, 59_999, False), (410, 60_000, True), (500, 60_000, False)],
)
def test_two_410s_a_minute_apart_disable_and_nothing_less(
    second: int, apart_ms: int, gone: bool
) -> None:
    standing = Standing()
    for status, at_ms in ((410, 1_000), (second, 1_000 + apart_ms)):
        standing = stood(
            standing,
            Answered(status=status),
            began_ms=at_ms,
            at_ms=at_ms,
            schedule=AS_PUBLISHED,
        )

    assert is_gone(standing, 1_000 + apart_ms, AS_PUBLISHED) is gone


def waited(result: Result, *, jitter: float = 0.0) -> tuple[list[int], Ending]:
    """Return the waits between attempts that all lead to `result`, and how it ends."""
    waits: list[int] = []
    for number in range(1, len(SCHEDULE_MS) + 2):
        match after_attempt(result, number, jitter=jitter, schedule=AS_PUBLISHED):
            case Retry(in_ms=in_ms):
                waits.append(in_ms)
            case Ending() as end:
                return waits, end
    raise AssertionError("it is tried more often than the schedule says")
