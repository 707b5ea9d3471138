"""What readers of others do to a WAL, and what they do not."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from pathlib import Path

import pytest

from stenolog.compliance.data_keys import WrappedKey
from stenolog.errors import StoreUnavailable
from stenolog.stores.sqlite.file.connection import WAL_BYTES_KEPT_MAX, open_writer
from stenolog.stores.sqlite.file.identity import VIEWS_KIND
from stenolog.stores.sqlite.file.schema import Schema
from stenolog.stores.sqlite.keys.store import SqliteKeys
from tests.house.waiting import until

PLAIN = Schema(
    name="a.db",
    application_id=VIEWS_KIND,
    steps=("CREATE TABLE one (x BLOB)",),
    synchronous="NORMAL",
)
KEY = WrappedKey(key_id="key-1", stream="transcription-1", box=b"canary of a wrapped key")
HELD_UP_S_MAX = 2  # far less than a reader is waited for


def reading(path: Path) -> sqlite3.Connection:
    """A foreign reader, in the middle of a transaction."""
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    return reader


def test_a_wal_that_grew_for_a_reader_is_cut_once_the_reader_has_gone(tmp_path: Path) -> None:
    path, wal = tmp_path / "a.db", tmp_path / "a.db-wal"
    with contextlib.closing(open_writer(path, PLAIN)) as writer:
        with contextlib.closing(reading(path)):
            while not wal.exists() or wal.stat().st_size < 2 * WAL_BYTES_KEPT_MAX:
                writer.execute("INSERT INTO one VALUES (zeroblob(1000000))")
        for _ in range(3):  # the first folds it back, the next begins it anew
            writer.execute("INSERT INTO one VALUES (1)")
        assert wal.stat().st_size <= WAL_BYTES_KEPT_MAX


async def test_a_foreign_reader_holds_up_an_erasure_and_nobody_else(tmp_path: Path) -> None:
    path, wal = tmp_path / "keys.db", tmp_path / "keys.db-wal"
    keys = await SqliteKeys.open(path)
    await keys.add_data_key(KEY)
    with contextlib.closing(reading(path)):
        destroying = asyncio.create_task(keys.destroy_data_key(KEY.stream))
        await until(lambda: keys.beat_age_ms == 0)
        for number in range(20):
            began = time.monotonic()
            await keys.add_secret("callbacks", number, b"box")
            assert time.monotonic() - began < HELD_UP_S_MAX
        assert not destroying.done()
    await destroying
    assert wal.stat().st_size == 0
    assert KEY.box not in path.read_bytes()
    await keys.close()


async def test_a_reader_that_never_ends_fails_the_erasure_which_can_be_tried_again(
    tmp_path: Path,
) -> None:
    path = tmp_path / "keys.db"
    keys = await SqliteKeys.open(path)
    await keys.add_data_key(KEY)
    with (
        contextlib.closing(reading(path)),
        pytest.raises(StoreUnavailable, match="is being read"),
    ):
        await keys.destroy_data_key(KEY.stream)
    await keys.destroy_data_key(KEY.stream)
    assert KEY.box not in path.read_bytes()
    await keys.close()
