"""What an attempt leads to."""

from __future__ import annotations

import pytest

from stenolog.delivery.outbox import Ending
from stenolog.delivery.rules import (
    Answered,
    NotAllowed,
    Result,
    Retry,
    Timing,
    Unanswered,
    after_attempt,
    outcome_of,
)

TIMING = Timing()


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_any_2xx_ends_a_delivery_well(status: int) -> None:
    assert after_attempt(Answered(status=status), 1, TIMING) == Ending(reason=None)


@pytest.mark.parametrize("status", [400, 401, 404, 408, 410, 429, 499])
def test_a_4xx_is_final_at_the_first_attempt(status: int) -> None:
    assert after_attempt(Answered(status=status), 1, TIMING) == Ending(reason="refused")


@pytest.mark.parametrize(
    "result",
    [*(Answered(status=s) for s in (300, 301, 302, 307, 399, 500, 502, 503, 599)), Unanswered()],
)
def test_everything_else_is_tried_ten_times_ten_seconds_apart(result: Result) -> None:
    for number in range(1, 10):
        assert after_attempt(result, number, TIMING) == Retry(in_ms=10_000)
    assert after_attempt(result, 10, TIMING) == Ending(reason="exhausted")


def test_an_address_that_is_not_allowed_is_not_tried_again() -> None:
    assert after_attempt(NotAllowed(), 1, TIMING) == Ending(reason="forbidden")


def test_a_name_that_leads_where_we_do_not_go_is_tried_again_to_the_end() -> None:
    led_astray = NotAllowed(final=False)
    for number in range(1, TIMING.attempts_max):
        assert after_attempt(led_astray, number, TIMING) == Retry(in_ms=TIMING.spacing_ms)
    assert after_attempt(led_astray, TIMING.attempts_max, TIMING) == Ending(reason="forbidden")


def test_the_last_attempt_may_still_succeed() -> None:
    assert after_attempt(Answered(status=200), 10, TIMING) == Ending(reason=None)


def test_an_attempt_has_ten_seconds() -> None:
    assert (TIMING.timeout_ms, TIMING.spacing_ms, TIMING.attempts_max) == (10_000, 10_000, 10)


@pytest.mark.parametrize(
    ("result", "word"),
    [
        (Answered(status=204), "delivered"),
        (Answered(status=404), "refused"),
        (Answered(status=302), "failed"),
        (Answered(status=500), "failed"),
        (Unanswered(), "unanswered"),
        (NotAllowed(), "forbidden"),
    ],
)
def test_a_result_has_a_word(result: Result, word: str) -> None:
    assert outcome_of(result) == word
