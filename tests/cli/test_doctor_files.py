"""`stenolog doctor` on data directories that lost something."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from stenolog.bootstrap.gateway import open_gateway
from stenolog.cli.data_files import log_and_keys, log_key, master_key
from stenolog.cli.doctor import public_url
from stenolog.cli.findings import Finding
from stenolog.cli.odd_files import odd_directory
from stenolog.cli.upload_files import uploads
from stenolog.compliance.tree_heads import FILE_NAME as TREE_HEADS
from stenolog.compliance.tree_heads import last_head, write_head
from stenolog.config.settings import Settings
from stenolog.stores.files.directory import locked, make_directory, running
from stenolog.stores.sqlite.file.copying import write_kind
from stenolog.stores.sqlite.log.schema import LOG
from stenolog.stores.sqlite.log.store import SqliteLog
from tests.bootstrap.test_directory import ADDRESS, settings_in
from tests.log_samples import new_event
from tests.tree_heads import note_head

AS_NOBODY = """
import os, sys
from pathlib import Path
from stenolog.cli.data_files import log_and_keys, master_key
from stenolog.config.settings import Settings
os.setuid(65534)
settings = Settings(data_dir=Path(sys.argv[1]))
for found in (master_key(settings), master_key(settings, runs=True), log_and_keys(settings)):
    print(found.holds, found.said, sep="|")
