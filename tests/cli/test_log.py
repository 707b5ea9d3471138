"""`stenolog log` on whole, damaged and foreign directories."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from stenolog.cli.log import command
from stenolog.compliance.records import ROWS_PER_READ
from tests.data_files import log_and_keys
from tests.log_samples import BEGUN, several

APPENDED = ROWS_PER_READ + 20
EVENTS = BEGUN + APPENDED


def stenolog(directory: Path, *words: str) -> Result:
    return CliRunner().invoke(command, list(words), env={"STENOLOG_DATA_DIR": str(directory)})


def change(file: Path, statement: str, *values: object) -> None:
    with contextlib.closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute(statement, values)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A log of more events than are read at once, and keys."""

    async def make() -> None:
        async with log_and_keys(tmp_path) as (log, _):
            for number in range(APPENDED // 20):
                await log.append(f"thing-{number}", several(20))

    asyncio.run(make())
    return tmp_path


def positions(said: str) -> list[int]:
    return [int(line.split()[0]) for line in said.splitlines()]


def test_all_events_are_shown_once_and_in_order(directory: Path) -> None:
    shown = stenolog(directory, "show")
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert positions(shown.stdout) == list(range(1, EVENTS + 1))
    some = stenolog(directory, "show", "--after", "3", "--limit", "2")
    assert positions(some.stdout) == [4, 5]
    assert some.stderr == "more follow: go on with --after 5\n"
    assert positions(stenolog(directory, "show", "--stream", "thing-1", "--limit", "3").stdout) == [
        22,
        23,
        24,
    ]


@pytest.mark.parametrize(
    ("condition", "missing", "left"),
    [
        ("position BETWEEN 3 AND 510", "positions 3 to 510 are missing", [1, 2]),
        ("position > 2", f"positions 3 to {EVENTS} are missing", [1, 2]),
        ("true", f"positions 1 to {EVENTS} are missing", []),
    ],
)
def test_events_that_are_missing_are_named(
    directory: Path, condition: str, missing: str, left: list[int]
) -> None:
    change(directory / "log.db", f"DELETE FROM events WHERE {condition}")
    shown = stenolog(directory, "show")
    assert shown.exit_code == 0
    assert missing in shown.stderr
    assert positions(shown.stdout)[: len(left)] == left


def test_a_position_far_away_is_reached(directory: Path) -> None:
    change(
        directory / "log.db", "UPDATE events SET position = ? WHERE position = ?", 1 << 60, EVENTS
    )
    shown = stenolog(directory, "show", "--after", str(EVENTS - 2), "--json")
    assert shown.exit_code == 0
    assert len(shown.stdout.splitlines()) == 2


@pytest.mark.parametrize("stored", [b"\xff\xfe", b"{", b'"\xff"', b"[1]", b""])
def test_a_damaged_record_is_said_to_be_one(directory: Path, stored: bytes) -> None:
    change(directory / "log.db", "UPDATE events SET bytes = ? WHERE position = 2", stored)
    lines = stenolog(directory, "show", "--json", "--limit", "3")
    assert lines.exit_code == 0
    assert [json.loads(line)["position"] for line in lines.stdout.splitlines()] == [1, 2, 3]
    assert "damaged" in lines.stdout.splitlines()[1]
    shown = stenolog(directory, "show", "--limit", "3")
    assert positions(shown.stdout) == [1, 2, 3]
    assert "damaged: run `stenolog log verify`" in shown.stdout.splitlines()[1]


@pytest.mark.parametrize("name", ["log.db", "keys.db"])
def test_files_of_a_newer_version_are_said_to_be_newer(directory: Path, name: str) -> None:
    change(directory / name, "PRAGMA user_version = 99")
    for word in ("show", "verify"):
        answer = stenolog(directory, word)
        assert answer.exit_code == {"show": 3, "verify": 6}[word]
        assert f"{name} has format 99" in answer.output
        assert "newer version" in answer.output
