"""What a command says while it is at work: never nothing for ten seconds."""

from __future__ import annotations

import asyncio

import pytest

from stenolog.cli.log_verdict import ToldProgress
from stenolog.cli.progress import QUIET_S_MAX, Progress


async def test_without_a_terminal_a_long_step_is_never_silent(
    capsys: pytest.CaptureFixture[str],
) -> None:
    await Progress(quiet_s=0.2).during("waiting", asyncio.sleep(0.7))
    first, *more = capsys.readouterr().err.splitlines()
    assert first == "waiting ..."
    assert 2 <= len(more) <= 3
    assert all(line.startswith("waiting, ") and line.endswith(" so far") for line in more)
    assert QUIET_S_MAX < 10


async def test_a_short_step_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress()
    for _ in range(3):
        await progress.during("working", asyncio.sleep(0))
    assert capsys.readouterr().err == "working ...\n"


async def test_the_error_of_the_work_is_raised() -> None:
    async def fails() -> None:
        raise LookupError("no")

    with pytest.raises(LookupError, match="no"):
        await Progress().during("working", fails())


def test_a_verification_says_how_far_it_is_once_it_has_lasted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    short, long = ToldProgress(), ToldProgress(0)
    for done in (1_000, 2_000):
        short("checking records", done, 5_000)
        long("checking records", done, 5_000)
    long("checking the files", 0, 0)
    for progress in (short, long):
        progress.end()
    assert capsys.readouterr().err == "checking records ...\nchecking the files ...\n"
