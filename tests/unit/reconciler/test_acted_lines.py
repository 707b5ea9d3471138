"""What the reconciler did is told, and a repetition ever more seldom."""

from __future__ import annotations

import structlog

from stenolog.reconciler.case import Case


def levels(actions: list[str]) -> list[str]:
    case = Case(id="t")
    with structlog.testing.capture_logs() as lines:
        for action in actions:
            case.note(action)
    return [line["log_level"] for line in lines]


def test_lines_that_repeat_fold() -> None:
    told = levels(["fetch"] * 100)
    assert [number for number, level in enumerate(told, start=1) if level == "info"] == [
        *(1, 2, 4, 8, 16, 32, 64)
    ]


def test_another_action_is_told_at_once() -> None:
    assert levels(["fetch"] * 3 + ["submit", "fetch"])[2:] == ["debug", "info", "info"]
