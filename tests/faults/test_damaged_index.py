"""A damaged index puts no wrong version into the log, and stops nobody else."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from stenolog.errors import StoreUnavailable
from stenolog.stores.sqlite.file.connection import PAGE_BYTES
from stenolog.stores.sqlite.log.store import SqliteLog
from tests.log_samples import BEGUN, PRIVATE, new_event

ONE = "transcription-11111111-1111-4111-8111-111111111111"
OTHER = "transcription-22222222-2222-4222-8222-222222222222"
BY_STREAM = "sqlite_autoindex_events_2"  # UNIQUE (stream, version)


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


def rename(path: Path, name: str, *, of_last: bool = False) -> None:
    """Flip a bit of ONE's name in a b-tree of one page: in all entries, or in its newest alone."""
    page = root_of(path, name)
    content = bytearray(path.read_bytes())
    begin, end = (page - 1) * PAGE_BYTES, page * PAGE_BYTES
    places = [at for at in range(begin, end) if content.startswith(ONE.encode(), at)]
    assert places, "it is there"
    # SQLite fills a page from its end: the newest entry stands first.
    for at in places[:1] if of_last else places:
        content[at + len(ONE) - 1] ^= 1
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
        with pytest.raises(StoreUnavailable, match="the index and the record"):
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
