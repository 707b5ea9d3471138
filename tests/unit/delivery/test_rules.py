"""What an attempt leads to."""

from __future__ import annotations

import pytest

from stenolog.delivery.outbox import Ending
from stenolog.delivery.rules import (
    RETRIES_END_MS,
    Answered,
    Crashed,
    NotAllowed,
    Result,
    Retry,
    Timing,
    Unanswered,
    after_attempt,
    outcome_of,
    why,
)

TIMING = Timing()
LITERAL = NotAllowed(reason="loopback", final=True, setting="A_SETTING")
NAME = NotAllowed(reason="private", final=False, setting="A_SETTING")


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_any_2xx_ends_a_delivery_well(status: int) -> None:
    assert after_attempt(Answered(status=status), 1, TIMING) == Ending(reason=None)


@pytest.mark.parametrize("status", [400, 401, 404, 408, 410, 429, 499])
def test_a_4xx_is_final_at_the_first_attempt(status: int) -> None:
    assert after_attempt(Answered(status=status), 1, TIMING) == Ending(reason="refused")


@pytest.mark.parametrize(
    "result",
    [
        *(Answered(status=s) for s in (300, 301, 302, 307, 399, 500, 502, 503, 599)),
        Unanswered("no"),
        Crashed(),
    ],
)
def test_everything_else_is_tried_ten_times_ten_seconds_apart(result: Result) -> None:
    for number in range(1, 10):
        assert after_attempt(result, number, TIMING) == Retry(in_ms=10_000)
    assert after_attempt(result, 10, TIMING) == Ending(reason="exhausted")


def test_a_url_that_is_not_allowed_is_not_tried_again() -> None:
    assert after_attempt(LITERAL, 1, TIMING) == Ending(reason="forbidden")


def test_a_name_may_lead_elsewhere_next_time() -> None:
    for number in range(1, 10):
        assert after_attempt(NAME, number, TIMING) == Retry(in_ms=10_000)
    assert after_attempt(NAME, 10, TIMING) == Ending(reason="forbidden")


@pytest.mark.parametrize("result", [Answered(status=500), Unanswered("no"), Crashed(), NAME])
def test_what_is_two_days_late_has_one_attempt(result: Result) -> None:
    assert isinstance(after_attempt(result, 1, TIMING, owed_ms=RETRIES_END_MS - 1), Retry)
    assert isinstance(after_attempt(result, 1, TIMING, owed_ms=RETRIES_END_MS), Ending)
    late = after_attempt(Answered(status=200), 1, TIMING, owed_ms=RETRIES_END_MS)
    assert late == Ending(reason=None)


def test_an_operator_is_told_why_and_what_to_set() -> None:
    assert why(NAME) == {"reason": "private", "setting": "A_SETTING"}
    assert why(NotAllowed(reason="no host", final=True)) == {"reason": "no host"}
    assert why(Unanswered("no")) == {"reason": "no"}
    assert why(Answered(status=503)) == {"reason": "the receiver answered 503"}
    assert "delivery.crashed" in why(Crashed())["reason"]


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
        (Unanswered("no"), "unanswered"),
        (LITERAL, "forbidden"),
        (NAME, "forbidden"),
        (Crashed(), "crashed"),
    ],
)
def test_a_result_has_a_word(result: Result, word: str) -> None:
    assert outcome_of(result) == word
