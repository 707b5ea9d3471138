"""Killed after each of its steps, a backup is none, and a restore is finished by the next one."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from stenolog.bootstrap.backing_up import back_up
from stenolog.bootstrap.restoring import Sources, restore
from stenolog.config.settings import Settings
from stenolog.errors import CannotStart
from stenolog.stores.files.manifest import read_pair
from stenolog.stores.files.swap import STAGING, refuse_half_restored
from tests.backups import Backed

Step = Callable[[str], None]
BACKUP_STEPS, RESTORE_STEPS = 9, 22  # at least; a file that is not there makes none
LIMIT_MAX = 60


def killed_after(limit: int, work: Callable[[Step], object]) -> bool:
    """Do the work in a process that gets SIGKILL after its step `limit`; whether it did."""
    child = os.fork()
    if child == 0:
        done = 0

        def step(_: str) -> None:
            nonlocal done
            done += 1
            if done == limit:
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            work(step)
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def released_once(data: Backed, upload: str) -> bool:
    types = [event.type for event in asyncio.run(data.events())]
    return (
        types.count("upload.released") == 1 and not (data.directory / "uploads" / upload).exists()
    )


def nothing(_: str) -> None:
    """Nobody looks."""


def test_a_backup_that_was_killed_is_none_and_the_next_one_takes_its_place(tmp_path: Path) -> None:
    data = Backed(tmp_path / "data")
    asyncio.run(data.request(3))
    settings = Settings(data_dir=data.directory)
    target = tmp_path / "backup"

    def work(step: Step) -> None:
        back_up(settings, target, uploads=True, step=step)

    limit = 1
    while killed_after(limit, work):
        if not target.exists():  # it is whole once it has its name
            with pytest.raises(CannotStart):
                read_pair(target / "log", target / "keys")
            work(nothing)
        read_pair(target / "log", target / "keys")
        assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".part")] == []
        shutil.rmtree(target)
        limit += 1
        assert limit < LIMIT_MAX
    assert limit > BACKUP_STEPS


def test_a_restore_that_was_killed_keeps_what_was_there_or_is_finished_by_the_next(
    tmp_path: Path,
) -> None:
    data = Backed(tmp_path / "data")
    kept, gone = asyncio.run(data.request(2))
    backup, crashed = tmp_path / "backup", tmp_path / "crashed"
    settings = Settings(data_dir=data.directory)
    changed, removed, released = (asyncio.run(data.upload()) for _ in range(3))
    back_up(settings, backup, uploads=True, step=nothing)
    asyncio.run(data.erase(gone))
    asyncio.run(data.release(released))
    uploads = data.directory / "uploads"
    (uploads / changed).write_bytes(b"of the life before")
    (uploads / removed).unlink()
    stored = {name: (backup / "log" / "uploads" / name).read_bytes() for name in (changed, removed)}
    for name in ("views.db", "work.db", "work.db-wal"):
        (data.directory / name).write_bytes(b"of the life before")
    shutil.copytree(data.directory, crashed)
    sources = Sources(log=backup / "log", keys=backup / "keys", replace=True)

    def work(step: Step) -> None:
        asyncio.run(restore(settings, sources, step))

    limit = 1
    while killed_after(limit, work):
        if (data.directory / STAGING).exists():
            with pytest.raises(CannotStart, match="interrupted: run the same"):
                refuse_half_restored(data.directory)
        work(nothing)
        assert [asyncio.run(data.readable(each)) for each in (kept, gone)] == [True, False]
        assert data.verified().erased == 1
        assert {name: (uploads / name).read_bytes() for name in stored} == stored
        assert not (uploads / released).exists()
        assert released_once(data, released)
        assert len(list(data.directory.glob(f"replaced-*/uploads/{changed}"))) == 1
        assert not (data.directory / STAGING).exists()
        assert not (data.directory / "work.db-wal").exists()
        shutil.rmtree(data.directory)
        shutil.copytree(crashed, data.directory)
        limit += 1
        assert limit < LIMIT_MAX
    assert limit > RESTORE_STEPS
