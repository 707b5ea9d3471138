"""`cp` of an older file over one that was not closed: nothing is appended to what comes of it."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from stenolog.cli.data_files import log_and_keys
from stenolog.compliance.data_keys import MasterKey, new_wrapped_key
from stenolog.config.settings import Settings
from stenolog.errors import CannotStart
from stenolog.stores.sqlite.file.checking import structure
from stenolog.stores.sqlite.file.copying import copy_database
from stenolog.stores.sqlite.keys.store import SqliteKeys
from stenolog.stores.sqlite.log.schema import LOG
from stenolog.stores.sqlite.log.store import SqliteLog
from tests.log_samples import new_event

MASTER = MasterKey(b"m" * 32)
EVENTS = 120  # some hundred pages: what a later WAL leaves out is missed


def crashed(path: Path, into: Path) -> None:
    """The file and what stands beside it, as a kill leaves them."""
    into.mkdir(exist_ok=True)
    for suffix in ("", "-wal"):
        shutil.copy(path.with_name(path.name + suffix), into / (path.name + suffix))


def folded(path: Path) -> None:
    """Everything is moved into the file, so that the next write begins its WAL anew."""
    connection = sqlite3.connect(path, isolation_level=None)
    assert connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()[0] == 0
    connection.close()


def digests(directory: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in directory.iterdir()
        if not path.name.endswith("-shm")
    }


async def append(log: SqliteLog, first: int, count: int) -> None:
    for number in range(first, first + count):
        await log.append(f"thing-{number}", [new_event()])


async def add_keys(keys: SqliteKeys, first: int, count: int) -> None:
    for number in range(first, first + count):
        await keys.add_data_key(new_wrapped_key(MASTER, f"transcription-{number}"))


@pytest.mark.parametrize("by", ["cp", "stenolog backup"])
async def test_a_log_beside_the_wal_of_another_life_is_refused_and_left_as_it_is(
    tmp_path: Path, by: str
) -> None:
    path, backup, crash = tmp_path / "log.db", tmp_path / "backup.db", tmp_path / "crash"
    log = await SqliteLog.open(path)
    await append(log, 0, EVENTS)
    await log.close()
    if by == "cp":
        shutil.copy(path, backup)
    else:
        copy_database(path, LOG, None, backup, lambda *_: None)
    log = await SqliteLog.open(path)
    await append(log, EVENTS, 2 * EVENTS)
    folded(path)
    await append(log, 3 * EVENTS, EVENTS)
    crashed(path, crash)
    await log.close()
    shutil.copy(backup, crash / "log.db")
    before = digests(crash)
    for _ in range(2):
        with pytest.raises(CannotStart, match=r"log\.db-wal.*`stenolog restore BACKUP"):
            await SqliteLog.open(crash / "log.db")
        assert digests(crash) == before
    (crash / "keys.db").write_bytes(b"not looked at yet")
    said = log_and_keys(Settings(data_dir=crash)).said
    assert "do not belong together" in said, "doctor says what a start would say"


async def test_keys_beside_the_wal_of_another_life_are_refused(tmp_path: Path) -> None:
    path, backup, crash = tmp_path / "keys.db", tmp_path / "backup.db", tmp_path / "crash"
    keys = await SqliteKeys.open(path)
    await add_keys(keys, 0, EVENTS)
    await keys.close()
    shutil.copy(path, backup)
    keys = await SqliteKeys.open(path)
    await add_keys(keys, EVENTS, 3 * EVENTS)
    folded(path)
    await add_keys(keys, 4 * EVENTS, 2)
    crashed(path, crash)
    await keys.close()
    shutil.copy(backup, crash / "keys.db")
    with pytest.raises(CannotStart, match=r"keys\.db-wal.*`stenolog restore BACKUP"):
        await SqliteKeys.open(crash / "keys.db")


async def test_a_wal_that_has_everything_since_the_copy_brings_the_newest_state(
    tmp_path: Path,
) -> None:
    """Nothing is lost and nothing is damaged: it is as if nothing had been copied."""
    path, backup, crash = tmp_path / "log.db", tmp_path / "backup.db", tmp_path / "crash"
    log = await SqliteLog.open(path)
    folded(path)
    shutil.copy(path, backup)
    await append(log, 0, EVENTS)
    head = await log.head()
    crashed(path, crash)
    await log.close()
    shutil.copy(backup, crash / "log.db")
    again = await SqliteLog.open(crash / "log.db")
    assert await again.head() == head
    await append(again, EVENTS, 1)
    await again.close()


async def test_what_was_killed_is_checked_at_the_next_start_and_what_was_closed_is_not(
    tmp_path: Path,
) -> None:
    path, crash = tmp_path / "log.db", tmp_path / "crash"
    log = await SqliteLog.open(path)
    await append(log, 0, EVENTS)
    crashed(path, crash)
    await log.close()
    for checked in (True, False):
        with capture_logs() as lines:
            await (await SqliteLog.open(crash / "log.db")).close()
        found = [line for line in lines if line["event"] == "file.checked"]
        assert [line["whole"] for line in found] == [True] * checked


def test_a_check_that_has_no_time_says_so(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "large.db", isolation_level=None)
    connection.execute("CREATE TABLE rows (number INTEGER PRIMARY KEY, text TEXT)")
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO rows VALUES (NULL, ?)", [("x" * 200,)] * 20_000)
    connection.execute("COMMIT")
    assert not structure(connection, 0).whole
    assert structure(connection).whole
    connection.close()
