"""A seal says where every stream ends, whatever becomes of what is kept to make it quickly."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from stenolog.bootstrap.tree_heads import open_heads
from stenolog.compliance.stream_ends import ReadEnds
from stenolog.compliance.stream_seals import StreamSeals
from stenolog.compliance.tree_heads import FILE_NAME as TREE_HEADS
from stenolog.compliance.tree_heads import last_head
from stenolog.errors import EvidenceError, StoreError, StoreUnavailable
from stenolog.log.event import Event
from stenolog.log.proofs import root_from_inclusion
from stenolog.log.recorder import FactRecorder, NoSealer
from stenolog.log.stream_map import TILE, StreamEnd
from stenolog.stores.files.stream_tiles import FILE_NAME, StreamTiles
from stenolog.stores.sqlite.log.store import SqliteLog
from stenolog.stores.sqlite.log.stream_ends import ends_of
from tests import stream_maps
from tests.faults.small_log import SmallLog, rewritten
from tests.log_samples import new_id, several

EVENTS = TILE + 60


@contextlib.asynccontextmanager
async def opened(directory: Path) -> AsyncIterator[tuple[SqliteLog, StreamSeals]]:
    async with contextlib.AsyncExitStack() as stack:
        log = await SqliteLog.open(directory / "log.db")
        stack.push_async_callback(log.close)
        heads = await open_heads(stack, log, directory)
        facts = FactRecorder(log, NoSealer())
        yield log, StreamSeals(log, log.ends, StreamTiles(directory), facts, heads)


async def fill(log: SqliteLog, events: int = EVENTS) -> None:
    """Append to some streams, old and new ones in turn."""
    while (missing := events - await log.head()) > 0:
        old = await log.read(after=1, limit=3)
        stream = old[0].stream if old and missing % 2 else f"upload-{new_id()}"
        await log.append(stream, several(min(7, missing)))


async def stored(log: SqliteLog, size: int) -> list[bytes]:
    found: list[Event] = []
    while len(found) < size:
        found += await log.read(after=len(found))
    return [event.to_bytes() for event in found[:size]]


def verified(directory: Path) -> None:
    SmallLog(directory=directory).verify(None)


async def test_a_seal_is_over_all_that_was_there_and_is_covered(tmp_path: Path) -> None:
    async with opened(tmp_path) as (log, seals):
        for size in (1, 40, TILE, EVENTS):
            await fill(log, size)
            head = await log.head()
            seal = await seals.seal()
            assert (seal.events, seal.position) == (head, head + 1)
            assert seal.root == stream_maps.root(await stored(log, head))
            last = last_head(tmp_path / TREE_HEADS)
            assert last is not None
            assert last.size == seal.position
            assert await seals.seal() == seal, "nothing has come since"
    verified(tmp_path)


@pytest.mark.parametrize("lost", ["nothing", "file", "half", "bit", "older", "newer"])
async def test_the_next_start_goes_on_from_the_last_seal(tmp_path: Path, lost: str) -> None:
    kept = tmp_path / FILE_NAME
    async with opened(tmp_path) as (log, seals):
        await fill(log)
        await seals.seal()
        older = kept.read_bytes()
        await fill(log, 3 * TILE)
        seal = await seals.seal()
    newer = kept.read_bytes()
    assert len(newer) == 3 * 32
    flipped = bytes([newer[0] ^ 1]) + newer[1:]
    damaged = {
        "file": b"",
        "half": newer[:40],
        "bit": flipped,
        "older": older,
        "newer": newer + bytes(64),
    }
    kept.write_bytes(damaged.get(lost, newer))
    async with opened(tmp_path) as (log, seals):
        with capture_logs() as lines:
            assert await seals.seal() == seal
        again = any(line["event"] == "stream_map.made_again" for line in lines)
        assert again == (lost not in ("nothing", "newer"))
        assert kept.read_bytes()[: len(newer)] == newer
        await fill(log, EVENTS * 3)
        following = await seals.seal()
        assert following.root == stream_maps.root(await stored(log, following.events))
    verified(tmp_path)


async def test_each_stream_has_a_proof_of_its_end(tmp_path: Path) -> None:
    async with opened(tmp_path) as (log, seals):
        await fill(log)
        events = [event for event in await log.read() if event.version == 1]
        for first in (events[0], events[1], events[-1]):
            version = await log.version(first.stream)
            last = (await log.read_stream(first.stream, after=version - 1))[0]
            found = await seals.proven(first.position, last.position)
            assert (found.end.version, found.end.position) == (version, last.position)
            root = root_from_inclusion(
                first.position - 1, found.seal.events, found.end.leaf(), found.path
            )
            assert root is not None
            assert root.hex() == found.seal.root


class FailingOnce:
    """The ends of a log, of which one read fails: the last that a growing map needs."""

    def __init__(self, ends: ReadEnds) -> None:
        self._ends = ends
        self.fails = False

    async def begun(self, *, after: int, until: int) -> Sequence[int]:
        return await self._ends.begun(after=after, until=until)

    async def ends(self, *, after: int, until: int, size: int) -> Sequence[StreamEnd]:
        if self.fails and until == size:
            self.fails = False
            raise StoreUnavailable("a disk that is slow for once")
        return await self._ends.ends(after=after, until=until, size=size)


async def test_a_seal_that_failed_half_way_spoils_no_proof(tmp_path: Path) -> None:
    async with contextlib.AsyncExitStack() as stack:
        log = await SqliteLog.open(tmp_path / "log.db")
        stack.push_async_callback(log.close)
        heads = await open_heads(stack, log, tmp_path)
        ends = FailingOnce(log.ends)
        facts = FactRecorder(log, NoSealer())
        seals = StreamSeals(log, ends, StreamTiles(tmp_path), facts, heads)
        await fill(log)
        await seals.seal()
        first = (await log.read(limit=1))[0]
        await log.append(first.stream, several(1))
        await fill(log, 40 * TILE)
        ends.fails = True
        with pytest.raises(StoreUnavailable):
            await seals.seal()
        found = await seals.proven(first.position, first.position)
        root = root_from_inclusion(0, found.seal.events, found.end.leaf(), found.path)
        assert root is not None
        assert root.hex() == found.seal.root


async def test_a_seal_that_is_not_that_of_the_events_is_found(tmp_path: Path) -> None:
    async with opened(tmp_path) as (log, seals):
        await fill(log, 30)
        seal = await seals.seal()
        await fill(log, 50)
    small = SmallLog(directory=tmp_path)
    with small.altered() as run:
        rewritten(run, seal.position, data={"events": seal.events, "root": "ab" * 32})
    with pytest.raises(EvidenceError) as found:
        small.verify(None, heads=False)
    assert found.value.position == seal.position
    async with opened_again(small) as seals:
        with capture_logs() as lines:
            await seals.seal()
        assert [line["position"] for line in lines if line["event"] == "log.sealed_otherwise"]


@contextlib.asynccontextmanager
async def opened_again(small: SmallLog) -> AsyncIterator[StreamSeals]:
    small.heads.unlink()
    async with opened(small.directory) as (_, seals):
        yield seals


@pytest.mark.parametrize(
    "row", [(1, b"a-1", None, None, None), (1, b"a-1", b"b-1", 1, 1), (1, 7, 7, 1, 1)]
)
def test_a_stream_whose_index_and_records_differ_is_not_sealed(row: tuple[object, ...]) -> None:
    with pytest.raises(StoreError, match="the stream that begins at 1 is damaged"):
        ends_of([row])
