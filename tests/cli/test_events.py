"""`stenolog events tail` prints what consumers are told, and goes on with what comes."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.house.composed import Composed, composed
from tests.house.waiting import DEADLINE_S
from tests.http.spoken import completed

COMPLETED = "transcription.completed"


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Composed]:
    async with composed(tmp_path) as running:
        yield running


async def started(service: Composed, *words: str) -> asyncio.subprocess.Process:
    given = ("--url", service.url, "--api-key", service.key)
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "stenolog",
        *("events", "tail", *words, *given),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def printed(service: Composed, *words: str) -> list[str]:
    process = await started(service, *words)
    out, said = await asyncio.wait_for(process.communicate(), DEADLINE_S)
    assert process.returncode == 0, said
    return out.decode().splitlines()


async def test_the_newest_are_printed_whatever_stands_between_them(service: Composed) -> None:
    assert await printed(service) == []
    ids = [await completed(service, {}) for _ in range(3)]
    lines = await printed(service, "--last", "2")
    assert [line.split()[-2:] for line in lines] == [
        ["transcription.requested", ids[2]],
        [COMPLETED, ids[2]],
    ]
    assert max(map(len, lines)) <= 100
    rare = await printed(service, "--last", "3", "--type", COMPLETED, "--json")
    assert [json.loads(line)["subject"] for line in rare] == ids
    assert await printed(service, "--type", "erasure.*") == []


async def test_what_comes_is_printed_as_it_comes(service: Composed) -> None:
    process = await started(service, "--follow", "--last", "0", "--type", COMPLETED, "--json")
    assert process.stdout is not None
    async with asyncio.timeout(DEADLINE_S):
        line = b""
        while not line:  # when it begins to follow is not to be seen from outside
            await completed(service, {})
            try:
                line = await asyncio.wait_for(process.stdout.readline(), 0.5)
            except TimeoutError:
                continue
    assert json.loads(line)["type"] == f"stenolog.{COMPLETED}"
    process.terminate()
    await process.wait()
