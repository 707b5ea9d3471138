"""One window and one pause for everything that asks an account."""

from __future__ import annotations

import pytest

from stenolog.errors import ProviderUnavailable
from stenolog.providers.pace import (
    BUCKET_MS,
    PAUSE_FIRST_MS,
    PAUSE_MS_MAX,
    WINDOW_MS,
    Pace,
    monotonic_ms,
)


class Watch:
    """A clock that moves by hand."""

    def __init__(self) -> None:
        self.ms = 1_000_000

    def __call__(self) -> int:
        return self.ms


def refusal(pace: Pace) -> ProviderUnavailable:
    """What it says to the next request."""
    with pytest.raises(ProviderUnavailable) as refused:
        pace.take()
    return refused.value


def test_no_window_holds_more_requests_than_the_limit() -> None:
    watch = Watch()
    pace = Pace(requests_max=10, now_ms=watch)
    made: list[int] = []
    waits: list[int] = []
    for _ in range(4_000):
        try:
            pace.take()
            made.append(watch.ms)
        except ProviderUnavailable as exc:
            waits.append(exc.retry_in_ms or 0)
        watch.ms += 700
    for first in made:
        assert sum(first <= one < first + WINDOW_MS for one in made) <= 10
    assert len(made) > 80
    assert all(0 < wait <= WINDOW_MS + BUCKET_MS for wait in waits)


def test_a_full_window_says_when_there_is_room_again() -> None:
    watch = Watch()
    pace = Pace(requests_max=2, now_ms=watch)
    pace.take()
    pace.take()
    refused = refusal(pace)
    assert refused.retry_in_ms is not None
    watch.ms += refused.retry_in_ms - 1
    refusal(pace)
    watch.ms += 1
    pace.take()


def test_retry_after_holds_everybody_back() -> None:
    watch = Watch()
    pace = Pace(now_ms=watch)
    pace.take()
    pace.refused(30_000)
    pace.refused(10_000)  # the longer one counts
    assert refusal(pace).retry_in_ms == 30_000
    watch.ms += 30_000
    pace.take()


def test_a_refusal_that_does_not_say_when_waits_longer_each_time() -> None:
    watch = Watch()
    pace = Pace(now_ms=watch)
    waits = []
    for _ in range(8):
        pace.refused(None)
        waits.append(refusal(pace).retry_in_ms)
        watch.ms += waits[-1] or 0
    assert waits[:3] == [PAUSE_FIRST_MS, 2 * PAUSE_FIRST_MS, 4 * PAUSE_FIRST_MS]
    assert waits[-1] == PAUSE_MS_MAX
    pace.answered()
    pace.refused(None)
    assert refusal(pace).retry_in_ms == PAUSE_FIRST_MS


def test_without_a_limit_only_the_provider_s_word_counts() -> None:
    watch = Watch()
    pace = Pace(requests_max=None, now_ms=watch)
    for _ in range(50_000):
        pace.take()
    pace.refused(5_000)
    refusal(pace)


def test_its_own_clock_goes_forward() -> None:
    assert monotonic_ms() <= monotonic_ms()


def test_a_provider_that_was_started_again_is_asked_at_once() -> None:
    pace = Pace(now_ms=Watch())
    pace.refused(3_600_000)
    pace.resume()
    pace.take()
