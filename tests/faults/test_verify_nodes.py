"""Kept nodes of the tree that are not those of the records are found, and named."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from stenolog.compliance.verdict import StructureDamaged
from stenolog.log.merkle import LEVELS_PER_TILE
from stenolog.log.store import EVENTS_PER_APPEND_MAX
from stenolog.stores.sqlite.keys.store import SqliteKeys
from stenolog.stores.sqlite.log.store import SqliteLog
from tests.faults.small_log import SmallLog, rewritten
from tests.log_samples import BEGUN, several

TILE = 1 << LEVELS_PER_TILE
EVENTS = BEGUN + 2 * TILE + EVENTS_PER_APPEND_MAX


def filled(directory: Path) -> SmallLog:
    """A log whose tree has nodes to keep."""
    small = SmallLog(directory=directory)

    async def fill() -> None:
        log = await SqliteLog.open(small.log)
        keys = await SqliteKeys.open(small.keys, log.identity)
        for _ in range(EVENTS // EVENTS_PER_APPEND_MAX):
            await log.append("upload-1", several(EVENTS_PER_APPEND_MAX))
        await log.close()
        await keys.close()

    asyncio.run(fill())
    return small


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> SmallLog:
    return filled(tmp_path_factory.mktemp("whole"))


@pytest.fixture
def small(whole: SmallLog, tmp_path: Path) -> SmallLog:
    return whole.copied(tmp_path / "copy")


def test_a_sound_log_with_nodes_passes(small: SmallLog) -> None:
    assert small.verify(None).count == EVENTS


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("UPDATE nodes SET hash = zeroblob(32) WHERE number = 1", f"from {TILE + 1} to"),
        ("UPDATE nodes SET hash = 'text' WHERE number = 0", "from 1 to"),
        ("DELETE FROM nodes WHERE number = 0", "from 1 to"),
        ("UPDATE nodes SET level = 16 WHERE number = 1", f"from {TILE + 1} to"),
        ("INSERT INTO nodes VALUES (8, 2, zeroblob(32))", "that no events have"),
        ("INSERT INTO nodes VALUES (16, 0, zeroblob(32))", "that no events have"),
    ],
)
def test_a_wrong_missing_or_superfluous_node_is_named(
    small: SmallLog, damage: str, said: str
) -> None:
    with small.altered() as run:
        run.execute(damage)
    with pytest.raises(StructureDamaged, match="tree") as raised:
        small.verify(None)
    assert any(said in finding for finding in raised.value.findings)
    assert raised.value.verdict.count == EVENTS, "the records hold"


def test_a_record_rewritten_with_its_tree_but_without_its_nodes_is_found(small: SmallLog) -> None:
    with small.altered() as run:
        kept = run.execute("SELECT level, number, hash FROM nodes").fetchall()
        rewritten(run, TILE + 5, actor="00000000-0000-4000-8000-000000000001")
        assert small.verify(None).count == EVENTS, "no head, and all of the file agrees"
        run.execute("DELETE FROM nodes")
        run.executemany("INSERT INTO nodes VALUES (?, ?, ?)", kept)
    with pytest.raises(StructureDamaged, match=f"from {TILE + 1} to {2 * TILE}"):
        small.verify(None)
