"""SQLite files: their schema, their transactions, and the door their errors stop at."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from stenolog.errors import OutcomeUnknown, SchemaTooNew, StenologError, StoreUnavailable
from stenolog.stores.sqlite.file.connection import (
    open_reader,
    open_reader_sync,
    open_writer,
    store_errors,
)
from stenolog.stores.sqlite.file.identity import KEYS_KIND
from stenolog.stores.sqlite.file.schema import Schema
from stenolog.stores.sqlite.file.writer import Writer
from stenolog.stores.sqlite.keys.store import SqliteKeys
from stenolog.stores.sqlite.log.store import SqliteLog

ONE = Schema(
    name="test.db", application_id=KEYS_KIND, steps=("CREATE TABLE one (x INTEGER UNIQUE)",)
)
TWO = replace(ONE, steps=(*ONE.steps, "CREATE TABLE two (x); INSERT INTO two VALUES (2)"))
DEFERRED = replace(
    ONE,
    steps=(
        "CREATE TABLE one (x INTEGER UNIQUE);"
        "CREATE TABLE two (x INTEGER REFERENCES one (x) DEFERRABLE INITIALLY DEFERRED)",
    ),
)


def pragma(connection: sqlite3.Connection, name: str) -> object:
    return connection.execute(f"PRAGMA {name}").fetchone()[0]


def test_a_new_file_gets_every_step_and_the_pragmas(tmp_path: Path) -> None:
    with contextlib.closing(open_writer(tmp_path / "a.db", TWO)) as connection:
        assert pragma(connection, "user_version") == 2
        assert pragma(connection, "journal_mode") == "wal"
        assert pragma(connection, "synchronous") == 2
        assert pragma(connection, "foreign_keys") == 1
        assert pragma(connection, "secure_delete") == 0
    secure = replace(TWO, secure_delete=True, synchronous="NORMAL")
    with contextlib.closing(open_writer(tmp_path / "a.db", secure)) as connection:
        assert pragma(connection, "secure_delete") == 1
        assert pragma(connection, "synchronous") == 1


def test_an_older_file_gets_the_steps_that_it_has_not_seen(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with contextlib.closing(open_writer(path, ONE)) as connection:
        connection.execute("INSERT INTO one VALUES (1)")
    for _ in range(2):
        with contextlib.closing(open_writer(path, TWO)) as connection:
            assert connection.execute("SELECT * FROM one, two").fetchall() == [(1, 2)]


def test_a_step_that_fails_leaves_nothing_of_itself(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    open_writer(path, ONE).close()
    broken = replace(ONE, steps=(*ONE.steps, "CREATE TABLE two (x); CREATE TABLE one (y)"))
    with pytest.raises(StoreUnavailable):
        open_writer(path, broken)
    with contextlib.closing(open_writer(path, TWO)) as connection:
        assert pragma(connection, "user_version") == 2


async def test_a_file_of_a_newer_version_is_refused_in_one_line_and_left_alone(
    tmp_path: Path,
) -> None:
    for opener, name in ((SqliteLog.open, "log.db"), (SqliteKeys.open, "keys.db")):
        path = tmp_path / name
        await (await opener(path)).close()
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA user_version = 99")
        before = path.read_bytes()
        with pytest.raises(SchemaTooNew) as raised:
            await opener(path)
        assert name in str(raised.value)
        assert "99" in str(raised.value)
        assert "\n" not in str(raised.value)
        assert path.read_bytes() == before


@pytest.mark.parametrize("raw", [b"this is no database" * 100, b"SQLite format 3\x00" + b"x" * 500])
async def test_a_file_that_is_no_database_is_a_store_error(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "log.db"
    path.write_bytes(raw)
    with pytest.raises(StoreUnavailable):
        await SqliteLog.open(path)
    with pytest.raises(StoreUnavailable):
        open_reader_sync(path, "log.db")


async def test_a_reader_makes_no_file_and_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        open_reader_sync(tmp_path / "none.db", "none.db")
    with pytest.raises(StoreUnavailable):
        await open_reader(tmp_path / "none.db", "none.db")
    assert os.listdir(tmp_path) == []
    open_writer(tmp_path / "a.db", ONE).close()
    with (
        contextlib.closing(open_reader_sync(tmp_path / "a.db", "a.db")) as reader,
        pytest.raises(sqlite3.OperationalError),
    ):
        reader.execute("INSERT INTO one VALUES (1)")


def test_a_name_with_signs_of_a_url_is_the_file_of_that_name(tmp_path: Path) -> None:
    path = tmp_path / "a ?mode=rw#%20&é.db"
    open_writer(path, ONE).close()
    with contextlib.closing(open_reader_sync(path, "a.db")) as reader:
        assert reader.execute("SELECT count(*) FROM one").fetchone() == (0,)


def every_subclass(error: type[BaseException]) -> list[type[BaseException]]:
    return [error, *(e for each in error.__subclasses__() for e in every_subclass(each))]


@pytest.mark.parametrize("error", every_subclass(sqlite3.Error))
def test_every_error_of_the_library_leaves_as_ours(error: type[Exception]) -> None:
    with pytest.raises(StoreUnavailable, match=r"file\.db: because"), store_errors("file.db"):
        raise error("because")


def test_other_errors_pass_the_door_unchanged() -> None:
    with pytest.raises(ZeroDivisionError), store_errors("file.db"):
        raise ZeroDivisionError


def rows(path: Path) -> list[int]:
    with contextlib.closing(open_reader_sync(path, path.name)) as reader:
        return [row[0] for row in reader.execute("SELECT x FROM one ORDER BY x")]


def test_work_that_raises_leaves_nothing_and_the_writer_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with contextlib.closing(Writer(path, ONE)) as writer:
        writer.transact(lambda c: c.execute("INSERT INTO one VALUES (1)"))
        with pytest.raises(StoreUnavailable):
            writer.transact(lambda c: c.executemany("INSERT INTO one VALUES (?)", [(2,), (1,)]))

        def careless(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT INTO one VALUES (3)")
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            writer.transact(careless)
        writer.transact(lambda c: c.execute("INSERT INTO one VALUES (4)"))
        assert rows(path) == [1, 4]


def test_a_commit_that_fails_is_said_to_be_unknown_and_the_file_is_opened_anew(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.db"
    with contextlib.closing(Writer(path, DEFERRED)) as writer:
        seen: list[sqlite3.Connection] = []

        def orphan(connection: sqlite3.Connection) -> None:
            seen.append(connection)
            connection.execute("INSERT INTO one VALUES (1)")
            connection.execute("INSERT INTO two VALUES (9)")  # fails at COMMIT only

        with pytest.raises(OutcomeUnknown):
            writer.transact(orphan)

        def work(connection: sqlite3.Connection) -> None:
            seen.append(connection)
            connection.execute("INSERT INTO one VALUES (2)")

        writer.transact(work)
        assert seen[0] is not seen[1]
        assert rows(path) == [2]


def test_a_writer_that_cannot_open_its_file_again_says_so_until_it_can(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with contextlib.closing(Writer(path, ONE)) as writer:
        writer.close()
        moved = path.rename(tmp_path / "moved.db")
        path.mkdir()
        for _ in range(2):
            with pytest.raises(StoreUnavailable):
                writer.transact(lambda c: c.execute("INSERT INTO one VALUES (1)"))
        path.rmdir()
        moved.rename(path)
        writer.transact(lambda c: c.execute("INSERT INTO one VALUES (1)"))
        assert rows(path) == [1]
        assert issubclass(StoreUnavailable, StenologError)


async def test_damage_is_a_store_error_on_every_call(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    await (await SqliteLog.open(path)).close()
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as run:
        run.execute("UPDATE tree SET frontier = x'00'")
    with pytest.raises(StenologError, match="log verify"):
        await SqliteLog.open(path)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as run:
        run.execute("DELETE FROM tree")
    with pytest.raises(StenologError, match="log verify"):
        await SqliteLog.open(path)
