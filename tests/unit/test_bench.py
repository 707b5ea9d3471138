"""The smallest pieces of the benchmark: its figures themselves are measured, never tested."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra.bench.figures import (
    COLUMNS_MAX,
    Figure,
    NotMeasured,
    at_least,
    at_most,
    percentile,
    rounded,
    table,
)
from infra.bench.load import Timing
from infra.bench.machine import fsync_ms_p50, machine


def test_a_percentile_is_a_measured_value_by_nearest_rank() -> None:
    values = [float(n) for n in range(100, 0, -1)]
    assert percentile(values, 0.5) == 50
    assert percentile(values, 0.99) == 99
    assert percentile(values, 1.0) == 100
    assert percentile([7.0], 0.01) == percentile([7.0], 0.99) == 7.0


def test_two_hundred_values_have_two_beyond_the_99th_percentile() -> None:
    values = [float(n) for n in range(1, 201)]
    assert len([v for v in values if v > percentile(values, 0.99)]) == 2


def test_nothing_has_no_percentile() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0"),
        (0.17849, "0.178"),
        (2.95, "2.95"),
        (67.6123, "67.6"),
        (167.2, "167"),
        (24130.4, "24,130"),
        (-1.5, "-1.50"),
        (float("inf"), "inf"),
    ],
)
def test_values_are_shown_with_three_digits(value: float, shown: str) -> None:
    assert rounded(value) == shown


def test_a_limit_holds_at_its_own_value() -> None:
    assert at_least(0.6).holds(0.6)
    assert not at_least(0.6).holds(0.59)
    assert at_most(150).holds(150)
    assert not at_most(150).holds(150.1)


def test_a_figure_says_whether_it_was_met() -> None:
    assert Figure(name="f", value=0.7, wanted=at_least(0.6)).verdict == "met"
    assert Figure(name="f", value=0.5, wanted=at_least(0.6)).verdict == "missed"
    assert Figure(name="f", value=0.5).verdict == ""


def test_the_table_fits_eighty_columns_and_keeps_the_order() -> None:
    lines: list[Figure | NotMeasured] = [
        Figure(name="a name far longer than the column that it has " * 2, value=1e9, unit="MB"),
        Figure(name="ratio", value=0.5, wanted=at_least(0.6)),
        NotMeasured(part="engine", reason="its wheels are not installed " * 5),
    ]
    shown = table(lines).splitlines()
    assert all(len(line) <= COLUMNS_MAX for line in shown)
    assert [line.split()[0] for line in shown] == [
        "figure",
        "-" * COLUMNS_MAX,
        "a",
        "ratio",
        "engine:",
    ]
    assert shown[3].split() == ["ratio", "0.500", ">=", "0.600", "missed"]


def test_a_figure_survives_json() -> None:
    figure = Figure(name="f", value=0.5, unit="ms", wanted=at_most(1), detail={"p50": 0.4})
    read = json.loads(json.dumps(figure.as_json()))
    assert read["wanted"] == {"side": "<=", "value": 1}
    assert (read["verdict"], read["detail"]) == ("met", {"p50": 0.4})


def test_a_timing_counts_answers_a_second() -> None:
    timing = Timing(seconds=2.0, took_ms=[1.0, 2.0, 3.0, 4.0], statuses={"204": 4})
    assert timing.per_second == 2.0
    assert timing.p(0.5) == 2.0


def test_the_machine_is_described_and_its_probe_leaves_nothing(tmp_path: Path) -> None:
    about = machine(tmp_path)
    named = {"cores", "kernel", "filesystem", "fsync_ms_p50", "python", "sqlite", "uvicorn"}
    assert named <= set(about)
    assert about["filesystem"] != "unknown"
    assert fsync_ms_p50(tmp_path) > 0
    assert not list(tmp_path.iterdir())
