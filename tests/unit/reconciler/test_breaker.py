"""What is counted against a provider, and when the next request may probe it."""

from __future__ import annotations

import pytest

from stenolog.errors import (
    ProviderError,
    ProviderHeldBack,
    ProviderOutcomeUnknown,
    ProviderRefused,
    ProviderUnavailable,
)
from stenolog.reconciler.breaker import FIRST_MS, MS_MAX, Breaker, heed


def breaker() -> Breaker:
    """Its waits are as long as they may be."""
    return Breaker(lambda: 1.0)


def refused(status: int, concerns: str = "request", *, final: bool = False) -> ProviderRefused:
    return ProviderRefused("no", status=status, final=final, concerns=concerns)  # type: ignore[arg-type]  # from a table


@pytest.mark.parametrize(
    "answer",
    [
        ProviderUnavailable("no answer"),
        ProviderUnavailable("busy", status=503),
        ProviderUnavailable("moved", status=302),
        ProviderOutcomeUnknown("500"),
        refused(401, "account"),
        refused(402, "account"),
    ],
    ids=str,
)
def test_what_says_something_about_the_provider_counts(answer: ProviderError) -> None:
    one = breaker()
    heed(one, answer, 10, 20)
    assert not one.closed
    assert one.open_until_ms == 20 + FIRST_MS


@pytest.mark.parametrize(
    "answer",
    [
        ProviderHeldBack("asked to wait", status=429),
        ProviderUnavailable("throttled", status=429),
        ProviderUnavailable("too slow", status=408),
        *(refused(status) for status in (404, 405, 409, 410, 414, 415, 431, 451)),
        refused(422, final=True),
        refused(0, final=True),
        refused(403),
        ProviderUnavailable("over a limit", status=403),
    ],
    ids=str,
)
def test_what_concerns_one_request_stops_no_other(answer: ProviderError) -> None:
    one = breaker()
    for moment in range(10, 100, 10):
        heed(one, answer, moment, moment + 1)
    assert one.closed


def test_an_answer_about_one_request_lets_the_next_one_probe_at_once() -> None:
    one = breaker()
    one.failed(10, 20)
    heed(one, refused(404), 600, 601)
    assert not one.closed
    assert one.open_until_ms == min(20 + FIRST_MS, 601)


def test_failures_of_one_moment_are_one_failure() -> None:
    one = breaker()
    for moment in range(40):
        one.failed(100, 1_000 + moment)
    assert one.open_until_ms == 1_000 + FIRST_MS
    one.failed(1_000 + FIRST_MS, 2_000)
    assert one.open_until_ms == 2_000 + 2 * FIRST_MS


def test_one_success_opens_it_for_everybody() -> None:
    one = breaker()
    for moment in range(1, 9):
        one.failed(moment * 1_000, moment * 1_000 + 1)
    one.succeeded()
    assert one.closed
    one.failed(20_000, 20_001)
    assert one.open_until_ms == 20_001 + FIRST_MS


def test_a_smaller_request_that_is_answered_lets_all_go_but_the_next_wait_is_longer() -> None:
    one = breaker()
    one.failed(1_000, 1_001)
    one.reached()
    assert one.closed
    one.failed(2_000, 2_001)
    assert one.open_until_ms == 2_001 + 2 * FIRST_MS


def test_the_wait_doubles_up_to_half_a_minute_and_chance_shortens_it() -> None:
    one, other = breaker(), Breaker(lambda: 0.0)
    waits = []
    for moment in range(100_000, 1_000_000, 100_000):
        one.failed(moment, moment)
        other.failed(moment, moment)
        waits.append(one.open_until_ms - moment)
        assert other.open_until_ms - moment == waits[-1] // 2
    assert waits == [500, 1_000, 2_000, 4_000, 8_000, 16_000, MS_MAX, MS_MAX, MS_MAX]


def test_a_clock_that_is_set_back_lets_one_probe_and_counts_on() -> None:
    one = breaker()
    one.failed(900_000, 1_000_000)
    one.clock_set_back()
    assert one.open_until_ms == 0
    one.failed(10_000, 10_001)
    assert one.open_until_ms == 10_001 + 2 * FIRST_MS
