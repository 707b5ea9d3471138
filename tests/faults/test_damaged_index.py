"""A damaged index puts no wrong version into the log, and stops nobody else."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from stenolog.errors import RecordDamaged, StoreUnavailable
from stenolog.stores.sqlite.file.connection import PAGE_BYTES
from stenolog.stores.sqlite.log.store import SqliteLog
from tests.log_samples import BEGUN, OTHER_TENANT, PRIVATE, TENANT, new_event, several

ONE = "transcription-11111111-1111-4111-8111-111111111111"
OTHER = "transcription-22222222-2222-4222-8222-222222222222"
BY_STREAM = "sqlite_autoindex_events_2"  # UNIQUE (stream, version)
BY_SEQUENCE = "events_by_sequence"
OPENS = "transcription.requested"


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[SqliteLog]:
    log = await SqliteLog.open(path)
    try:
        yield log
    finally:
        await log.close()


async def filled(path: Path) -> None:
    async with opened(path) as log:
        for name in ("transcription.requested", "submission.claimed", "submission.accepted"):
            for stream in (ONE, OTHER):
                await log.append(stream, [new_event(name)])


def root_of(path: Path, name: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        row = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (name,))
        return int(row.fetchone()[0])


def rename(path: Path, name: str, text: str = ONE, *, of_last: bool = False) -> None:
    """Flip a bit of this text in a b-tree of one page: in all entries, or in its newest alone."""
    page = root_of(path, name)
    content = bytearray(path.read_bytes())
    begin, end = (page - 1) * PAGE_BYTES, page * PAGE_BYTES
    places = [at for at in range(begin, end) if content.startswith(text.encode(), at)]
    assert places, "it is there"
    # SQLite fills a page from its end: the newest entry stands first.
    for at in places[:1] if of_last else places:
        content[at + len(text) - 1] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("of_last", [False, True])
async def test_a_stream_that_the_index_has_lost_gets_no_wrong_version(
    tmp_path: Path, of_last: bool
) -> None:
    path = tmp_path / "log.db"
    await filled(path)
    rename(path, BY_STREAM, of_last=of_last)
    async with opened(path) as log:
        for event_type in ("erasure.requested", PRIVATE):
            with pytest.raises(StoreUnavailable, match="log verify"):
                await log.append(ONE, [new_event(event_type)])
        assert await log.head() == BEGUN + 6
        assert (await log.append(OTHER, [new_event("erasure.requested")])).version == 4


@pytest.mark.parametrize("of_last", [False, True])
async def test_a_stream_to_which_nothing_is_owed_gets_no_wrong_version(
    tmp_path: Path, of_last: bool
) -> None:
    """The last entry of the index is lost, and every record holds."""
    path = tmp_path / "log.db"
    async with opened(path) as log:
        await log.append("upload-1", several(3))
        await log.append("upload-2", several(3))
    rename(path, BY_STREAM, "upload-1", of_last=of_last)
    async with opened(path) as log:
        for expected in (None, 3, 2, 0):
            with pytest.raises(StoreUnavailable, match="another end of a stream"):
                await log.append("upload-1", several(1), expected=expected)
        assert (await log.append("upload-2", several(1), expected=3)).version == 4


async def test_a_row_of_a_streams_end_is_not_believed_alone(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    async with opened(path) as log:
        for number in range(5):
            await log.append(f"upload-{number}", several(2))
    with closing(sqlite3.connect(path)) as connection:
        for number, damage in enumerate(
            ("version = 1", "position = 2", "version = 'x'", "position = x'00'")
        ):
            connection.execute(f"UPDATE streams SET {damage} WHERE stream = 'upload-{number}'")
        connection.execute("DELETE FROM streams WHERE stream = 'upload-4'")
        connection.commit()
    async with opened(path) as log:
        for number in range(5):
            with pytest.raises(StoreUnavailable, match="log verify"):
                await log.append(f"upload-{number}", several(1))
        assert (await log.append("upload-5", several(1))).version == 1


async def test_a_stream_whose_last_record_is_gone_is_gone_on_with_where_it_ended(
    tmp_path: Path,
) -> None:
    """So that a delivery ends, and an erasure is recorded; what was read of it decides nothing."""
    path = tmp_path / "log.db"
    async with opened(path) as log:
        await log.append("upload-1", several(3))
        await log.append("upload-2", several(1))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM events WHERE position = ?", (BEGUN + 3,))
        connection.commit()
    async with opened(path) as log:
        for expected in (2, 3):
            with pytest.raises(StoreUnavailable, match="the record at 4 is gone"):
                await log.append("upload-1", several(1), expected=expected)
        appended = await log.append("upload-1", several(1))
        (event,) = await log.read(after=appended.positions[0] - 1)
        assert (event.version, event.previous) == (4, BEGUN + 3)


async def test_a_sequence_whose_record_is_gone_is_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    await public_ones(path, TENANT, 3)
    async with opened(path) as log:
        await log.append("upload-1", several(1))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM events WHERE sequence = 3")
        connection.commit()
    async with opened(path) as log:
        assert await sequence_of_next(log, TENANT) == 4


async def public_ones(path: Path, tenant: str, count: int) -> None:
    async with opened(path) as log:
        for number in range(count):
            await log.append(f"{OTHER}{number}", [new_event(OPENS, tenant=tenant)])


async def sequence_of_next(log: SqliteLog, tenant: str) -> int:
    appended = await log.append(ONE, [new_event(OPENS, tenant=tenant)])
    return (await log.read(after=appended.positions[0] - 1))[0].sequence


@pytest.mark.parametrize("of_last", [False, True])
async def test_a_sequence_that_the_index_has_lost_is_told_by_the_record(
    tmp_path: Path, of_last: bool
) -> None:
    path = tmp_path / "log.db"
    await public_ones(path, TENANT, 3)
    rename(path, BY_SEQUENCE, TENANT, of_last=of_last)
    async with opened(path) as log:
        assert await sequence_of_next(log, TENANT) == 4


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE tenants SET sequence = 2",
        "UPDATE tenants SET sequence = 7",
        "UPDATE tenants SET sequence = 'x'",
        "DELETE FROM tenants",
        "UPDATE events SET bytes = x'00' WHERE sequence = 3",  # and the index has lost it as well
    ],
)
async def test_a_tenant_whose_last_sequence_is_not_certain_gets_no_public_event(
    tmp_path: Path, damage: str
) -> None:
    path = tmp_path / "log.db"
    await public_ones(path, TENANT, 3)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(damage)
        connection.commit()
    if "bytes" in damage:
        rename(path, BY_SEQUENCE, TENANT, of_last=True)
    async with opened(path) as log:
        with pytest.raises(StoreUnavailable, match="tenant's public events"):
            await sequence_of_next(log, TENANT)
        await log.append("upload-1", [new_event(PRIVATE, tenant=TENANT)])
        assert await sequence_of_next(log, OTHER_TENANT) == 1


async def test_an_index_that_leads_to_another_stream_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    async with opened(path) as log:
        await log.append("upload-1", [new_event()])
        await log.append("upload-2", [new_event()])
    page = root_of(path, BY_STREAM)
    content = bytearray(path.read_bytes())
    begin = (page - 1) * PAGE_BYTES
    at = content.index(b"upload-2", begin, begin + PAGE_BYTES)
    content[at + 7 : at + 8] = b"3"
    path.write_bytes(content)
    async with opened(path) as log:
        with pytest.raises(StoreUnavailable, match="another end of a stream"):
            await log.append("upload-3", [new_event()])
        assert (await log.append("upload-1", [new_event()])).version == 2


async def test_a_row_of_what_is_open_that_lags_behind_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    await filled(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE open_transcriptions SET version = 2 WHERE stream = ?", (ONE,))
        connection.execute(
            "UPDATE open_transcriptions SET jobless = x'ff' WHERE stream = ?", (OTHER,)
        )
        connection.commit()
    async with opened(path) as log:
        for stream in (ONE, OTHER):
            with pytest.raises(StoreUnavailable, match="open transcription"):
                await log.append(stream, [new_event("erasure.requested")])
        assert (await log.append("upload-1", [new_event()])).positions == (BEGUN + 7,)


async def test_no_stream_begins_with_what_cannot_be_first(tmp_path: Path) -> None:
    async with opened(tmp_path / "log.db") as log:
        with pytest.raises(StoreUnavailable, match="no stream begins with"):
            await log.append(ONE, [new_event("callback.received"), new_event()])
        await log.append(
            ONE, [new_event("transcription.requested"), new_event("callback.received")]
        )
        assert await log.head() == BEGUN + 2


@pytest.mark.parametrize("by_index", [True, False])
async def test_a_stream_that_is_lost_whole_does_not_read_as_none(
    tmp_path: Path, by_index: bool
) -> None:
    path = tmp_path / "log.db"
    async with opened(path) as log:
        await log.append("upload-1", several(3))
        await log.append("upload-2", several(3))
    if by_index:
        rename(path, BY_STREAM, "upload-1")
    else:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("DELETE FROM events WHERE stream = 'upload-1'")
            connection.commit()
    async with opened(path) as log:
        for after in (0, 2):
            with pytest.raises(RecordDamaged, match="the record at position 4 is missing"):
                await log.read_stream("upload-1", after=after)
            with pytest.raises(RecordDamaged, match="the record at position 4 is missing"):
                await log.histories.stored("upload-1", after=after, limit=9)
        assert await log.read_stream("upload-1", after=3) == []
        assert await log.histories.stored("upload-1", after=3, limit=9) == []
        assert len(await log.histories.stored("upload-2", after=1, limit=9)) == 2
        assert len(await log.histories.stored("upload-2", after=1, limit=1)) == 1
        assert len(await log.read_stream("upload-2")) == 3
        assert await log.read_stream("upload-2", after=3) == []
        assert await log.read_stream("upload-3") == []
