"""A receiver that is dead writes a line when it begins to fail, and then one a minute."""

from __future__ import annotations

from typing import Any

import structlog

from stenolog.delivery.lines import DeliveryLines
from stenolog.delivery.outbox import Attempt, Ending, Leased
from stenolog.delivery.rules import Answered, Result, Retry, Unanswered, outcome_of

NONE = Unanswered("no complete answer in time")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Told:
    """Lines of a clock that the test moves."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.lines = DeliveryLines(self.clock)

    def attempt(
        self, result: Result = NONE, lane: str = "a", then: Retry | Ending | None = None
    ) -> dict[str, Any]:
        """Tell of one; return its line, with its level."""
        status = result.status if isinstance(result, Answered) else None
        attempt = Attempt(number=1, at_ms=0, took_ms=1, status=status, outcome=outcome_of(result))
        with structlog.testing.capture_logs() as lines:
            self.lines.attempted(leased(lane), attempt, result, "h:1", then or Retry(in_ms=10))
        return dict(lines[0], lines=[line["event"] for line in lines])


def leased(lane: str = "a") -> Leased:
    return Leased(position=1, stream="s", tenant="t", lane=lane, lease=1, created_at_ms=0)


def test_a_dead_receiver_has_a_line_a_minute_with_the_count() -> None:
    told = Told()
    warnings = []
    for _ in range(3 * 60 * 3):  # three calls a second, for three minutes
        line = told.attempt()
        if line["log_level"] == "warning":
            warnings.append(line["times"])
        else:
            assert line["log_level"] == "debug"
        told.clock.now += 1 / 3
    assert len(warnings) in (3, 4)
    assert warnings[:3] == [1, 180, 180]


def test_another_receiver_and_another_failure_have_lines_of_their_own() -> None:
    told = Told()
    assert told.attempt()["log_level"] == "warning"
    assert told.attempt(lane="b")["log_level"] == "warning"
    assert told.attempt(Answered(status=500))["log_level"] == "warning"
    assert told.attempt(Answered(status=503))["log_level"] == "debug"


def test_an_end_is_told_of_each_delivery() -> None:
    told = Told()
    told.attempt()
    line = told.attempt(then=Ending(reason="exhausted"))
    assert (line["log_level"], line["ended"]) == ("info", "exhausted")


def test_a_receiver_that_works_again_is_told_once_and_its_next_failure_at_once() -> None:
    told = Told()
    works = Answered(status=200)
    told.attempt()
    told.clock.now += 61
    assert told.attempt(works, then=Ending(reason=None))["lines"] == [
        "delivery.attempted",
        "delivery.receiver_works_again",
    ]
    assert told.attempt(works, then=Ending(reason=None))["lines"] == ["delivery.attempted"]
    assert told.attempt()["times"] == 1


def test_one_that_fails_and_works_in_turns_has_no_more_lines() -> None:
    told = Told()
    lines = []
    for _ in range(180):
        lines.append(told.attempt()["log_level"])
        lines += told.attempt(Answered(status=200), then=Ending(reason=None))["lines"][1:]
        told.clock.now += 1
    assert lines.count("warning") <= 4
    assert lines.count("delivery.receiver_works_again") <= 3


def test_what_is_given_up_has_a_line_a_minute() -> None:
    told = Told()
    with structlog.testing.capture_logs() as lines:
        for _ in range(100):
            told.lines.abandoned(leased(), Ending(reason="exhausted"))
        told.clock.now += 60
        told.lines.abandoned(leased(), Ending(reason="exhausted"))
    warnings = [line["times"] for line in lines if line["log_level"] == "warning"]
    assert warnings == [1, 100]


def test_a_store_and_a_machine_that_fail_have_a_line_a_minute() -> None:
    told = Told()
    with structlog.testing.capture_logs() as lines:
        for _ in range(100):
            told.lines.put_off("work.db: disk I/O error", 1_000)
            told.lines.not_made("this machine: too many open files", 1_000)
    assert [line["event"] for line in lines] == ["delivery.put_off", "delivery.not_made"]
