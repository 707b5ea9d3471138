"""A file of another kind or of another log is recognised before anything is written to it."""

from __future__ import annotations

import itertools
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from stenolog.bootstrap.gateway import open_gateway
from stenolog.errors import CannotStart, SchemaTooNew
from stenolog.stores.files.directory import make_directory
from tests.bootstrap.test_directory import ADDRESS, settings_in

FILES = ("log.db", "keys.db", "views.db", "work.db")
KINDS = {"log.db": "StnL", "keys.db": "StnK", "views.db": "StnV", "work.db": "StnW"}


async def started(directory: Path) -> list[str]:
    """Open and close a gateway there; return the names of the warnings and errors it logged."""
    make_directory(directory)
    with capture_logs() as lines:
        async with open_gateway(settings_in(directory), ADDRESS):
            pass
    return [line["event"] for line in lines if line["log_level"] in ("warning", "error")]


def ask(file: Path, statement: str) -> tuple[object, ...]:
    with closing(sqlite3.connect(file)) as connection:
        row: tuple[object, ...] = connection.execute(statement).fetchone()
        connection.commit()
    return row


@pytest.fixture
async def used(tmp_path: Path) -> Path:
    directory = tmp_path / "used"
    await started(directory)
    return directory


async def test_each_file_says_its_kind_and_which_log_it_belongs_to(used: Path) -> None:
    identities = {ask(used / name, "SELECT log_id, epoch, restore FROM identity") for name in FILES}
    assert len(identities) == 1
    [(log_id, epoch, restore)] = identities
    assert (epoch, restore) == (1, "")
    stored = ask(used / "log.db", "SELECT bytes FROM events WHERE position = 1")[0]
    assert isinstance(stored, bytes)
    assert f'"data":{{"format":1,"log":"{log_id}"}}'.encode() in stored
    for name, letters in KINDS.items():
        [number] = ask(used / name, "PRAGMA application_id")
        assert number == int.from_bytes(letters.encode(), "big")


@pytest.mark.parametrize(("place", "other"), list(itertools.permutations(FILES, 2)))
async def test_a_file_in_the_place_of_another_is_refused_and_left_as_it_was(
    used: Path, place: str, other: str
) -> None:
    shutil.copy(used / other, used / place)
    before = (used / place).read_bytes()
    for _ in range(2):
        with pytest.raises(CannotStart, match=rf"^{place} is .*put the right file there$"):
            await started(used)
    assert (used / place).read_bytes() == before


@pytest.mark.parametrize("name", FILES)
async def test_a_file_that_is_not_ours_is_refused_and_left_as_it_was(used: Path, name: str) -> None:
    (used / name).unlink()
    ask_script = "CREATE TABLE events (theirs TEXT)"
    with closing(sqlite3.connect(used / name)) as foreign:
        foreign.execute(ask_script)
    before = (used / name).read_bytes()
    with pytest.raises(CannotStart, match=rf"^{name} is not a file of this Stenolog"):
        await started(used)
    assert (used / name).read_bytes() == before


async def test_keys_of_another_log_are_refused_and_the_rest_is_made_anew(
    used: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    await started(other)
    for name in ("views.db", "work.db"):
        shutil.copy(other / name, used / name)
    assert await started(used) == ["views.discarded", "work.discarded"]
    assert await started(used) == []
    shutil.copy(other / "keys.db", used / "keys.db")
    before = (used / "keys.db").read_bytes()
    with pytest.raises(CannotStart, match=r"^keys\.db belongs to another log"):
        await started(used)
    assert (used / "keys.db").read_bytes() == before


async def test_files_of_another_epoch_are_not_taken_for_the_logs_own(used: Path) -> None:
    """As after a restore of the log alone."""
    with closing(sqlite3.connect(used / "log.db")) as log:
        log.execute("UPDATE identity SET epoch = 2")
        log.commit()
    with pytest.raises(CannotStart, match=r"^keys\.db is of epoch 1"):
        await started(used)
    for name in ("keys.db", "log.db"):
        with closing(sqlite3.connect(used / name)) as file:
            file.execute("UPDATE identity SET epoch = 2, restore = 'one'")
            file.commit()
    assert await started(used) == ["views.discarded", "work.discarded", "search.discarded"]


async def test_files_of_another_restore_are_not_taken_for_the_logs_own(used: Path) -> None:
    for name in FILES:
        with closing(sqlite3.connect(used / name)) as file:
            restore = "one" if name == "log.db" else "another"
            file.execute("UPDATE identity SET epoch = 2, restore = ?", (restore,))
            file.commit()
    before = (used / "keys.db").read_bytes()
    with pytest.raises(CannotStart, match=r"^keys\.db .* are of two restores of one log"):
        await started(used)
    assert (used / "keys.db").read_bytes() == before
    with closing(sqlite3.connect(used / "keys.db")) as file:
        file.execute("UPDATE identity SET restore = 'one'")
        file.commit()
    assert await started(used) == ["views.discarded", "work.discarded", "search.discarded"]


@pytest.mark.parametrize("name", ["log.db", "keys.db", "work.db"])
async def test_a_newer_log_keys_or_deliveries_are_refused_in_one_line(
    used: Path, name: str
) -> None:
    with closing(sqlite3.connect(used / name)) as file:
        [(version,)] = file.execute("PRAGMA user_version")
        newer = version + 1
        file.execute(f"PRAGMA user_version = {newer}")
    before = (used / name).read_bytes()
    match = rf"^{name} has format {newer}.*newer version"
    with pytest.raises(SchemaTooNew, match=match) as raised:
        await started(used)
    assert "\n" not in str(raised.value)
    assert (used / name).read_bytes() == before


async def test_newer_views_are_made_anew(used: Path) -> None:
    with closing(sqlite3.connect(used / "views.db")) as file:
        file.execute("PRAGMA user_version = 99")
    assert await started(used) == ["views.discarded"]


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(FILES, 2)))
async def test_two_files_that_were_exchanged_are_refused_and_left_as_they_were(
    used: Path, one: str, other: str
) -> None:
    before = {name: (used / name).read_bytes() for name in FILES}
    (used / one).write_bytes(before[other])
    (used / other).write_bytes(before[one])
    with pytest.raises(CannotStart, match=r"put the right file there$"):
        await started(used)
    assert (used / one).read_bytes() == before[other]
    assert (used / other).read_bytes() == before[one]


FOREIGN = [taken for count in (1, 2, 3) for taken in itertools.combinations(FILES, count)]


@pytest.mark.parametrize("taken", FOREIGN, ids="+".join)
async def test_files_of_another_directory_under_one_master_key_are_told(
    used: Path, tmp_path: Path, taken: tuple[str, ...]
) -> None:
    other = tmp_path / "other"
    make_directory(other)
    shutil.copy(used / "master-key", other / "master-key")
    await started(other)
    for name in taken:
        shutil.copy(other / name, used / name)
    before = {name: (used / name).read_bytes() for name in taken}
    if {"log.db", "keys.db"} & {*taken}:
        with pytest.raises(CannotStart, match=r"another log|is not what it was"):
            await started(used)
        assert {name: (used / name).read_bytes() for name in taken} == before
    else:
        discarded = [f"{name.removesuffix('.db')}.discarded" for name in taken]
        assert await started(used) == discarded
