"""A provider that is down is asked by one caller at a time."""

from __future__ import annotations

import pytest

from stenolog.reconciler.breaker import FIRST_MS, MS_MAX, Breaker


def admitted(breaker: Breaker, now_ms: int) -> bool:
    with breaker.turn(now_ms) as may_ask:
        return may_ask


def test_everybody_may_ask_a_provider_that_answers() -> None:
    breaker = Breaker()
    with breaker.turn(0) as first, breaker.turn(0) as second:
        assert first
        assert second


def test_after_a_failure_nobody_asks_for_a_while_then_one() -> None:
    breaker = Breaker()
    breaker.failed(0)
    assert not admitted(breaker, FIRST_MS - 1)
    with breaker.turn(FIRST_MS) as probe:
        assert probe
        assert not admitted(breaker, FIRST_MS)
        assert breaker.retry_at_ms(FIRST_MS) == 2 * FIRST_MS
    assert admitted(breaker, FIRST_MS)


def test_a_probe_that_ends_in_an_error_leaves_the_place_to_the_next() -> None:
    breaker = Breaker()
    breaker.failed(0)

    def probe() -> None:
        with breaker.turn(FIRST_MS) as may_ask:
            assert may_ask
            raise LookupError

    with pytest.raises(LookupError):
        probe()
    assert admitted(breaker, FIRST_MS)


def test_one_answer_opens_it_for_everybody() -> None:
    breaker = Breaker()
    for _ in range(5):
        breaker.failed(0)
    breaker.succeeded()
    assert admitted(breaker, 0)
    breaker.failed(0)
    assert admitted(breaker, FIRST_MS)


def test_the_wait_doubles_up_to_half_a_minute() -> None:
    breaker = Breaker()
    waits = []
    for _ in range(9):
        breaker.failed(0)
        waits.append(breaker.retry_at_ms(0))
    assert waits == [500, 1_000, 2_000, 4_000, 8_000, 16_000, MS_MAX, MS_MAX, MS_MAX]


def test_what_the_provider_asks_for_is_honoured() -> None:
    breaker = Breaker()
    breaker.failed(0, 90_000)
    assert not admitted(breaker, 89_999)
    assert breaker.retry_at_ms(0) == 90_000
    breaker.failed(0)
    assert breaker.retry_at_ms(0) == 90_000
