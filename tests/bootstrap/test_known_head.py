"""A log that does not continue its last tree head does not start; damage alone is only told."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from stenolog.bootstrap.tree_heads import open_heads
from stenolog.compliance.known_head import Known, compared_head
from stenolog.compliance.tree_heads import FILE_NAME, read_heads, write_head
from stenolog.errors import CannotStart
from stenolog.log.merkle import LEVELS_PER_TILE
from stenolog.stores.sqlite.log.store import SqliteLog
from tests.faults.small_log import SmallLog, rewritten, tree_recomputed
from tests.log_samples import new_event, several
from tests.tree_heads import note_head

TILE = 1 << LEVELS_PER_TILE
OLD = TILE + 20  # events at the last head
NEW = 2 * TILE + 5
FORGED = "00000000-0000-4000-8000-000000000009"


async def _fill(small: SmallLog) -> None:
    log = await SqliteLog.open(small.log)
    try:
        for size in (OLD, NEW):
            while missing := size - await log.head():
                await log.append("upload-1", several(min(60, missing)))
            if size == OLD:
                note_head(small.heads, await log.frontier(), log.identity)
    finally:
        await log.close()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> SmallLog:
    """A log with one tree head, which is over less than the log has now."""
    small = SmallLog(directory=tmp_path_factory.mktemp("filled"))
    asyncio.run(_fill(small))
    return small


@pytest.fixture
def grown(filled: SmallLog, tmp_path: Path) -> SmallLog:
    return filled.copied(tmp_path / "log")


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
            known = await compared_head(log, small.heads)
            assert known.head == read_heads(small.heads)[0][-1]
            assert known.held == any(line["event"] == "tree_heads.held" for line in lines)
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
        assert await compared_head(log, grown.heads) == Known(head=None)
    assert [(line["event"], line["events"]) for line in lines] == [("tree_heads.missing", NEW)]
    await log.close()


async def test_a_log_that_has_only_begun_needs_no_head(tmp_path: Path) -> None:
    log = await SqliteLog.open(tmp_path / "log.db")
    with capture_logs() as lines:
        assert await compared_head(log, tmp_path / FILE_NAME) == Known(head=None)
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
    other = SmallLog(directory=tmp_path)
    await _fill(other)
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
    assert await compared_head(log, grown.heads) == Known(head=None)
    await log.close()


BYTES = "UPDATE events SET bytes = x'00' WHERE position = ?"
HASH = "UPDATE events SET leaf = zeroblob(32) WHERE position = ?"
NO_HASH = "UPDATE events SET leaf = 'text' WHERE position = ?"
BOTH = "UPDATE events SET bytes = x'00', leaf = zeroblob(32) WHERE position = ?"
GONE = "DELETE FROM events WHERE position = ?"


@pytest.mark.parametrize("damage", [BYTES, HASH, NO_HASH, BOTH, GONE])
@pytest.mark.parametrize("position", [5, OLD, OLD + 1])
async def test_a_damaged_record_does_not_stop_the_start(
    small: SmallLog, damage: str, position: int
) -> None:
    with small.altered() as run:
        run.execute(damage, (position,))
    told = [line["event"] for line in await compared(small)]
    assert told in (
        [],  # the proof does not need it
        ["log.compared_in_full", "tree_heads.held"],
        ["log.compared_in_full", "log.not_compared", "tree_heads.held"],
    )


@pytest.mark.parametrize("damage", [HASH, NO_HASH, BOTH, GONE])
async def test_a_damaged_record_in_the_way_is_named_until_a_human_has_seen_it(
    grown: SmallLog, damage: str
) -> None:
    with grown.altered() as run:
        run.execute(damage, (OLD,))
    lines = await compared(grown)
    lost = damage in (BOTH, GONE)
    assert [(line["event"], line["log_level"]) for line in lines] == [
        ("log.compared_in_full", "info"),
        *[("log.not_compared", "error")] * lost,
        ("tree_heads.held", "error"),
    ]
    assert lines[-1]["damaged"] == [OLD]
    await accepted(grown, OLD)
    lines = await compared(grown)
    assert [line["event"] for line in lines if line["log_level"] == "error"] == (
        ["log.not_compared"] * lost
    )
    assert (lines[-1]["event"], lines[-1]["damaged"]) == ("log.damage_accepted", [OLD])


async def accepted(small: SmallLog, position: int) -> None:
    """A human has seen it."""
    data = {"position": position, "reason": "unknown"}
    log = await SqliteLog.open(small.log)
    try:
        event = replace(new_event("damage.accepted"), data=data)
        await log.append(f"log-{log.identity.log_id}", [event])
    finally:
        await log.close()


@pytest.mark.parametrize("damage", [BYTES, HASH, NO_HASH])
@pytest.mark.parametrize("position", [2, 8, 10, OLD, OLD + 1])
async def test_a_damaged_record_hides_no_rewritten_past(
    small: SmallLog, damage: str, position: int
) -> None:
    with small.altered() as run:
        rewritten(run, 9, actor=FORGED)
        run.execute(damage, (position,))
    for _ in range(2):
        assert "other" in await refused(small)
        await accepted(small, position)


@pytest.mark.parametrize("damage", [BOTH, GONE])
async def test_no_head_signs_what_cannot_be_compared_until_its_damage_is_accepted(
    grown: SmallLog, damage: str
) -> None:
    """The hash of a record before it is lost: whether another one was rewritten nobody can tell."""
    with grown.altered() as run:
        rewritten(run, 9, actor=FORGED)
        run.execute(damage, (8,))
    before = grown.heads.read_bytes()
    for _ in range(2):
        assert await heads_written(grown) == OLD
        assert grown.heads.read_bytes() == before
    await accepted(grown, 8)
    assert await heads_written(grown) == NEW + 1


async def heads_written(small: SmallLog) -> int:
    """How many events the last head covers once the log was opened, used and closed."""
    async with contextlib.AsyncExitStack() as stack:
        log = await SqliteLog.open(small.log)
        stack.push_async_callback(log.close)
        keeper = await open_heads(stack, log, small.directory)
        assert (await keeper.write()) == read_heads(small.heads)[0][-1]
    return read_heads(small.heads)[0][-1].size


async def test_a_past_that_another_tree_contradicts_is_refused_whatever_is_damaged(
    equal: SmallLog,
) -> None:
    with equal.altered() as run:
        rewritten(run, 9, actor=FORGED)
        run.execute(GONE, (8,))
    assert "other" in await refused(equal)


async def test_many_damaged_records_are_compared_by_their_stored_hashes(grown: SmallLog) -> None:
    with grown.altered() as run:
        run.executemany(BYTES, [(position,) for position in range(2, OLD + 5)])
        run.execute("DELETE FROM nodes")
    lines = await compared(grown)
    assert [line["event"] for line in lines] == [
        "log.compared_in_full",
        "log.nodes_mended",
        "tree_heads.held",
    ]
    assert lines[-1]["records"] == OLD + 3


@pytest.mark.parametrize(
    ("damage", "mended"),
    [
        ("UPDATE nodes SET hash = zeroblob(32)", 2),
        ("UPDATE nodes SET hash = 'x' WHERE number = 0", 1),
        ("DELETE FROM nodes", 2),
        ("UPDATE nodes SET level = 16 WHERE number = 0", 2),
        ("UPDATE nodes SET number = 'x' WHERE number = 0", 2),
    ],
)
async def test_damaged_nodes_are_written_anew_and_do_not_stop_the_start(
    grown: SmallLog, damage: str, mended: int
) -> None:
    await grown.make_keys()
    with grown.altered() as run:
        run.execute(damage)
    lines = await compared(grown)
    assert [line["event"] for line in lines] == ["log.compared_in_full", "log.nodes_mended"]
    assert lines[-1]["nodes"] == mended
    assert await compared(grown) == []
    assert grown.verify(None).count == NEW


async def test_nodes_are_not_written_anew_from_leaves_that_are_damaged(grown: SmallLog) -> None:
    with grown.altered() as run:
        run.execute(HASH, (3,))
        run.execute("DELETE FROM nodes")
    for _ in range(2):
        lines = await compared(grown)
        assert [line["event"] for line in lines] == ["log.compared_in_full", "tree_heads.held"]


async def test_a_node_that_no_events_have_yet_does_not_stop_those_that_come(
    grown: SmallLog,
) -> None:
    with grown.altered() as run:
        run.execute("INSERT INTO nodes VALUES (8, 2, zeroblob(32))")
    log = await SqliteLog.open(grown.log)
    while await log.head() < 3 * TILE:
        await log.append("upload-1", several(64))
    await log.close()
    assert await compared(grown) == []


async def test_a_damaged_frontier_is_refused_before_the_log_goes_on_with_it(
    small: SmallLog,
) -> None:
    with small.altered() as run:
        (stored,) = run.execute("SELECT frontier FROM tree").fetchone()
        run.execute("UPDATE tree SET frontier = ?", (bytes(32) + stored[32:],))
    assert "tree's row" in await refused(small)
