"""One window and one pause for everything that asks an account."""

from __future__ import annotations

import pytest

from stenolog.errors import ProviderUnavailable
from stenolog.providers.pace import BUCKET_MS, WINDOW_MS, Pace, monotonic_ms
from stenolog.providers.pause import PROBE_MS


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


def test_a_pause_holds_everybody_back_and_the_longest_counts() -> None:
    watch = Watch()
    pace = Pace(now_ms=watch)
    pace.take()
    pace.pause.begin(30_000, watch.ms - 1, watch.ms)
    pace.pause.begin(10_000, watch.ms - 1, watch.ms)
    assert refusal(pace).retry_in_ms == 30_000
    watch.ms += 30_000
    pace.take()


def test_without_a_limit_only_the_provider_s_word_counts() -> None:
    watch = Watch()
    pace = Pace(requests_max=None, now_ms=watch)
    for _ in range(50_000):
        pace.take()
    pace.pause.begin(5_000, watch.ms - 1, watch.ms)
    refusal(pace)


def test_its_own_clock_goes_forward() -> None:
    assert monotonic_ms() <= monotonic_ms()


def test_a_provider_that_was_started_again_is_asked_at_once() -> None:
    pace = Pace(now_ms=Watch())
    pace.pause.begin(3_600_000, 0, 1)
    pace.pause.end()
    pace.take()


def test_an_account_that_is_paused_for_an_hour_is_probed_by_what_is_short() -> None:
    watch = Watch()
    pace = Pace(now_ms=watch)
    pace.pause.begin(3_600_000, watch.ms - 1, watch.ms)
    watch.ms += PROBE_MS
    with pytest.raises(ProviderUnavailable) as held:
        pace.take(probes=False)
    assert held.value.retry_in_ms == PROBE_MS
    pace.take()
    assert refusal(pace).retry_in_ms == PROBE_MS
