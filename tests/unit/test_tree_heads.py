"""Tree heads on disk, and when they are written."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from stenolog.clock import microseconds
from stenolog.compliance.head_keeper import EVENTS_PER_HEAD, HeadKeeper
from stenolog.compliance.tree_heads import TAIL_BYTES, last_head, read_heads, write_head
from stenolog.errors import StoreUnavailable
from stenolog.heartbeat import Heartbeat
from stenolog.log.canonical import leaf_hash
from stenolog.log.format import LogIdentity
from stenolog.log.head import HeadWatch
from stenolog.log.merkle import EMPTY_ROOT, Frontier
from tests.house.waiting import until
from tests.log_samples import RESTORE
from tests.tree_heads import head_of, note_head

DEADLINE_S = 10
HOURS_MS = 3_600_000
LOG_ID = "018f2f9e-7c1a-4d3b-8a4e-5b6c7d8e9f0a"
OURS = LogIdentity(log_id=LOG_ID, epoch=2, restore=RESTORE)
WHOLE = b"5 " + b"a" * 64 + b" 2026-11-21T08:00:00.000000Z 1 " + LOG_ID.encode()


def tree(count: int) -> Frontier:
    return Frontier().extended(leaf_hash(str(n).encode()) for n in range(count))


class TreeInMemory:
    """A tree that grows when it is told to."""

    def __init__(self, count: int = 0) -> None:
        self.watch = HeadWatch(count)
        self.awaited = 0

    def grow(self, count: int) -> None:
        self.watch.advance(count)

    async def frontier(self) -> Frontier:
        return tree(self.watch.head)

    async def wait(self, *, after: int) -> int:
        self.awaited = after
        return await self.watch.wait(after=after)


# The file


def test_heads_are_read_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "heads"
    assert read_heads(path) == ([], 0)
    assert last_head(path) is None
    written = [head_of(tree(count), OURS) for count in (0, 1, 7)]
    for head in written:
        write_head(path, head)
        assert last_head(path) == head
    assert read_heads(path) == (written, 0)
    assert written[0].root == EMPTY_ROOT.hex()
    assert microseconds(written[0].time) > 0
    assert path.stat().st_mode & 0o777 == 0o600
    size, root, time, epoch, log_id = path.read_text().splitlines()[-1].split(" ")
    assert (size, root, epoch, log_id) == ("7", tree(7).root().hex(), f"2-{RESTORE}", LOG_ID)
    assert time == written[-1].time


@pytest.mark.parametrize("cut", [1, 10, 40, 90, 130])
def test_a_line_that_was_cut_does_not_swallow_the_next(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "heads"
    note_head(path, tree(3), OURS)
    note_head(path, tree(5), OURS)
    path.write_bytes(path.read_bytes()[:-cut])
    before = last_head(path)
    assert before is not None
    assert before.size == (5 if cut == 1 else 3)
    note_head(path, tree(8), OURS)
    heads, unreadable = read_heads(path)
    assert [head.size for head in heads if head.size != 5] == [3, 8]
    assert (len(heads), unreadable) in {(3, 0), (2, 1)}


def test_a_whole_line_is_a_head(tmp_path: Path) -> None:
    path = tmp_path / "heads"
    path.write_bytes(WHOLE)
    (head,), unreadable = read_heads(path)
    assert (head.size, head.epoch, head.log_id, unreadable) == (5, 1, LOG_ID, 0)


@pytest.mark.parametrize(
    "line",
    [
        b"x",
        b"\xff\xfe\x00",
        WHOLE.replace(b"a" * 64, b"abc"),
        WHOLE.replace(b"a" * 64, b"A" * 64),
        b"-" + WHOLE,
        b"1" * 30 + WHOLE,
        WHOLE + b" more",
        WHOLE[:-1],
        WHOLE.rpartition(b" ")[0],
        WHOLE.replace(b" 1 ", b" one "),
        WHOLE.replace(b"2026", b"\xff\xff\xff\xff"),
        WHOLE + b"\r",
    ],
)
def test_a_line_that_is_no_head_is_counted(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "heads"
    note_head(path, tree(3), OURS)
    path.write_bytes(path.read_bytes() + line + b"\n\n")
    heads, unreadable = read_heads(path)
    assert ([head.size for head in heads], unreadable) == ([3], 1)
    last = last_head(path)
    assert last is not None
    assert last.size == 3


def test_the_last_head_is_found_in_a_long_file_and_never_in_half_a_line(tmp_path: Path) -> None:
    path = tmp_path / "heads"
    path.write_bytes((b"9" + WHOLE + b"\n") * 1_000)
    found = last_head(path)
    assert found is not None
    assert found.size == 95
    # All that is left of the only line begins behind its first digit.
    path.write_bytes(b"9" + WHOLE + b"\n" + b"x" * (TAIL_BYTES - len(WHOLE) - 1))
    assert last_head(path) is None
    assert [head.size for head in read_heads(path)[0]] == [95]


def test_a_place_that_cannot_hold_heads_is_a_store_error(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none" / "heads"):
        with pytest.raises(StoreUnavailable):
            note_head(path, tree(1), OURS)
    for read in (read_heads, last_head):
        with pytest.raises(StoreUnavailable):
            read(tmp_path)


# When they are written


def sizes(path: Path) -> list[int]:
    return [head.size for head in read_heads(path)[0]]


async def running(keeper: HeadKeeper, work: Callable[[], Awaitable[None]]) -> None:
    """`keeper` runs while `work`, which may wait, is done."""
    task = asyncio.create_task(keeper.run(Heartbeat()))
    async with asyncio.timeout(DEADLINE_S):
        await work()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_head_is_written_at_once_and_every_thousand_events(tmp_path: Path) -> None:
    path, log = tmp_path / "heads", TreeInMemory(3)
    keeper = HeadKeeper(log, path, OURS, within_ms=HOURS_MS)

    async def grow() -> None:
        await until(lambda: sizes(path) == [3])
        log.grow(3 + EVENTS_PER_HEAD - 1)  # one too few
        for _ in range(20):
            await asyncio.sleep(0)
        assert sizes(path) == [3]
        log.grow(3 + EVENTS_PER_HEAD)
        await until(lambda: sizes(path) == [3, 3 + EVENTS_PER_HEAD])
        log.grow(10_000)
        await until(lambda: sizes(path) == [3, 3 + EVENTS_PER_HEAD, 10_000])
        await until(lambda: keeper.last == read_heads(path)[0][-1])

    await running(keeper, grow)


async def test_a_head_is_written_some_time_after_the_log_has_grown(tmp_path: Path) -> None:
    path, log = tmp_path / "heads", TreeInMemory(3)
    keeper = HeadKeeper(log, path, OURS, within_ms=50)

    async def grow() -> None:
        await until(lambda: sizes(path) == [3])
        await until(lambda: log.awaited == 3)  # something new, and no time, is waited for
        assert sizes(path) == [3]
        log.grow(4)
        await until(lambda: sizes(path) == [3, 4])
        log.grow(5)
        await until(lambda: sizes(path) == [3, 4, 5])

    await running(keeper, grow)


async def test_a_head_that_is_there_is_not_written_again(tmp_path: Path) -> None:
    path, log = tmp_path / "heads", TreeInMemory(3)
    first = await HeadKeeper(log, path, OURS).write()
    keeper = HeadKeeper(log, path, OURS, first)
    assert await keeper.write() == first
    assert sizes(path) == [3]
    log.grow(4)
    assert (await keeper.write()).size == 4
    assert sizes(path) == [3, 4]


class SlowTree(TreeInMemory):
    """A tree of which the first read takes until `gate` is open."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.gate, self.read = asyncio.Event(), 0

    async def frontier(self) -> Frontier:
        found, self.read = tree(self.watch.head), self.read + 1
        if self.read == 1:
            await self.gate.wait()
        return found


async def test_a_head_that_was_begun_later_stands_behind(tmp_path: Path) -> None:
    path, log = tmp_path / "heads", SlowTree(3)
    keeper = HeadKeeper(log, path, OURS)
    first = asyncio.create_task(keeper.write())
    await until(lambda: log.read == 1)
    log.grow(4)
    second = asyncio.create_task(keeper.cover(4))
    for _ in range(20):
        await asyncio.sleep(0)
    assert log.read == 1
    log.gate.set()
    await asyncio.gather(first, second)
    assert sizes(path) == [3, 4]
    assert keeper.last is not None
    assert keeper.last.size == 4
