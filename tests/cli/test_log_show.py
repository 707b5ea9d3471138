"""`stenolog log show` lists the newest, and what it is asked for, on eighty columns."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from stenolog.cli.log import command
from stenolog.cli.log_show import SHOWN
from stenolog.commands.api_keys import ApiKey
from stenolog.log.actors import RECONCILER
from stenolog.log.event import event_from_bytes
from tests.data_files import log_and_keys
from tests.log_samples import BEGUN, new_event, new_id, several

A = "transcription-018f2f9e-7c1a-7d3b-8a4e-5b6c7d8e9f0a"
B = "transcription-018f2f9e-7c1b-7d3b-8a4e-5b6c7d8e9f0b"
LONG = 1_100
DEADLINE_S = 20


def show(directory: Path, *words: str) -> Result:
    env = {"STENOLOG_DATA_DIR": str(directory)}
    return CliRunner().invoke(command, ["show", *words], env=env)


def positions(result: Result) -> list[int]:
    return [int(line.split()[0]) for line in result.stdout.splitlines()]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Events 2 to 6 of two transcriptions, then some eleven hundred of an upload."""
    path = tmp_path_factory.mktemp("shown")

    async def make() -> None:
        async with log_and_keys(path) as (log, keys):
            tenant = await keys.tenant("default", new_id())
            key = ApiKey(
                prefix="prefix",
                id=new_id(),
                hash=b"hash",
                tenant=tenant.id,
                tenant_name="default",
                name="ada\x1b[31m",
                scopes=(),
                created_at="2026-11-30T12:00:00.000000Z",
                revoked_at=None,
            )
            await keys.add_api_key(key)
            for stream, name in (
                (A, "transcription.requested"),
                (B, "transcription.requested"),
                (A, "submission.claimed"),
                (A, "submission.accepted"),
            ):
                await log.append(stream, [replace(new_event(name), actor=RECONCILER)])
            await log.append(B, [replace(new_event("transcription.completed"), actor=key.id)])
            for _ in range(LONG // 50):
                await log.append("upload-1", several(50))

    asyncio.run(make())
    return path


def last_position() -> int:
    return BEGUN + 5 + LONG


def test_the_newest_thousand_are_shown_and_what_is_left_out_is_said(directory: Path) -> None:
    shown = show(directory)
    last = last_position()
    assert positions(shown) == list(range(last - SHOWN + 1, last + 1))
    assert shown.stderr == f"positions 1 to {last - SHOWN} are left out: see --last, --after\n"
    assert positions(show(directory, "--last", "2")) == [last - 1, last]
    everything = show(directory, "--last", "9999")
    assert positions(everything) == list(range(1, last + 1))
    assert everything.stderr == ""


def test_every_line_fits_eighty_columns_and_obeys_no_control_character(directory: Path) -> None:
    lines = show(directory, "--last", "9999").stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert "reconciler" in lines[1]
    assert "ada" in lines[5], "an API key is shown by its name"
    assert "\x1b" not in lines[5]
    assert "018f2f9e-7c1b" in lines[5]


@pytest.mark.parametrize("other", [["--last", "5"], ["--follow"]])
def test_a_limit_that_would_not_count_is_wrong_usage(directory: Path, other: list[str]) -> None:
    shown = show(directory, "--limit", "3", *other)
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert "--limit" in shown.stderr


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["--type", "submission.*"], [4, 5]),
        (["--type", "transcription.requested"], [2, 3]),
        (["--type", "*", "--limit", "3"], [1, 2, 3]),
        (["--type", "no.such"], []),
        (["--stream", A], [2, 4, 5]),
        (["--stream", "018f2f9e-7c1b"], [3, 6]),
        (["--stream", "transcription-018f2f9e-7c1b"], [3, 6]),
        (["--stream", A, "--type", "submission.*", "--last", "1"], [5]),
        (["--after", "3", "--type", "submission.*"], [4, 5]),
        (["--after", "4", "--last", "9999", "--stream", A], [5]),
        (["--stream", "log-"], [1]),
    ],
)
def test_what_is_asked_for_is_shown(directory: Path, words: list[str], wanted: list[int]) -> None:
    shown = show(directory, *words)
    assert shown.exit_code == 0
    assert positions(shown) == wanted


def test_older_events_that_match_are_said_to_be_left_out(directory: Path) -> None:
    shown = show(directory, "--stream", A, "--last", "2")
    assert positions(shown) == [4, 5]
    assert "left out" in shown.stderr


@pytest.mark.parametrize(
    ("stream", "said"),
    [
        ("018f2f9e-7c1a-x", "no stream's name or id begins with"),
        ("thing", "no stream's name or id begins with"),
        ("018f", "begins several: transcription-018f2f9e-7c1a"),
    ],
)
def test_an_unknown_or_ambiguous_stream_is_refused(directory: Path, stream: str, said: str) -> None:
    shown = show(directory, "--stream", stream)
    assert (shown.exit_code, shown.stdout) == (1, "")
    assert said in shown.stderr


def times(directory: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(directory / "log.db")) as run:
        rows = run.execute("SELECT bytes FROM events ORDER BY position").fetchall()
    return [event_from_bytes(row[0]).time for row in rows]


def test_events_since_a_time_are_shown(directory: Path) -> None:
    stored = times(directory)
    for position in (1, 2, 5, 6, 500, last_position()):
        since = stored[position - 1]
        first = stored.index(since) + 1
        assert positions(show(directory, "--since", since, "--limit", "2"))[0] == first
    later = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    assert positions(show(directory, "--since", later)) == []
    assert positions(show(directory, "--since", "2020-01-01", "--limit", "1")) == [1]
    in_zone = datetime.fromisoformat(stored[5]).astimezone().isoformat()
    assert positions(show(directory, "--since", in_zone, "--last", "9999"))[0] <= 6
    wrong = show(directory, "--since", "yesterday")
    assert wrong.exit_code == 2
    assert "is no time" in wrong.stderr


def test_new_events_are_followed_until_it_is_ended(tmp_path: Path) -> None:
    async def add(count: int) -> None:
        async with log_and_keys(tmp_path) as (log, _):
            await log.append("upload-1", several(count))

    asyncio.run(add(20))
    words = [sys.executable, "-m", "stenolog.cli.main", "log", "show", "--follow"]
    with subprocess.Popen(
        words,
        env={**os.environ, "STENOLOG_DATA_DIR": str(tmp_path), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            seen = [int(process.stdout.readline().split()[0]) for _ in range(10)]
            assert seen == list(range(12, 22)), "the last ten first"
            asyncio.run(add(3))
            began = time.monotonic()
            seen = [int(process.stdout.readline().split()[0]) for _ in range(3)]
            assert seen == [22, 23, 24]
            assert time.monotonic() - began < DEADLINE_S
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(DEADLINE_S) == 130
