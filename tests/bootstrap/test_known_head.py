"""A log that does not continue its last tree head does not start; damage alone is only told."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from stenolog.compliance.known_head import compared_head
from stenolog.compliance.tree_heads import FILE_NAME, read_heads, write_head
from stenolog.errors import CannotStart
from stenolog.log.merkle import LEVELS_PER_TILE
from stenolog.stores.sqlite.log.store import SqliteLog
from tests.faults.small_log import SmallLog, rewritten, tree_recomputed
from tests.log_samples import several
from tests.tree_heads import note_head

TILE = 1 << LEVELS_PER_TILE
OLD = TILE + 20  # events at the last head
NEW = 2 * TILE + 5
FORGED = "00000000-0000-4000-8000-000000000009"


async def filled(directory: Path) -> SmallLog:
    """A log with one tree head, which is over less than the log has now."""
    small = SmallLog(directory=directory)
    log = await SqliteLog.open(small.log)
    try:
        for size in (OLD, NEW):
            while missing := size - await log.head():
                await log.append("upload-1", several(min(60, missing)))
            if size == OLD:
                note_head(small.heads, await log.frontier(), log.identity)
    finally:
        await log.close()
    return small


@pytest.fixture
async def grown(tmp_path: Path) -> SmallLog:
    return await filled(tmp_path)


@pytest.fixture
async def equal(grown: SmallLog) -> SmallLog:
    """The same, with a head over all of the log as the last one."""
    log = await SqliteLog.open(grown.log)
    note_head(grown.heads, await log.frontier(), log.identity)
    await log.close()
    return grown


@pytest.fixture(params=["grown", "equal"])
def small(request: pytest.FixtureRequest) -> SmallLog:
    found: SmallLog = request.getfixturevalue(request.param)
    return found


async def compared(small: SmallLog) -> list[EventDict]:
    """What a start says of the log, once it has found that it may start."""
    log = await SqliteLog.open(small.log)
    try:
        with capture_logs() as lines:
            assert await compared_head(log, small.heads) == read_heads(small.heads)[0][-1]
    finally:
        await log.close()
    return list(lines)


async def refused(small: SmallLog) -> str:
    log = await SqliteLog.open(small.log)
    try:
        with pytest.raises(CannotStart) as raised:
            await compared_head(log, small.heads)
    finally:
        await log.close()
    assert FILE_NAME in str(raised.value), "it says how to go on"
    return str(raised.value)


async def test_a_log_that_continues_its_head_is_compared_in_silence(small: SmallLog) -> None:
    assert await compared(small) == []


async def test_without_heads_it_is_told_that_nothing_was_compared(grown: SmallLog) -> None:
    grown.heads.unlink()
    log = await SqliteLog.open(grown.log)
    with capture_logs() as lines:
        assert await compared_head(log, grown.heads) is None
    assert [(line["event"], line["events"]) for line in lines] == [("tree_heads.missing", NEW)]
    await log.close()


async def test_a_log_that_has_only_begun_needs_no_head(tmp_path: Path) -> None:
    log = await SqliteLog.open(tmp_path / "log.db")
    with capture_logs() as lines:
        assert await compared_head(log, tmp_path / FILE_NAME) is None
    assert lines == []
    await log.close()


def forge_one(position: int) -> Callable[[sqlite3.Connection], None]:
    return lambda run: rewritten(run, position, actor=FORGED)


def forge_without_nodes(run: sqlite3.Connection) -> None:
    kept = run.execute("SELECT level, number, hash FROM nodes").fetchall()
    rewritten(run, 9, actor=FORGED)
    run.execute("DELETE FROM nodes")
    run.executemany("INSERT INTO nodes VALUES (?, ?, ?)", kept)


@pytest.mark.parametrize(
    "forge",
    [forge_one(2), forge_one(TILE), forge_one(TILE + 1), forge_one(OLD), forge_without_nodes],
)
async def test_a_rewritten_past_is_refused(
    small: SmallLog, forge: Callable[[sqlite3.Connection], None]
) -> None:
    with small.altered() as run:
        forge(run)
    assert "other" in await refused(small)


async def test_what_no_head_covers_can_be_rewritten_unseen(grown: SmallLog) -> None:
    """Only a head tells: that is why they are written so often."""
    with grown.altered() as run:
        rewritten(run, OLD + 1, actor=FORGED)
    assert await compared(grown) == []


@pytest.mark.parametrize("left", [OLD - 1, TILE, 1])
async def test_a_log_that_was_cut_is_refused(small: SmallLog, left: int) -> None:
    with small.altered() as run:
        run.execute("DELETE FROM events WHERE position > ?", (left,))
        tree_recomputed(run)
    assert f"log.db has {left} events" in await refused(small)


async def test_heads_of_another_log_are_refused(grown: SmallLog, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = await filled(tmp_path / "other")
    os.replace(other.heads, grown.heads)
    assert "another log" in await refused(grown)


async def test_a_log_from_before_the_last_restore_is_refused(grown: SmallLog) -> None:
    last = read_heads(grown.heads)[0][-1]
    write_head(grown.heads, replace(last, epoch=2))
    assert "epoch" in await refused(grown)


async def test_a_restored_log_need_not_continue_the_heads_from_before(grown: SmallLog) -> None:
    with grown.altered() as run:
        run.execute("DELETE FROM events WHERE position > ?", (TILE,))
        tree_recomputed(run)
        run.execute("UPDATE identity SET epoch = 2")
    log = await SqliteLog.open(grown.log)
    assert log.identity.epoch == 2
    assert await compared_head(log, grown.heads) is None
    await log.close()


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE events SET bytes = 'x' || bytes WHERE position = 5",
        f"UPDATE events SET leaf = zeroblob(32) WHERE position = {OLD}",
        f"UPDATE events SET leaf = 'text' WHERE position = {OLD}",
        f"DELETE FROM events WHERE position = {OLD}",
    ],
)
async def test_a_damaged_record_is_told_and_does_not_stop_the_start(
    small: SmallLog, damage: str
) -> None:
    with small.altered() as run:
        run.execute(damage)
    for line in await compared(small):
        assert line["event"] in ("log.compared_in_full", "log.not_compared")


async def test_a_damaged_record_in_the_way_is_named(grown: SmallLog) -> None:
    with grown.altered() as run:
        run.execute("UPDATE events SET leaf = zeroblob(32) WHERE position = ?", (OLD,))
    lines = await compared(grown)
    assert [(line["event"], line["log_level"]) for line in lines] == [
        ("log.compared_in_full", "info"),
        ("log.not_compared", "error"),
    ]
    assert lines[-1]["position"] == OLD


@pytest.mark.parametrize(
    "damage",
    ["UPDATE nodes SET hash = zeroblob(32)", "UPDATE nodes SET hash = 'x'", "DELETE FROM nodes"],
)
async def test_damaged_nodes_are_told_and_do_not_stop_the_start(
    grown: SmallLog, damage: str
) -> None:
    with grown.altered() as run:
        run.execute(damage)
    lines = await compared(grown)
    assert [line["event"] for line in lines] == ["log.compared_in_full", "log.nodes_damaged"]


async def test_a_damaged_frontier_is_refused_before_the_log_goes_on_with_it(
    small: SmallLog,
) -> None:
    with small.altered() as run:
        (stored,) = run.execute("SELECT frontier FROM tree").fetchone()
        run.execute("UPDATE tree SET frontier = ?", (bytes(32) + stored[32:],))
    assert "tree's row" in await refused(small)
