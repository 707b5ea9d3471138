"""A start takes no more memory for a longer log."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

from stenolog.bootstrap.gateway import open_gateway
from stenolog.log.recorder import new_id
from stenolog.log.store import EVENTS_PER_APPEND_MAX
from stenolog.stores.files.directory import LOG
from stenolog.stores.sqlite.log.store import SqliteLog
from tests.bootstrap.test_directory import ADDRESS, settings_in
from tests.log_samples import several

STEP = 40 * EVENTS_PER_APPEND_MAX
GROWS_MAX = 1 << 20  # a page of a thousand; all events would be ten times that


async def peak_of_a_start(directory: Path) -> int:
    """The most memory that Python's objects took at a time."""
    tracemalloc.start()
    try:
        async with open_gateway(settings_in(directory), ADDRESS):
            return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


async def grow(directory: Path) -> None:
    log = await SqliteLog.open(directory / LOG)
    for _ in range(STEP // EVENTS_PER_APPEND_MAX):
        await log.append(f"upload-{new_id()}", several(EVENTS_PER_APPEND_MAX))
    await log.close()


async def test_a_start_over_a_long_log_takes_the_memory_of_one_over_a_short_log(
    tmp_path: Path,
) -> None:
    (tmp_path / "data").mkdir(mode=0o700)
    for _ in range(2):  # the first one makes the files
        short = await peak_of_a_start(tmp_path / "data")
    await grow(tmp_path / "data")
    long = await peak_of_a_start(tmp_path / "data")
    assert long - short < GROWS_MAX
