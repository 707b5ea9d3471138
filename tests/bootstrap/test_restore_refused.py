"""A restore that is refused changes nothing; one that was interrupted is finished as it was."""

from __future__ import annotations

import hashlib
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stenolog.bootstrap.deletion_list import read_list
from stenolog.bootstrap.restoring import Sources, restore
from stenolog.compliance.deletions import Deletions
from stenolog.config.settings import Settings
from stenolog.errors import CannotStart
from stenolog.stores.files.swap import STAGING, refuse_half_restored
from tests.backups import UPLOAD, Backed, backed_up, none_in, restored, stenolog
from tests.log_samples import new_id


@pytest.fixture
async def data(tmp_path: Path) -> Backed:
    """A directory, its backup, and something that was erased since."""
    data = Backed(tmp_path / "data")
    gone, _ = await data.request(2)
    backed_up(data, tmp_path / "backup")
    await data.erase(gone)
    return data


def content_of(directory: Path) -> dict[str, str]:
    return {
        str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


def described(part: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """The manifest of this part says something else."""
    file = part / "manifest.json"
    said = json.loads(file.read_text())
    change(said)
    file.write_text(json.dumps(said))


def upload_changed(backup: Path) -> None:
    (backup / "log" / "uploads" / UPLOAD).write_bytes(b"other")


def upload_missing(backup: Path) -> None:
    (backup / "log" / "uploads" / UPLOAD).unlink()


def list_changed(backup: Path) -> None:
    (backup / "log" / "uploads.txt").write_text("")


def list_cut(backup: Path) -> None:
    """With a hash that fits."""
    list_changed(backup)
    empty = hashlib.sha256(b"").hexdigest()
    described(backup / "log", lambda said: said["files"].update({"uploads.txt": empty}))


def name_elsewhere(backup: Path) -> None:
    described(backup / "log", lambda said: said["files"].update({"../x": "0" * 64}))


def file_missing(backup: Path) -> None:
    (backup / "keys" / "keys.db").unlink()


def other_head(backup: Path) -> None:
    for part in ("log", "keys"):
        described(backup / part, lambda said: said.update(head=2))


def other_root(backup: Path) -> None:
    for part in ("log", "keys"):
        described(backup / part, lambda said: said.update(root="0" * 64))


DAMAGES: dict[Callable[[Path], None], str] = {
    upload_changed: "not what was copied",
    upload_missing: "is missing: take another backup",
    list_changed: r"uploads\.txt is not what was copied",
    list_cut: "names 0 of 1 uploads",
    name_elsewhere: "does not name the files of a backup",
    file_missing: r"keys\.db is missing",
    other_head: "not the one of its manifest",
    other_root: "not the one of its manifest",
}


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
async def test_a_backup_that_is_not_what_was_copied_is_refused_and_nothing_is_changed(
    data: Backed, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    damage(tmp_path / "backup")
    (data.directory / "lock").touch()
    (data.directory / "uploads" / UPLOAD).write_bytes(b"of the life since")
    before = content_of(data.directory)
    with pytest.raises(CannotStart, match=DAMAGES[damage]):
        await restored(
            data.directory, tmp_path / "backup", replace=True, deletions=none_in(tmp_path)
        )
    assert content_of(data.directory) == before
    refuse_half_restored(data.directory)
    await data.request(1)


async def test_a_restore_that_was_interrupted_is_not_finished_with_what_it_has_not_looked_at(
    data: Backed, tmp_path: Path
) -> None:
    kept = (await data.request(1))[0]
    backed_up(data, tmp_path / "second")
    backup = tmp_path / "second"
    sources = Sources(log=backup / "log", keys=backup / "keys", replace=True)

    class Interrupted(Exception):
        """As by a full disk."""

    def step(said: str) -> None:
        if said == "ready":
            raise Interrupted

    with pytest.raises(Interrupted):
        await restore(Settings(data_dir=data.directory), sources, step)
    with pytest.raises(CannotStart, match=r"run the same `stenolog restore` again$"):
        refuse_half_restored(data.directory)
    listed = tmp_path / "deletions"
    listed.write_text(f"transcription-{kept}\n")
    with pytest.raises(CannotStart, match="not looked at this --newer-log and --deletions"):
        await restored(
            data.directory, backup, replace=True, deletions=listed, newer_log=tmp_path / "other"
        )
    done = await restored(data.directory, backup, replace=True)
    assert done.epoch == 0
    assert await data.readable(kept)
    done = await restored(data.directory, backup, replace=True, deletions=listed)
    assert done.recorded.erased == 1
    assert not await data.readable(kept)


async def test_one_that_was_killed_early_may_be_given_up(data: Backed, tmp_path: Path) -> None:
    (data.directory / STAGING).mkdir()
    with pytest.raises(CannotStart, match=r"or remove .*\.restoring: nothing was replaced"):
        refuse_half_restored(data.directory)
    (tmp_path / "backup" / "keys" / "keys.db").unlink()
    with pytest.raises(CannotStart):
        await restored(data.directory, tmp_path / "backup", replace=True)
    refuse_half_restored(data.directory)


async def test_an_upload_of_the_same_name_is_moved_aside(data: Backed, tmp_path: Path) -> None:
    place = data.directory / "uploads" / UPLOAD
    sealed = place.read_bytes()
    place.write_bytes(b"of the life since")
    done = await restored(data.directory, tmp_path / "backup", replace=True)
    assert place.read_bytes() == sealed
    assert done.aside is not None
    assert (done.aside / "uploads" / UPLOAD).read_bytes() == b"of the life since"


def test_the_commands_name_the_file_that_is_missing(tmp_path: Path) -> None:
    said = stenolog(
        "restore",
        tmp_path / "backup",
        "--data-dir",
        tmp_path / "data",
        "--deletions",
        tmp_path / "missing",
        expected=3,
    )
    assert f"--deletions {tmp_path / 'missing'}: No such file or directory" in said
    assert not (tmp_path / "data").exists()


async def test_a_backup_is_not_made_where_one_stands(data: Backed, tmp_path: Path) -> None:
    """The directory would be put in the place of the one in which the shell is."""
    here = tmp_path / "here"
    here.mkdir()
    said = stenolog("backup", ".", "--data-dir", data.directory, cwd=here, expected=3)
    assert "name a directory in it" in said
    stenolog("backup", "one", "--data-dir", data.directory, cwd=here)
    assert (here / "one" / "log" / "log.db").is_file()


def test_a_long_list_of_deletions_takes_the_room_of_its_lines(tmp_path: Path) -> None:
    listed, stream = tmp_path / "deletions", f"upload-{new_id()}"
    listed.write_bytes((b"#" + b" " * 4_000 + b"\n") * 4_000 + f"{stream}\r\n".encode())
    deletions = Deletions()
    tracemalloc.start()
    try:
        digest = read_list(listed, deletions)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()
    assert deletions.streams == {stream}
    assert digest == hashlib.sha256(listed.read_bytes()).hexdigest()
    with listed.open("ab") as file:
        file.write(b"#" * 4_097)
    with pytest.raises(CannotStart, match="line 4002: longer than 4096 bytes"):
        read_list(listed, Deletions())