"""


@pytest.fixture
def used(tmp_path: Path) -> Path:
    """A directory of a gateway that was stopped with one event in its log."""

    async def make() -> None:
        make_directory(tmp_path)
        async with open_gateway(settings_in(tmp_path), ADDRESS):
            pass
        log = await SqliteLog.open(tmp_path / "log.db")
        await log.append("thing-1", [new_event()])
        note_head(tmp_path / TREE_HEADS, await log.frontier(), log.identity)
        await log.close()

    asyncio.run(make())
    return tmp_path


def test_a_whole_directory_has_nothing_to_mend(used: Path) -> None:
    assert odd_directory(used) is None
    assert master_key(settings_in(used)).holds is None
    key = log_key(settings_in(used))
    assert key.holds
    assert key.said.startswith("stenolog/")
    found = log_and_keys(settings_in(used))
    assert (found.holds, found.said) == (True, "4 events; `stenolog log verify` checks them")


@pytest.mark.parametrize("name", ["lock", "master-key", "log.db", "tree-heads.log"])
def test_a_pipe_in_the_place_of_a_file_is_named_and_not_waited_for(
    tmp_path: Path, name: str
) -> None:
    os.mkfifo(tmp_path / name)
    assert running(tmp_path) is None
    found = odd_directory(tmp_path)
    assert found is not None
    assert (found.holds, name in found.said) == (False, True)


@pytest.mark.parametrize("what", ["file", "loop"])
def test_what_is_no_directory_is_said_to_be_none(tmp_path: Path, what: str) -> None:
    path = tmp_path / "data"
    if what == "file":
        path.write_bytes(b"")
    else:
        path.symlink_to(path)
    found = odd_directory(path)
    assert found is not None
    assert (found.holds, found.said.endswith("is no directory")) == (False, True)


def test_an_empty_directory_has_nothing_yet(tmp_path: Path) -> None:
    assert master_key(settings_in(tmp_path)).holds is None
    assert log_and_keys(settings_in(tmp_path)).holds is None


@pytest.mark.parametrize(
    ("retention_ms", "kept"),
    [
        (None, "each is kept until its transcriptions are deleted"),
        (0, "each is kept until its transcriptions have their outcome"),
        (5_000, "each is kept until 5000 ms after the outcome of its transcriptions"),
    ],
)
def test_uploads_are_counted_with_how_long_they_are_kept(
    used: Path, retention_ms: int | None, kept: str
) -> None:
    assert uploads(settings_in(used)).said.startswith("0 files, 0.0 MB; ")
    for number in (1, 2):
        (used / "uploads" / str(uuid.UUID(int=number))).write_bytes(b"x" * 600_000)
    (used / "uploads" / f"{uuid.UUID(int=3)}.part").write_bytes(b"x" * 600_000)
    settings = settings_in(used).model_copy(update={"upload_retention_ms": retention_ms})
    found = uploads(settings)
    assert (found.holds, found.said) == (True, f"2 files, 1.2 MB; {kept}")


def test_uploads_of_an_empty_directory_are_not_there_yet(tmp_path: Path) -> None:
    assert uploads(settings_in(tmp_path)).holds is None


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:200] + b"nonsense" * 100)


def another_head(used: Path, **fields: Any) -> None:
    """The last tree head is another than that of the log."""
    last = last_head(used / TREE_HEADS)
    assert last is not None
    write_head(used / TREE_HEADS, replace(last, **fields))


DAMAGES: dict[str, Callable[[Path], object]] = {
    "log.db missing": lambda used: (used / "log.db").unlink(),
    "keys.db missing": lambda used: (used / "keys.db").unlink(),
    "keys.db empty": lambda used: (used / "keys.db").write_bytes(b""),
    "log.db cut": lambda used: cut(used / "log.db"),
    "keys.db cut": lambda used: cut(used / "keys.db"),
    "no database": lambda used: (used / "log.db").write_bytes(b"x" * 9_000),
    "log.db shorter": lambda used: another_head(used, size=9),
    "log.db rewritten": lambda used: another_head(used, root="0" * 64),
    "another log": lambda used: another_head(used, log_id="018f2f9e-7c1a-4d3b-8a4e-5b6c7d8e9f0a"),
    "older than a restore": lambda used: another_head(used, epoch=2),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_missing_or_broken_file_is_to_be_mended(used: Path, damage: str) -> None:
    DAMAGES[damage](used)
    found = log_and_keys(settings_in(used))
    assert found.holds is False, found
    assert "restore" in found.advice
    assert isinstance(master_key(settings_in(used)), Finding)


def test_a_log_that_was_copied_out_of_a_backup_is_to_be_restored(used: Path) -> None:
    write_kind(used / "log.db", LOG, copied=True)
    found = log_and_keys(settings_in(used))
    assert (found.holds, "copied out of a backup" in found.said) == (False, True)
    assert "`stenolog restore" in found.advice


def test_what_says_itself_what_to_do_advises_no_restore(used: Path) -> None:
    with contextlib.closing(sqlite3.connect(used / "log.db")) as run, run:
        run.execute("PRAGMA user_version = 99")
    found = log_and_keys(settings_in(used))
    assert (found.holds, found.advice) == (False, "")
    assert "use the newer version" in found.said


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to ask as another user")
def test_what_this_user_may_not_read_is_told_as_that(used: Path) -> None:
    """Never as a key that is missing, or as files that are to be restored."""
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, str(used)],
        capture_output=True,
        text=True,
        timeout=50,
        check=True,
    )
    assert done.stdout.splitlines() == [
        f"False|this user may not read {used / 'master-key'}",
        f"None|this user may not read {used / 'master-key'}",
        "False|this user may not read log.db and keys.db and tree-heads.log",
    ]
    assert "restore" not in done.stdout


def test_a_service_that_goes_on_writing_is_no_contradiction(used: Path) -> None:
    """Each look may come between an append and the head over it; none is ahead of the log."""
    settings = settings_in(used)
    done = threading.Event()

    async def grow() -> None:
        log = await SqliteLog.open(used / "log.db")
        while not done.is_set():
            await log.append("thing-1", [new_event()])
            note_head(used / TREE_HEADS, await log.frontier(), log.identity)
        await log.close()

    writing = threading.Thread(target=lambda: asyncio.run(grow()))
    writing.start()
    try:
        found = [log_and_keys(settings) for _ in range(40)]
    finally:
        done.set()
        writing.join()
    assert [one for one in found if one.holds is not True] == []


def test_a_missing_or_foreign_master_key_is_to_be_mended(used: Path) -> None:
    foreign = settings_in(used, master_key=SecretStr("ab" * 32))
    assert said_of(foreign) == (False, "not the one of this data directory")
    shutil.move(used / "master-key", used / "elsewhere")
    assert said_of(settings_in(used)) == (False, "missing, and there is a log")
    (used / "master-key").write_text("cd" * 32)
    assert said_of(settings_in(used)) == (False, "not the one of this data directory")


def said_of(settings: Settings) -> tuple[bool | None, str]:
    found = master_key(settings)
    return found.holds, found.said


def test_the_public_url_is_that_of_the_service_that_runs(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    assert public_url(settings).said == f"http://{settings.host}:{settings.port}"
    with locked(tmp_path, url="http://127.0.0.1:4711"):
        assert public_url(settings).said == "http://127.0.0.1:4711"
