"""Many streams that are read at once are those that are read one by one."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from stenolog.log.event import SealedPayload
from stenolog.log.events.transcriptions import TRANSCRIPTION
from stenolog.projections.run.histories import Box
from stenolog.stores.sqlite.log.store import SqliteLog
from tests.log_samples import new_event, new_id

STREAMS, EVENTS_EACH = 5, 3


@contextlib.asynccontextmanager
async def opened(path: Path) -> AsyncIterator[SqliteLog]:
    log = await SqliteLog.open(path / "log.db")
    try:
        yield log
    finally:
        await log.close()


@pytest.fixture
async def streams(tmp_path: Path) -> list[str]:
    """A log with streams whose lives overlap, and one of an upload before them."""
    made = [f"{TRANSCRIPTION}{new_id()}" for _ in range(STREAMS)]
    async with opened(tmp_path) as log:
        await log.append("upload-1", [new_event("upload.stored")])
        for _ in range(EVENTS_EACH):
            for number, stream in enumerate(made):
                payload = SealedPayload(key_id=stream, box=b"b" * number, commitment="00" * 32)
                await log.append(stream, [new_event("transcription.requested", payload=payload)])
    return made


async def position_of(log: SqliteLog, stream: str, version: int) -> int:
    return (await log.read_stream(stream))[version - 1].position


async def test_streams_are_found_where_they_begin(streams: list[str], tmp_path: Path) -> None:
    async with opened(tmp_path) as log:
        begun = await log.histories.beginnings(TRANSCRIPTION, after=0, until=10**6, limit=9)
        assert [one.stream for one in begun] == streams
        assert [one.position for one in begun] == [
            await position_of(log, stream, 1) for stream in streams
        ]
        some = await log.histories.beginnings(
            TRANSCRIPTION, after=begun[0].position, until=begun[3].position, limit=9
        )
        assert some == begun[1:4]
        assert (
            await log.histories.beginnings(TRANSCRIPTION, after=0, until=10**6, limit=2)
            == begun[:2]
        )


async def test_they_are_read_as_one_by_one(streams: list[str], tmp_path: Path) -> None:
    async with opened(tmp_path) as log:
        found = await log.histories.read_streams([*streams, "transcription-x"], limit=100)
        assert dict(found) == {stream: await log.read_stream(stream) for stream in streams}
        cut = await log.histories.read_streams(streams, limit=2 * EVENTS_EACH + 1)
        assert sorted(cut) == sorted(streams)[:2], "no stream is cut in the middle"
        positions = await log.histories.positions_of(streams[0], after=0, limit=9)
        assert positions == [one.position for one in found[streams[0]]]
        assert (
            await log.histories.positions_of(streams[0], after=positions[0], limit=1)
            == positions[1:2]
        )


async def test_long_payloads_are_left_out(streams: list[str], tmp_path: Path) -> None:
    async with opened(tmp_path) as log:
        wanted = {await position_of(log, stream, 1): stream for stream in streams}
        boxes = await log.histories.boxes([*wanted, 1, 10**6], bytes_max=3)
        assert boxes == {
            position: Box(key_id=stream, box=b"b" * number)
            for number, (position, stream) in enumerate(wanted.items())
            if number <= 3
        }


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE events SET bytes = 'x' WHERE stream = ? AND version = 2",
        "UPDATE events SET bytes = x'ff' WHERE stream = ? AND version = 3",
        "DELETE FROM events WHERE stream = ? AND version = 2",
    ],
)
async def test_a_stream_that_is_not_whole_is_left_out_alone(
    streams: list[str], tmp_path: Path, damage: str
) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "log.db")) as file:
        file.execute("DELETE FROM payloads")
        file.execute(damage, (streams[2],))
        file.commit()
    async with opened(tmp_path) as log:
        found = await log.histories.read_streams(streams, limit=100)
        assert found.keys() == set(streams) - {streams[2]}
        assert await log.histories.positions_of(streams[2], after=0, limit=9)
