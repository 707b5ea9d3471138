"""A backup is two parts of one moment, and a restore brings back nothing that was erased since."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from stenolog.bootstrap.backing_up import back_up
from stenolog.commands.key_ring import KeyRing
from stenolog.compliance.checkpoints import HeadSigner
from stenolog.compliance.known_head import compared_head
from stenolog.compliance.tree_heads import FILE_NAME
from stenolog.config.settings import Settings
from stenolog.encryption import SigningKey
from stenolog.errors import CannotStart, DataDirectoryLocked, StoreError
from stenolog.log.recorder import FactRecorder
from stenolog.log.store import EVENTS_PER_APPEND_MAX
from stenolog.stores.files.directory import locked
from tests.backups import (
    UPLOAD,
    Backed,
    backed_up,
    erased,
    moved_away,
    none_in,
    requested,
    restored,
)
from tests.log_samples import new_id, several

KEY = SigningKey(b"k" * 32)


def names_in(directory: Path) -> set[str]:
    return {str(path.relative_to(directory)) for path in directory.rglob("*")}


@pytest.fixture
async def data(tmp_path: Path) -> Backed:
    return Backed(tmp_path / "data")


async def test_a_backup_has_log_and_keys_apart_and_nothing_else(
    data: Backed, tmp_path: Path
) -> None:
    await data.request(3)
    (data.directory / "master-key").write_text("secret")
    (data.directory / "api-key").write_text("secret")
    made = backed_up(data, tmp_path / "backup")
    assert names_in(tmp_path / "backup") == {
        "log",
        "log/log.db",
        "log/tree-heads.log",
        "log/manifest.json",
        "log/uploads.txt",
        "log/uploads",
        f"log/uploads/{UPLOAD}",
        "keys",
        "keys/keys.db",
        "keys/manifest.json",
    }
    assert (made.head, made.epoch, made.uploads) == (4, 1, 1)
    assert names_in(tmp_path).isdisjoint({"backup.part"})


async def test_a_backup_that_could_not_get_its_name_is_made_again(
    data: Backed, tmp_path: Path
) -> None:
    await data.request(1)
    target = tmp_path / "backup"

    def in_the_way(done: str) -> None:
        if done == "described":
            (target / "other").mkdir(parents=True)

    with pytest.raises(StoreError, match="not empty"):
        back_up(Settings(data_dir=data.directory), target, uploads=True, step=in_the_way)
    shutil.rmtree(target)
    assert backed_up(data, target).head == 2
    assert not (tmp_path / "backup.part").exists()


async def test_restored_files_are_moved_into_place_without_a_wal(
    data: Backed, tmp_path: Path
) -> None:
    """A WAL that could not be emptied into its file would be left behind."""
    await data.request(1)
    backed_up(data, tmp_path / "backup")
    moved_away(data.directory)
    await restored(data.directory, tmp_path / "backup", deletions=none_in(tmp_path))
    for name in ("log.db", "keys.db"):
        versions = (data.directory / name).read_bytes()[18:20]
        assert versions == b"\x01\x01"  # fileformat2.html, 1.3.3: a rollback journal, no WAL


async def test_a_backup_is_never_written_over(data: Backed, tmp_path: Path) -> None:
    await data.request(1)
    backed_up(data, tmp_path / "backup")
    before = (tmp_path / "backup" / "log" / "manifest.json").read_bytes()
    with pytest.raises(CannotStart, match="is there already"):
        backed_up(data, tmp_path / "backup")
    assert (tmp_path / "backup" / "log" / "manifest.json").read_bytes() == before
    with pytest.raises(CannotStart, match="in the data directory"):
        backed_up(data, data.directory / "backup")


async def test_of_a_log_that_is_being_written_every_payload_has_its_key(
    data: Backed, tmp_path: Path
) -> None:
    """What is erased between the copy of the log and that of the keys comes back erased."""
    first = await data.request(2)
    async with data.opened() as (log, _, vault):
        step_taken = []

        async def later() -> None:
            await erased(log, vault, first[0])
            await requested(log, vault)

        loop = asyncio.get_running_loop()

        def step(said: str) -> None:
            if said == "log copied":
                asyncio.run_coroutine_threadsafe(later(), loop).result(20)
                step_taken.append(said)

        made = await asyncio.to_thread(
            back_up, Settings(data_dir=data.directory), tmp_path / "backup", uploads=True, step=step
        )
    assert step_taken
    assert made.head == 3
    done = await restored(tmp_path / "new", tmp_path / "backup", deletions=none_in(tmp_path))
    assert done.recorded.erased == 1
    again = Backed(tmp_path / "new")
    assert [await again.readable(identifier) for identifier in first] == [False, True]
    verdict = again.verified()
    assert (verdict.payloads, verdict.erased) == (1, 1)
    async with again.opened() as (log, keys, _):
        assert await keys.high_water() <= made.head < await log.head()


async def test_api_keys_that_were_made_between_the_copies_do_not_come_back(
    data: Backed, tmp_path: Path
) -> None:
    """The log copy does not have them: nobody could revoke them, or record that one is revoked."""
    known = await data.api_key()
    async with data.opened() as (log, keys, vault):
        loop, ring = asyncio.get_running_loop(), KeyRing(keys, log, FactRecorder(log, vault))
        made = []

        async def later() -> None:
            for name in ("revoked", "kept"):
                _, key = await ring.create(
                    actor=new_id(), tenant="default", name=name, scopes=("all",)
                )
                made.append(key.id)
            assert await ring.revoke(made[0], None, actor=new_id())

        def step(said: str) -> None:
            if said == "log copied":
                asyncio.run_coroutine_threadsafe(later(), loop).result(20)

        settings = Settings(data_dir=data.directory)
        await asyncio.to_thread(back_up, settings, tmp_path / "backup", uploads=True, step=step)
    assert len(made) == 2
    listed = tmp_path / "deletions"
    listed.write_text(f"api-key-{made[0]}\n")
    done = await restored(tmp_path / "new", tmp_path / "backup", deletions=listed)
    assert done.recorded.revoked == 0
    async with Backed(tmp_path / "new").opened() as (_, keys, _):
        assert [key.id for key in await keys.api_keys(None, after="", limit=9)] == [known]


async def test_a_restored_log_goes_on_in_a_new_epoch_and_verifies_for_ever(
    data: Backed, tmp_path: Path
) -> None:
    kept = await data.request(2)
    backed_up(data, tmp_path / "backup")
    await data.request(5)
    done = await restored(data.directory, tmp_path / "backup", replace=True)
    assert (done.epoch, done.events_lost) == (2, 5)
    events = await data.events()
    assert events[-1].type == "log.restored"
    assert {"epoch": 2, "events_lost": 5}.items() <= events[-1].data.items()
    data.verified()  # with heads of the old epoch that are beyond its end
    await data.request(9)  # beyond every old head
    assert [await data.readable(identifier) for identifier in kept] == [True, True]
    assert data.verified().count == 3 + 1 + 9
    backed_up(data, tmp_path / "second")
    assert (
        await restored(tmp_path / "new", tmp_path / "second", deletions=none_in(tmp_path))
    ).epoch == 3
    Backed(tmp_path / "new").verified()


async def test_two_restores_of_one_backup_are_told_apart(data: Backed, tmp_path: Path) -> None:
    await data.request(2)
    backed_up(data, tmp_path / "backup")
    one, other = Backed(tmp_path / "one"), Backed(tmp_path / "other")
    for each in (one, other):
        done = await restored(each.directory, tmp_path / "backup", deletions=none_in(tmp_path))
        assert done.epoch == 2
        await each.request(1)
    async with one.opened() as (log, _, _), other.opened() as (log_of_other, _, _):
        ours, theirs = log.identity, log_of_other.identity
        last = (await log.read(after=3))[0]
        assert await compared_head(log, one.directory / FILE_NAME) is not None
        with pytest.raises(CannotStart, match="are of two restores of one log"):
            await compared_head(log, other.directory / FILE_NAME)
    assert (ours.log_id, ours.epoch) == (theirs.log_id, theirs.epoch)
    assert ours.restore != theirs.restore
    assert last.data["restore"] == ours.restore
    assert {head.identity for head in one.heads()[-1:]} == {ours}
    assert HeadSigner(ours, KEY).origin == f"stenolog/{ours.log_id}/2-{ours.restore}"
    assert HeadSigner(ours, KEY).verifier_key != HeadSigner(theirs, KEY).verifier_key
    shutil.copy(other.directory / "keys.db", one.directory / "keys.db")
    with pytest.raises(CannotStart, match=r"^keys\.db .* are of two restores of one log"):
        await one.request(1)
    backed_up(other, tmp_path / "again")
    described = json.loads((tmp_path / "again" / "log" / "manifest.json").read_text())
    assert (described["epoch"], described["restore"]) == (2, theirs.restore)


async def test_what_was_erased_and_revoked_since_is_gone_by_the_directory_that_is_replaced(
    data: Backed, tmp_path: Path
) -> None:
    kept, gone = await data.request(2)
    backed_up(data, tmp_path / "backup")
    await data.erase(gone)
    later = (await data.request(1))[0]
    done = await restored(data.directory, tmp_path / "backup", replace=True)
    assert done.recorded.erased == 1
    assert [await data.readable(each) for each in (kept, gone, later)] == [True, False, False]
    verdict = data.verified()
    assert (verdict.payloads, verdict.erased) == (1, 1)
    assert done.aside is not None
    assert (done.aside / "log.db").is_file()
    canary = sqlite3.connect(data.directory / "keys.db")
    assert canary.execute("SELECT count(*) FROM data_keys").fetchone() == (1,)
    canary.close()


async def test_what_was_erased_and_revoked_since_is_gone_by_a_list(
    data: Backed, tmp_path: Path
) -> None:
    kept, gone = await data.request(2)
    key = await data.api_key()
    backed_up(data, tmp_path / "backup")
    moved_away(data.directory)
    listed = tmp_path / "deletions"
    unknown = "00000000-0000-4000-8000-00000000000a"
    listed.write_text(
        f"# since Monday\n\ntranscription-{gone}\ntranscription-{unknown}\napi-key-{key}\n"
    )
    done = await restored(data.directory, tmp_path / "backup", deletions=listed)
    assert (done.recorded.erased, done.recorded.revoked) == (1, 1)
    assert [await data.readable(each) for each in (kept, gone)] == [True, False]
    async with data.opened() as (_, keys, _):
        assert all(key.revoked_at for key in await keys.api_keys(None, after="", limit=9))
    assert "api_key.revoked" in [event.type for event in await data.events()]
    data.verified()
    listed.write_text("transcription-1\n")
    with pytest.raises(CannotStart, match=r"deletions, line 1"):
        await restored(tmp_path / "new", tmp_path / "backup", deletions=listed)


async def test_without_a_newer_log_and_a_list_nothing_is_restored(
    data: Backed, tmp_path: Path
) -> None:
    await data.request(1)
    backed_up(data, tmp_path / "backup", uploads=False)
    with pytest.raises(CannotStart, match=r"not known \(there is no newer log.*--deletions FILE"):
        await restored(tmp_path / "new", tmp_path / "backup")
    assert not (tmp_path / "new" / "log.db").exists()
    done = await restored(tmp_path / "new", tmp_path / "backup", deletions=none_in(tmp_path))
    assert (done.events_lost, done.aside) == (None, None)
    assert not names_in(tmp_path / "new" / "uploads")


async def test_uploads_come_back_as_they_were(data: Backed, tmp_path: Path) -> None:
    await data.request(1)
    backed_up(data, tmp_path / "backup")
    await restored(tmp_path / "new", tmp_path / "backup", deletions=none_in(tmp_path))
    stored = (data.directory / "uploads" / UPLOAD).read_bytes()
    assert (tmp_path / "new" / "uploads" / UPLOAD).read_bytes() == stored
    (tmp_path / "backup" / "log" / "uploads" / UPLOAD).write_bytes(b"other")
    with pytest.raises(CannotStart, match="not what was copied"):
        await restored(tmp_path / "third", tmp_path / "backup", deletions=none_in(tmp_path))


async def test_parts_of_two_backups_and_changed_files_are_refused(
    data: Backed, tmp_path: Path
) -> None:
    await data.request(1)
    backed_up(data, tmp_path / "one")
    await data.request(1)
    backed_up(data, tmp_path / "two")
    with pytest.raises(CannotStart, match="of two backups"):
        await restored(tmp_path / "new", tmp_path / "one", keys=tmp_path / "two" / "keys")
    with pytest.raises(CannotStart, match="is the log of a backup, not its keys"):
        await restored(tmp_path / "new", tmp_path / "one", keys=tmp_path / "one" / "log")
    moved = tmp_path / "elsewhere"
    shutil.move(tmp_path / "one" / "keys", moved)
    with pytest.raises(CannotStart, match="not the keys of a backup"):
        await restored(tmp_path / "new", tmp_path / "one")
    with (moved / "keys.db").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(CannotStart, match=r"keys\.db is not what was copied"):
        await restored(tmp_path / "new", tmp_path / "one", keys=moved, deletions=none_in(tmp_path))
    assert not (tmp_path / "new" / "log.db").exists()


async def test_a_directory_in_use_or_with_content_or_of_another_log_is_refused(
    data: Backed, tmp_path: Path
) -> None:
    await data.request(1)
    backed_up(data, tmp_path / "backup")
    with pytest.raises(CannotStart, match=r"log\.db and a keys\.db.*--replace"):
        await restored(data.directory, tmp_path / "backup")
    with locked(data.directory), pytest.raises(DataDirectoryLocked):
        await restored(data.directory, tmp_path / "backup", replace=True)
    other = Backed(tmp_path / "other")
    await other.request(1)
    with pytest.raises(CannotStart, match="another log than that of the backup"):
        await restored(other.directory, tmp_path / "backup", replace=True)
    assert len(await other.events()) == 2


async def test_a_newer_log_that_cannot_be_read_needs_a_list(data: Backed, tmp_path: Path) -> None:
    (kept,) = await data.request(1)
    backed_up(data, tmp_path / "backup")
    await data.request(1)
    (data.directory / "log.db").write_bytes(b"no log at all" * 1_000)
    with pytest.raises(CannotStart, match="--deletions FILE, which may be empty"):
        await restored(data.directory, tmp_path / "backup", replace=True)
    (tmp_path / "none").touch()
    done = await restored(
        data.directory, tmp_path / "backup", replace=True, deletions=tmp_path / "none"
    )
    assert done.events_lost == 1  # by the tree heads
    assert await data.readable(kept)


async def test_an_event_of_the_newer_log_that_cannot_be_read_may_be_an_erasure(
    data: Backed, tmp_path: Path
) -> None:
    await data.request(1)
    backed_up(data, tmp_path / "backup")
    (gone,) = await data.request(1)
    await data.erase(gone)
    with sqlite3.connect(data.directory / "log.db") as run:
        run.execute("UPDATE events SET bytes = x'00' WHERE type = 'erasure.requested'")
    run.close()
    with pytest.raises(CannotStart, match="1 events cannot be read"):
        await restored(data.directory, tmp_path / "backup", replace=True)


async def test_the_writer_goes_on_while_its_file_is_copied(data: Backed, tmp_path: Path) -> None:
    """A copy of several steps is of one moment, whatever is written between them."""
    await data.request(100)
    async with data.opened() as (log, _, vault):
        for number in range(30):  # more than one step of a mebibyte
            await log.append(f"upload-{number}", several(EVENTS_PER_APPEND_MAX))
        head, written = await log.head(), 0
        loop = asyncio.get_running_loop()

        def step(said: str) -> None:
            nonlocal written
            if said.startswith("log.db: "):
                asyncio.run_coroutine_threadsafe(requested(log, vault), loop).result(20)
                written += 1

        settings = Settings(data_dir=data.directory)
        made = await asyncio.to_thread(
            back_up, settings, tmp_path / "backup", uploads=False, step=step
        )
        assert written
        assert (made.head, await log.head()) == (head, head + written)
    await restored(tmp_path / "new", tmp_path / "backup", deletions=none_in(tmp_path))
    assert Backed(tmp_path / "new").verified().payloads == 100


async def test_a_damaged_file_is_not_backed_up(data: Backed, tmp_path: Path) -> None:
    await data.request(40)
    file = data.directory / "log.db"
    raw = bytearray(file.read_bytes())
    raw[4_096 * 5 : 4_096 * 6] = bytes(4_096)
    file.write_bytes(raw)
    with pytest.raises(StoreError, match="`stenolog restore BACKUP"):
        backed_up(data, tmp_path / "backup")
    assert not (tmp_path / "backup").exists()
    assert names_in(tmp_path / "backup.part") == {".stenolog-backup"}


async def test_a_manifest_that_is_none_is_refused(data: Backed, tmp_path: Path) -> None:
    await data.request(1)
    backed_up(data, tmp_path / "backup")
    file = tmp_path / "backup" / "log" / "manifest.json"
    whole = json.loads(file.read_text())
    file.write_text(json.dumps({**whole, "format": 2}))
    with pytest.raises(CannotStart, match="has format 2"):
        await restored(tmp_path / "new", tmp_path / "backup", deletions=none_in(tmp_path))
    file.write_text("{")
    with pytest.raises(CannotStart, match="not the manifest of a backup"):
        await restored(tmp_path / "new", tmp_path / "backup", deletions=none_in(tmp_path))
