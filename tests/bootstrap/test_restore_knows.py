"""Nothing that was erased, revoked or released after a backup comes back without a word."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from stenolog.bootstrap.restoring import Sources, restore
from stenolog.cli.restore import told
from stenolog.config.settings import Settings
from stenolog.errors import CannotStart
from stenolog.stores.files.directory import make_directory
from stenolog.stores.sqlite.log.store import SqliteLog
from tests import rfc6962
from tests.backups import (
    Backed,
    backed_up,
    erased,
    head_written,
    moved_away,
    none_in,
    requested,
    restored,
)
from tests.data_files import log_and_keys

NOT_KNOWN = "what was erased since the backup is not known"


@pytest.fixture
async def data(tmp_path: Path) -> Backed:
    return Backed(tmp_path / "data")


def copied_into(backup: Path, directory: Path) -> None:
    """As by `cp` of a whole backup."""
    for part in ("log", "keys"):
        for file in (backup / part).iterdir():
            if file.is_file() and file.name != "manifest.json":
                shutil.copy(file, directory / file.name)


def older_copy(directory: Path, target: Path) -> Path:
    """As by `cp` of a directory that was closed: nothing in it says that it is a copy."""
    make_directory(target)
    for name in ("log.db", "keys.db", "tree-heads.log"):
        shutil.copy(directory / name, target / name)
    return target


async def erased_since(data: Backed, backup: Path) -> str:
    """What was erased after a backup."""
    (gone,) = await data.request(1)
    backed_up(data, backup)
    await data.erase(gone)
    return gone


async def test_a_backup_that_was_copied_into_place_is_not_served_and_not_taken_for_the_newest(
    data: Backed, tmp_path: Path
) -> None:
    gone = await erased_since(data, tmp_path / "backup")
    moved_away(data.directory)
    make_directory(data.directory)
    copied_into(tmp_path / "backup", data.directory)
    with pytest.raises(CannotStart, match=r"copied out of a backup.*`stenolog restore BACKUP"):
        await SqliteLog.open(data.directory / "log.db")
    with pytest.raises(CannotStart, match=rf"{NOT_KNOWN} .*was copied out of a backup"):
        await restored(data.directory, tmp_path / "backup", replace=True)
    listed = tmp_path / "deletions"
    listed.write_text(f"transcription-{gone}\n")
    await restored(data.directory, tmp_path / "backup", replace=True, deletions=listed)
    assert not await data.readable(gone)


@pytest.mark.parametrize("seen_by", ["work.db", "tree-heads.log", "keys.db"])
async def test_a_log_that_does_not_reach_what_was_seen_of_it_is_not_the_newest(
    data: Backed, tmp_path: Path, seen_by: str
) -> None:
    """Of what a file has seen the log has nothing, and all other files are as old as it is."""
    (gone,) = await data.request(1)
    backed_up(data, tmp_path / "backup")
    older = older_copy(data.directory, tmp_path / "older")
    await data.erase(gone)
    await data.request(2)
    await data.followed_to_the_end()
    for name in ("log.db", "keys.db", "tree-heads.log"):
        if name != seen_by:
            shutil.copy(older / name, data.directory / name)
    if seen_by != "work.db":
        (data.directory / "work.db").unlink()
    with pytest.raises(
        CannotStart,
        match=rf"{NOT_KNOWN} .*does not have event \d+ of epoch 1, which .*/{seen_by} has seen",
    ):
        await restored(data.directory, tmp_path / "backup", replace=True)
    listed = tmp_path / "deletions"
    listed.write_text(f"transcription-{gone}\n")
    await restored(data.directory, tmp_path / "backup", replace=True, deletions=listed)
    assert not await data.readable(gone)


async def test_a_log_without_tree_heads_does_not_say_whether_its_end_is_there(
    data: Backed, tmp_path: Path
) -> None:
    await erased_since(data, tmp_path / "backup")
    (data.directory / "tree-heads.log").unlink()
    with pytest.raises(CannotStart, match=r"has no tree-heads\.log beside it"):
        await restored(data.directory, tmp_path / "backup", replace=True)


async def test_a_log_that_went_another_way_is_not_the_newest_whatever_it_reaches(
    data: Backed, tmp_path: Path
) -> None:
    """Older files were copied back and used, so that positions mean other events."""
    await data.request(1)
    older = older_copy(data.directory, tmp_path / "older")
    gone = await erased_since(data, tmp_path / "backup")
    other = Backed(older)
    await other.request(9)
    with pytest.raises(CannotStart, match=r"its first \d+ events are not those"):
        await restored(older, tmp_path / "backup", replace=True)
    listed = tmp_path / "deletions"
    listed.write_text(f"transcription-{gone}\n")
    await restored(older, tmp_path / "backup", replace=True, deletions=listed)
    assert not await other.readable(gone)
    assert other.verified().complete  # whatever the heads of the other way say


@pytest.mark.parametrize("covered", [True, False])
async def test_a_rewritten_end_is_not_believed(data: Backed, tmp_path: Path, covered: bool) -> None:
    """An erasure that is taken out of the newer log is missed by the root over its events."""
    (gone,) = await data.request(1)
    backed_up(data, tmp_path / "backup")
    async with data.opened() as (log, _, vault):
        await erased(log, vault, gone)
        if covered:
            await head_written(log, data.directory)
    with contextlib.closing(sqlite3.connect(data.directory / "log.db")) as run, run:
        (stored,) = run.execute("SELECT bytes FROM events ORDER BY position DESC LIMIT 1")
        event = json.loads(stored[0])
        event.update(type="damage.accepted", data={"position": 1})
        said = json.dumps(event, sort_keys=True, separators=(",", ":")).encode()
        run.execute("UPDATE events SET bytes = ? WHERE bytes = ?", (said, stored[0]))
    found = r"its first \d+ events are not those" if covered else "not those of its tree"
    with pytest.raises(CannotStart, match=found):
        await restored(data.directory, tmp_path / "backup", replace=True)


async def test_what_an_earlier_restore_did_not_have_stays_deleted_in_the_next_one(
    data: Backed, tmp_path: Path
) -> None:
    """Monday's backup is restored, and then Tuesday's, which has what was deleted on Wednesday."""
    await data.request(1)
    backed_up(data, tmp_path / "monday")
    (gone,) = await data.request(1)
    kept_key, key = await data.api_key(), await data.api_key()
    upload = await data.upload()
    backed_up(data, tmp_path / "tuesday")
    await data.erase(gone)
    await data.revoke(key)
    await data.release(upload)
    done = await restored(data.directory, tmp_path / "monday", replace=True)
    assert (done.recorded.erased, done.recorded.revoked, done.recorded.released) == (0, 0, 0)
    done = await restored(data.directory, tmp_path / "tuesday", replace=True)
    assert (done.recorded.erased, done.recorded.revoked, done.recorded.released) == (1, 1, 1)
    assert not await data.readable(gone)
    async with log_and_keys(data.directory) as (_, keys):
        held = {one.id: one.revoked_at for one in await keys.api_keys(None, after="", limit=9)}
        assert (held[key] is None, held[kept_key] is None) == (False, True)
        assert not await keys.data_keys_of([f"upload-{upload}"])
    assert not (data.directory / "uploads" / upload).exists()
    assert data.verified().complete


async def test_a_third_restore_knows_what_was_deleted_in_a_life_that_was_left(
    data: Backed, tmp_path: Path
) -> None:
    """The second left the life of the first, whose heads still stand there, and knew all of it."""
    gone, kept = await data.request(2)
    backed_up(data, tmp_path / "monday")
    await data.request(5)
    backed_up(data, tmp_path / "tuesday")
    await restored(data.directory, tmp_path / "monday", replace=True)
    await data.erase(gone)
    for backup in ("tuesday", "tuesday", "monday"):
        await restored(data.directory, tmp_path / backup, replace=True)
        assert [await data.readable(each) for each in (gone, kept)] == [False, True]
    assert data.verified().complete
    other = Backed(tmp_path / "other")
    await restored(other.directory, tmp_path / "monday", deletions=none_in(tmp_path))
    await other.erase(kept)
    with contextlib.closing(sqlite3.connect(other.directory / "log.db")) as run, run:
        run.execute("UPDATE events SET bytes = x'00' WHERE type = 'erasure.requested'")
    with pytest.raises(CannotStart, match=NOT_KNOWN):  # of a life elsewhere no restore knew
        await restored(data.directory, tmp_path / "monday", replace=True, newer_log=other.directory)


async def test_keys_that_stand_there_say_what_was_destroyed_when_the_log_is_gone(
    data: Backed, tmp_path: Path
) -> None:
    gone = await erased_since(data, tmp_path / "backup")
    (data.directory / "log.db").unlink()
    with pytest.raises(CannotStart, match=NOT_KNOWN):
        await restored(data.directory, tmp_path / "backup", replace=True)
    done = await restored(
        data.directory, tmp_path / "backup", replace=True, deletions=none_in(tmp_path)
    )
    assert done.recorded.erased == 1
    assert not await data.readable(gone)


async def test_the_log_that_is_named_and_the_directorys_own_are_both_read(
    data: Backed, tmp_path: Path
) -> None:
    first, second = await data.request(2)
    backed_up(data, tmp_path / "backup")
    other = Backed(tmp_path / "other")
    await restored(other.directory, tmp_path / "backup", deletions=none_in(tmp_path))
    await data.erase(first)
    await other.erase(second)
    done = await restored(
        data.directory, tmp_path / "backup", replace=True, newer_log=other.directory
    )
    assert (done.recorded.erased, done.epoch) == (2, 3)
    assert [await data.readable(each) for each in (first, second)] == [False, False]
    assert data.verified().complete  # with the heads of both


async def test_a_release_is_carried_out_again_and_says_why(data: Backed, tmp_path: Path) -> None:
    kept, gone = await data.upload(), await data.upload()
    backed_up(data, tmp_path / "backup")
    await data.release(gone, "unused")
    (data.directory / "keys.db").unlink()  # the log says it alone, too
    done = await restored(data.directory, tmp_path / "backup", replace=True)
    assert done.recorded.released == 1
    released = [event for event in await data.events() if event.type == "upload.released"]
    assert [(event.stream, event.data) for event in released] == [
        (f"upload-{gone}", {"reason": "unused"})
    ]
    uploads = data.directory / "uploads"
    assert [(uploads / each).exists() for each in (kept, gone)] == [True, False]
    listed = tmp_path / "deletions"
    listed.write_text(f"upload-{kept}\n")
    done = await restored(tmp_path / "new", tmp_path / "backup", deletions=listed)
    assert done.recorded.released == 1
    assert not (tmp_path / "new" / "uploads" / kept).exists()


async def test_heads_of_all_lives_are_kept_and_the_last_is_over_the_restored_log(
    data: Backed, tmp_path: Path
) -> None:
    await data.request(1)
    backed_up(data, tmp_path / "monday")
    await data.request(5)
    backed_up(data, tmp_path / "tuesday")
    await restored(data.directory, tmp_path / "monday", replace=True)
    await data.request(1)  # fewer than Tuesday's: a head of this life is over others of its events
    before = (data.directory / "tree-heads.log").read_bytes().splitlines()
    await restored(data.directory, tmp_path / "tuesday", replace=True)
    lines = (data.directory / "tree-heads.log").read_bytes().splitlines()
    assert {line for line in before if b" 2-" in line} < set(lines)
    verdict = data.verified()
    assert verdict.complete
    assert (verdict.covered, verdict.explained) == (verdict.count, 2)
    assert int(lines[-1].split()[0]) == verdict.count
    with contextlib.closing(sqlite3.connect(data.directory / "log.db")) as run:
        stored = [row[0] for row in run.execute("SELECT bytes FROM events ORDER BY position")]
    held = [
        head for head in data.heads() if rfc6962.tree_hash(stored[: head.size]).hex() == head.root
    ]
    left = [head for head in data.heads() if head not in held]
    assert [head.epoch for head in left] == [2, 2], "of the life that the second restore left"


async def test_what_a_damaged_log_does_not_tell_another_one_may(
    data: Backed, tmp_path: Path
) -> None:
    gone = await erased_since(data, tmp_path / "backup")
    mirror, older = tmp_path / "mirror", tmp_path / "older"
    older_copy(data.directory, older)
    await data.request(1)
    older_copy(data.directory, mirror)
    with contextlib.closing(sqlite3.connect(data.directory / "log.db")) as run, run:
        run.execute("UPDATE events SET bytes = x'00' WHERE type = 'erasure.requested'")
    (data.directory / "tree-heads.log").write_bytes((older / "tree-heads.log").read_bytes())
    shutil.copy(older / "keys.db", data.directory / "keys.db")
    with pytest.raises(CannotStart, match=r"older does not have event 4 of epoch 1, which .*data"):
        await restored(data.directory, tmp_path / "backup", replace=True, newer_log=older)
    done = await restored(data.directory, tmp_path / "backup", replace=True, newer_log=mirror)
    assert (done.recorded.erased, done.events_lost) == (1, 2)
    assert not await data.readable(gone)


@pytest.mark.parametrize(
    "damage",
    ["UPDATE events SET bytes = x'00' WHERE stream = ?", "DELETE FROM events WHERE stream = ?"],
)
async def test_a_deletion_that_a_damaged_log_cannot_take_is_named_and_carried_out(
    data: Backed, tmp_path: Path, damage: str
) -> None:
    """Whose a transcription is, of which no record can be read, a list does not say."""
    lost, whole = await data.request(2)
    with contextlib.closing(sqlite3.connect(data.directory / "log.db")) as run, run:
        run.execute(damage, (f"transcription-{lost}",))
    backed_up(data, tmp_path / "backup")
    listed = tmp_path / "deletions"
    listed.write_text(f"transcription-{lost}\ntranscription-{whole}\n")
    done = await restored(tmp_path / "new", tmp_path / "backup", deletions=listed)
    assert (done.recorded.erased, done.recorded.unrecorded) == (1, [f"transcription-{lost}"])
    with contextlib.closing(sqlite3.connect(tmp_path / "new" / "keys.db")) as run:
        assert run.execute("SELECT count(*) FROM destroyed").fetchone() == (2,)
    assert "their keys are destroyed, the log cannot say so" in "\n".join(
        told(done, tmp_path / "new")
    )


async def test_a_newer_log_may_be_one_that_is_being_written(data: Backed, tmp_path: Path) -> None:
    gone = await erased_since(data, tmp_path / "backup")
    async with data.opened() as (log, _, vault):
        await requested(log, vault)
        loop = asyncio.get_running_loop()

        async def more() -> None:
            await requested(log, vault)
            await head_written(log, data.directory)

        def step(said: str) -> None:
            if said == "deletions read":
                asyncio.run_coroutine_threadsafe(more(), loop).result(20)

        backup = tmp_path / "backup"
        sources = Sources(
            log=backup / "log", keys=backup / "keys", newer_log=data.directory / "log.db"
        )
        work = restore(Settings(data_dir=tmp_path / "new"), sources, step)
        done = await asyncio.to_thread(asyncio.run, work)
    assert done.recorded.erased == 1
    assert not await Backed(tmp_path / "new").readable(gone)


async def test_a_log_beside_a_wal_of_another_life_is_not_the_newest(
    data: Backed, tmp_path: Path
) -> None:
    """As by `cp` of an older file over one that was not closed."""
    await data.request(60)
    older = (data.directory / "log.db").read_bytes()
    await erased_since(data, tmp_path / "backup")
    async with data.opened() as (log, _, vault):
        for _ in range(60):
            await requested(log, vault)
        with contextlib.closing(sqlite3.connect(data.directory / "log.db")) as run:
            assert run.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()[0] == 0
        await requested(log, vault)
        wal = (data.directory / "log.db-wal").read_bytes()
        await head_written(log, data.directory)
    (data.directory / "log.db").write_bytes(older)
    (data.directory / "log.db-wal").write_bytes(wal)
    with pytest.raises(CannotStart, match=NOT_KNOWN):
        await restored(data.directory, tmp_path / "backup", replace=True)
