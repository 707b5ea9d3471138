"""An upload has its key until it is released, and no longer than the next sweep."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest

from stenolog.errors import EvidenceError
from tests.backups import Backed


@pytest.fixture
async def data(tmp_path: Path) -> Backed:
    return Backed(tmp_path / "data")


def without_keys(directory: Path) -> list[tuple[object, ...]]:
    """All data keys, which are not there any more."""
    with contextlib.closing(sqlite3.connect(directory / "keys.db")) as run, run:
        rows = run.execute("SELECT * FROM data_keys").fetchall()
        run.execute("DELETE FROM data_keys")
    return rows


async def test_a_key_that_is_missing_is_found_where_the_file_was_stored(data: Backed) -> None:
    await data.upload()
    assert data.verified().complete
    position = (await data.events())[-1].position
    without_keys(data.directory)
    with pytest.raises(EvidenceError, match="the key of its file is missing") as raised:
        data.verified()
    assert raised.value.position == position


async def test_a_file_that_was_released_needs_none(data: Backed) -> None:
    await data.release(await data.upload())
    assert data.verified().complete
    assert not any("released" in note for note in data.verified().notes)


async def test_a_key_that_a_crash_left_behind_the_release_is_told_and_no_fault(
    data: Backed,
) -> None:
    upload = await data.upload()
    keys = without_keys(data.directory)
    await data.release(upload)
    with contextlib.closing(sqlite3.connect(data.directory / "keys.db")) as run, run:
        run.executemany("INSERT INTO data_keys VALUES (?, ?, ?)", keys)
    verdict = data.verified()
    assert verdict.complete
    assert any(note.startswith("1 uploads were released") for note in verdict.notes)
