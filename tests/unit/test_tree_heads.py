"""Tree heads on disk."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from stenolog.clock import microseconds
from stenolog.compliance.tree_heads import EVENTS_PER_HEAD, read_heads, record_heads, write_head
from stenolog.errors import StoreUnavailable
from stenolog.heartbeat import Heartbeat
from stenolog.log.canonical import leaf_hash
from stenolog.log.head import HeadWatch
from stenolog.log.merkle import EMPTY_ROOT, Frontier

DEADLINE_S = 10


def tree(count: int) -> Frontier:
    return Frontier().extended(leaf_hash(str(n).encode()) for n in range(count))


class TreeInMemory:
    """A tree that grows when it is told to."""

    def __init__(self) -> None:
        self.watch = HeadWatch(0)
        self.asked: asyncio.Queue[int] = asyncio.Queue()

    def grow(self, count: int) -> None:
        self.watch.advance(count)

    async def frontier(self) -> Frontier:
        return tree(self.watch.head)

    async def wait(self, *, after: int) -> int:
        self.asked.put_nowait(after)
        return await self.watch.wait(after=after)


def test_heads_are_read_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "heads"
    assert read_heads(path) == ([], 0)
    for count in (0, 1, 7):
        write_head(path, tree(count))
    heads, unreadable = read_heads(path)
    assert unreadable == 0
    assert [(h.count, h.root) for h in heads] == [(n, tree(n).root().hex()) for n in (0, 1, 7)]
    assert heads[0].root == EMPTY_ROOT.hex()
    assert [h.time for h in heads] == sorted(h.time for h in heads)
    assert microseconds(heads[0].time) > 0
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("cut", [1, 10, 40, 90])
def test_a_line_that_was_cut_does_not_swallow_the_next(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "heads"
    write_head(path, tree(3))
    write_head(path, tree(5))
    path.write_bytes(path.read_bytes()[:-cut])
    write_head(path, tree(8))
    heads, unreadable = read_heads(path)
    assert [head.count for head in heads if head.count != 5] == [3, 8]
    assert (len(heads), unreadable) in {(3, 0), (2, 1)}


@pytest.mark.parametrize(
    "line",
    [
        b"x",
        b"5 abc 2026-11-21T08:00:00.000000Z",
        b"\xff\xfe\x00",
        b"-1 " + b"a" * 64 + b" 2026-11-21T08:00:00.000000Z",
        b"1" * 30 + b" " + b"a" * 64 + b" 2026-11-21T08:00:00.000000Z",
        b"5 " + b"A" * 64 + b" 2026-11-21T08:00:00.000000Z",
        b"5 " + b"a" * 64 + b" 2026-11-21T08:00:00.000000Z more",
    ],
)
def test_a_line_that_is_no_head_is_counted(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "heads"
    write_head(path, tree(3))
    path.write_bytes(path.read_bytes() + line + b"\n\n")
    heads, unreadable = read_heads(path)
    assert ([head.count for head in heads], unreadable) == ([3], 1)


def test_a_place_that_cannot_hold_heads_is_a_store_error(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        write_head(tmp_path, tree(1))
    with pytest.raises(StoreUnavailable):
        write_head(tmp_path / "none" / "heads", tree(1))
    with pytest.raises(StoreUnavailable):
        read_heads(tmp_path)


async def test_a_head_is_recorded_at_the_start_and_every_thousand_events(tmp_path: Path) -> None:
    path, log = tmp_path / "heads", TreeInMemory()
    log.grow(3)
    recording = asyncio.create_task(record_heads(log, path, Heartbeat()))
    counts = [3, 3 + EVENTS_PER_HEAD, 10_000]
    async with asyncio.timeout(DEADLINE_S):
        for number, count in enumerate(counts, start=1):
            log.grow(count - 1)  # one too few for a head
            log.grow(count)
            assert await log.asked.get() == count + EVENTS_PER_HEAD - 1
            assert [head.count for head in read_heads(path)[0]] == counts[:number]
    recording.cancel()
    with pytest.raises(asyncio.CancelledError):
        await recording
