"""A damaged record costs what stands in it: what is before and behind it can be read."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest

from stenolog.errors import RecordDamaged, StoreUnavailable
from stenolog.log.event import Event
from stenolog.stores.sqlite.log.store import SqliteLog
from tests.log_samples import PUBLIC, new_event, several

STREAM, OTHER = "transcription-1", "transcription-2"
DAMAGES = {
    "no JSON": "bytes = x'00ff'",
    "text": "bytes = 'no event'",
    "a number": "bytes = 7",
    "another object": "bytes = CAST('{}' AS BLOB)",
    "one digit of its time": 'bytes = CAST(replace(bytes, \'"time":"2\', \'"time":"3\') AS BLOB)',
    "its hash": "leaf = zeroblob(32)",
    "its stream's name too": "stream = CAST(x'ff' AS TEXT), bytes = x'00'",
    "another event": "(bytes, leaf) = (SELECT bytes, leaf FROM events WHERE position = 1)",
}


async def written(path: Path, damage: str, position: int) -> None:
    """Positions 2 to 4 and 7 are of one stream, 5 and 6 of another; one is damaged."""
    log = await SqliteLog.open(path)
    await log.append(STREAM, [new_event(PUBLIC), *several(2)])
    await log.append(OTHER, several(2))
    await log.append(STREAM, [new_event()])
    await log.close()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(f"UPDATE events SET {damage} WHERE position = ?", (position,))
        connection.commit()


def positions(events: Sequence[Event]) -> list[int]:
    return [event.position for event in events]


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
async def test_the_log_is_read_up_to_it_and_on_behind_it(tmp_path: Path, damage: str) -> None:
    await written(tmp_path / "log.db", damage, 4)
    log = await SqliteLog.open(tmp_path / "log.db")
    assert positions(await log.read()) == [1, 2, 3]
    with pytest.raises(RecordDamaged, match="log verify") as raised:
        await log.read(after=3)
    assert raised.value.position == 4
    assert positions(await log.read(after=raised.value.position)) == [5, 6, 7]
    assert positions(await log.read_stream(OTHER)) == [5, 6]
    assert (await log.append(OTHER, [new_event()])).positions == (8,)
    await log.close()


async def test_a_stream_with_a_damaged_record_is_not_read_in_part(tmp_path: Path) -> None:
    await written(tmp_path / "log.db", DAMAGES["no JSON"], 4)
    log = await SqliteLog.open(tmp_path / "log.db")
    with pytest.raises(RecordDamaged) as raised:
        await log.read_stream(STREAM)
    assert (raised.value.position, raised.value.stream) == (4, STREAM)
    await log.close()


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
async def test_a_damaged_last_record_stops_nothing_but_what_needs_it(
    tmp_path: Path, damage: str
) -> None:
    await written(tmp_path / "log.db", damage, 7)
    log = await SqliteLog.open(tmp_path / "log.db")
    assert await log.head() == 7
    assert positions(await log.read()) == [1, 2, 3, 4, 5, 6]
    await log.append(OTHER, [])
    assert (await log.append(OTHER, [new_event()])).positions == (8,)
    if damage == DAMAGES["its stream's name too"]:
        with pytest.raises(StoreUnavailable, match="log verify"):
            await log.append(STREAM, [new_event()])
    else:  # what can be found can be erased
        assert (await log.append(STREAM, [new_event("erasure.requested")])).version == 5
    assert [event.time for event in await log.read(after=7)] > [(await log.read())[-1].time]
    await log.close()


@pytest.mark.parametrize("missing", [2, 3, 4])
async def test_a_stream_with_a_missing_record_is_not_read_in_part(
    tmp_path: Path, missing: int
) -> None:
    await written(tmp_path / "log.db", DAMAGES["no JSON"], 0)
    with contextlib.closing(sqlite3.connect(tmp_path / "log.db")) as connection:
        connection.execute("DELETE FROM events WHERE position = ?", (missing,))
        connection.commit()
    log = await SqliteLog.open(tmp_path / "log.db")
    with pytest.raises(RecordDamaged, match="log verify") as raised:
        await log.read_stream(STREAM)
    assert (raised.value.position, raised.value.stream) == (missing, STREAM)
    assert positions(await log.read_stream(STREAM, limit=missing - 2)) == [*range(2, missing)]
    assert positions(await log.read_stream(STREAM, after=3)) == [7]
    await log.close()
