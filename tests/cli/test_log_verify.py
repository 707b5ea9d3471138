"""What `stenolog log verify` says, and its exit statuses: what was checked, and no more."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from stenolog import clock
from stenolog.bootstrap.backing_up import back_up
from stenolog.bootstrap.gateway import open_gateway
from stenolog.cli.log import command
from stenolog.cli.main import stenolog as every_command
from stenolog.compliance.data_keys import MasterKey
from stenolog.compliance.tree_heads import FILE_NAME, last_head, read_heads, write_head
from stenolog.compliance.vault import Vault
from stenolog.compliance.verify import verify as verified
from stenolog.config.settings import Settings
from stenolog.log.event import SealedPayload
from stenolog.stores.files.directory import make_directory
from stenolog.stores.sqlite.records import SqliteRecords
from tests.bootstrap.test_directory import ADDRESS, settings_in
from tests.data_files import log_and_keys
from tests.dedupe_keys import keyed
from tests.faults.small_log import open_recomputed, rewritten, tree_recomputed
from tests.log_samples import BEGUN, RESTORE, new_event, several
from tests.tree_heads import note_head

COVERED, EVENTS = BEGUN + 20, BEGUN + 30
ASKED = "0193a1b2-0000-7000-8000-000000000001"
STREAM = "transcription-0193a1b2-0000-7000-8000-000000000002"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A service's directory: heads over the events 1 to 21, and ten more events."""

    path = tmp_path / "data"

    async def make() -> None:
        make_directory(path)
        async with open_gateway(settings_in(path), ADDRESS):
            pass
        async with log_and_keys(path) as (log, _):
            await log.append("upload-1", several(20 - (await log.head() - BEGUN)))
            note_head(path / FILE_NAME, await log.frontier(), log.identity)
            await log.append("upload-2", several(10))

    asyncio.run(make())
    return path


# The interpreter's own files may not be readable for others, so it changes when all is loaded.
AS_NOBODY = "import os; from stenolog.cli.log import command; os.setuid(65534); command(['verify'])"


def verify(directory: Path, *words: str, **environ: str) -> Result:
    env = {"STENOLOG_DATA_DIR": str(directory), **environ}
    return CliRunner().invoke(command, ["verify", *words], env=env)


def lines(result: Result) -> list[str]:
    return result.stdout.splitlines()


def altered(directory: Path, change: Callable[[sqlite3.Connection], object]) -> None:
    with contextlib.closing(sqlite3.connect(directory / "log.db", isolation_level=None)) as run:
        run.execute("PRAGMA foreign_keys = OFF")
        change(run)


def forged(run: sqlite3.Connection) -> None:
    """An event of the covered ones says something else, and all of the file agrees."""
    rewritten(run, 3, actor="00000000-0000-4000-8000-000000000005")


def forged_behind(run: sqlite3.Connection) -> None:
    rewritten(run, EVENTS - 1, actor="00000000-0000-4000-8000-000000000005")


def cut_at(run: sqlite3.Connection, count: int) -> None:
    run.execute("DELETE FROM events WHERE position > ?", (count,))
    tree_recomputed(run)
    open_recomputed(run)


def keep_heads(directory: Path, *, up_to: int) -> None:
    heads, _ = read_heads(directory / FILE_NAME)
    (directory / FILE_NAME).unlink()
    for head in heads:
        if head.size <= up_to:
            write_head(directory / FILE_NAME, head)


# What holds


def test_the_verdict_comes_last_and_says_how_far_heads_reach(directory: Path) -> None:
    result = verify(directory)
    assert (result.exit_code, result.stderr) == (0, "")
    *before, verdict = lines(result)
    assert verdict.startswith(f"verified: head {EVENTS}, root ")
    assert f"{EVENTS} events" in verdict
    assert any(
        f"cover events 1 to {COVERED}; {COVERED + 1} to {EVENTS} are covered by none" in line
        for line in before
    )
    assert any("--against" in line for line in before), "heads beside the log prove little"
    said = json.loads(verify(directory, "--json").stdout)
    assert (said["holds"], said["complete"]) == (True, True)
    assert (said["head"], said["covered"]) == (EVENTS, COVERED)


def test_without_the_master_key_it_is_verified_in_part(directory: Path) -> None:
    key = (directory / "master-key").read_text().strip()
    (directory / "master-key").rename(directory.parent / "master-key-elsewhere")
    result = verify(directory)
    assert result.exit_code == 5
    assert lines(result)[-1].startswith(f"partly verified: head {EVENTS}, root ")
    assert "not checked: payloads were not opened: the master key is not here" in result.stdout
    assert json.loads(verify(directory, "--json").stdout)["complete"] is False
    assert verify(directory, STENOLOG_MASTER_KEY=key).exit_code == 0
    settings = directory.parent / "service.env"
    settings.write_text(f'# of the service\nOTHER=x\nSTENOLOG_MASTER_KEY="{key}"\n')
    assert verify(directory, "--env-file", str(settings)).exit_code == 0


def test_the_master_key_of_another_directory_is_not_the_logs_fault(directory: Path) -> None:
    result = verify(directory, STENOLOG_MASTER_KEY="ab" * 32)
    assert result.exit_code == 5
    assert "the master key here is not that of this directory" in result.stdout


@pytest.mark.parametrize("name", ["log.db", "keys.db"])
def test_a_newer_format_cannot_be_judged(directory: Path, name: str) -> None:
    with contextlib.closing(sqlite3.connect(directory / name)) as run, run:
        run.execute("PRAGMA user_version = 99")
    result = verify(directory)
    assert result.exit_code == 6
    (said,) = lines(result)
    assert said.startswith(f"cannot judge: {name} has format 99")
    assert json.loads(verify(directory, "--json").stdout)["holds"] is None


def test_of_a_backup_the_log_alone_is_verified_in_part(directory: Path) -> None:
    settings, backup = Settings(data_dir=directory), directory.parent / "backup"
    back_up(settings, backup, uploads=False, step=lambda _: None)
    key = (directory / "master-key").read_text().strip()
    result = verify(backup / "log", STENOLOG_MASTER_KEY=key)
    assert result.exit_code == 5
    assert (
        "not checked: payloads were not opened, nor erasures compared with keys: keys.db is not "
        "here" in result.stdout
    )
    assert lines(result)[-1].startswith(f"partly verified: head {EVENTS}, root ")
    altered(backup / "log", forged)
    assert verify(backup / "log").exit_code == 1
    result = verify(backup)
    assert result.exit_code == 3
    assert f"name {backup / 'log'}, of a backup, with --data-dir" in result.stderr


def test_a_file_of_keys_that_is_damaged_is_told_as_that(directory: Path) -> None:
    """No record is wrong."""
    (directory / "keys.db").write_bytes(b"no keys" * 2_000)
    result = verify(directory)
    assert result.exit_code == 1
    assert lines(result)[-1].startswith("not verified, the files are damaged")
    assert "structure: keys.db: file is not a database" in result.stdout
    assert "position" not in result.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to ask as another user")
def test_files_that_may_not_be_read_cannot_be_judged(directory: Path) -> None:
    environ = {**os.environ, "STENOLOG_DATA_DIR": str(directory)}
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY],
        env=environ,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert (done.returncode, done.stderr) == (6, "")
    assert done.stdout == f"cannot judge: {directory / 'log.db'}: Permission denied\n"


# Who writes the files, and what must be said then


def test_a_rewrite_of_what_a_head_covers_is_found(directory: Path) -> None:
    altered(directory, forged)
    result = verify(directory)
    assert result.exit_code == 1
    assert lines(result)[-1].startswith("position ")
    assert "was replaced" in lines(result)[-1]


def test_a_rewrite_with_the_heads_removed_is_not_called_verified(directory: Path) -> None:
    altered(directory, forged)
    (directory / FILE_NAME).unlink()
    result = verify(directory)
    assert result.exit_code == 5
    assert "neither a truncation at the end nor a rewrite of the past can be seen" in result.stdout
    assert lines(result)[-1].startswith("partly verified")


def test_a_rewrite_behind_the_last_head_is_where_none_reaches(directory: Path) -> None:
    altered(directory, forged_behind)
    keep_heads(directory, up_to=BEGUN)
    result = verify(directory)
    assert result.exit_code == 0
    assert f"cover events 1 to {BEGUN}; {BEGUN + 1} to {EVENTS} are covered by none" in (
        result.stdout
    )


def test_what_no_head_has_covered_for_minutes_is_verified_in_part(directory: Path) -> None:
    """As when the heads are cut to their first line; a service covers its own within a minute."""
    altered(directory, forged_behind)
    keep_heads(directory, up_to=BEGUN)
    heads, unreadable = read_heads(directory / FILE_NAME)
    for minutes, complete in ((1, True), (3, False)):
        now_us = clock.now_us() + minutes * 60_000_000
        with contextlib.closing(SqliteRecords(directory / "log.db", directory / "keys.db")) as all_:
            verdict = verified(all_, master_of(directory), heads, unreadable, now_us=now_us)
        assert verdict.complete == complete
    assert f"events {BEGUN + 1} to {EVENTS} are covered by no tree head" in verdict.unchecked[0]


def test_a_cut_end_with_its_heads_is_seen_by_heads_kept_elsewhere(directory: Path) -> None:
    kept = directory.parent / "kept"
    kept.write_bytes((directory / FILE_NAME).read_bytes())
    altered(directory, lambda run: cut_at(run, 12))
    keep_heads(directory, up_to=12)
    assert verify(directory).exit_code == 0, "nobody can see it here"
    assert "compare with heads that were kept elsewhere" in verify(directory).stdout
    result = verify(directory, "--against", str(kept))
    assert result.exit_code == 1
    assert lines(result)[-1].startswith("position 13: the log ends after 12 events, but had 21 at")


def test_a_rewrite_with_a_head_of_its_own_is_seen_by_the_earlier_one(directory: Path) -> None:
    altered(directory, forged)

    async def note() -> None:
        async with log_and_keys(directory) as (log, _):
            note_head(directory / FILE_NAME, await log.frontier(), log.identity)

    asyncio.run(note())
    result = verify(directory)
    assert result.exit_code == 1
    assert "was replaced" in lines(result)[-1]


def test_a_rewrite_with_heads_that_agree_is_seen_by_heads_kept_elsewhere(directory: Path) -> None:
    """Who can write all files can make them agree; then the verdict says what it rests on."""
    kept = directory.parent / "kept"
    kept.write_text(checkpoint(directory))
    altered(directory, forged)
    (directory / FILE_NAME).unlink()

    async def note() -> None:
        async with log_and_keys(directory) as (log, _):
            note_head(directory / FILE_NAME, await log.frontier(), log.identity)

    asyncio.run(note())
    result = verify(directory)
    assert result.exit_code == 0, "nobody can see it here"
    assert "who can write the log can write the heads beside it" in result.stdout
    result = verify(directory, "--against", str(kept))
    assert result.exit_code == 1
    assert lines(result)[-1].startswith("position 1: the tree head of the checkpoint in kept")


def test_a_payload_that_was_replaced_under_its_own_key_is_a_rewrite(directory: Path) -> None:
    """With the master key beside the files a payload and its commitment can be made to agree."""

    async def ask(content: bytes) -> SealedPayload:
        async with log_and_keys(directory) as (log, keys):
            vault = Vault(master_of(directory), keys, log.sealings)
            asked = new_event("transcription.requested", id=ASKED)
            sealed = await vault.seal(STREAM, asked.id, content)
            if not await log.version(STREAM):
                await log.append(STREAM, [replace(asked, payload=sealed)])
                note_head(directory / FILE_NAME, await log.frontier(), log.identity)
            return sealed

    asyncio.run(ask(b"what was said"))
    assert verify(directory).exit_code == 0
    sealed = asyncio.run(ask(b"what was never said"))

    def replaced(run: sqlite3.Connection) -> None:
        (position,) = run.execute("SELECT position FROM events WHERE id = ?", (ASKED,)).fetchone()
        run.execute("UPDATE payloads SET box = ? WHERE position = ?", (sealed.box, position))
        rewritten(run, position, commitment=sealed.commitment)

    altered(directory, replaced)
    result = verify(directory)
    assert result.exit_code == 1
    assert "was replaced" in lines(result)[-1]
    (directory / FILE_NAME).unlink()
    result = verify(directory)
    assert result.exit_code == 5
    assert "neither a truncation at the end nor a rewrite of the past" in result.stdout


def master_of(directory: Path) -> MasterKey:
    return MasterKey(bytes.fromhex((directory / "master-key").read_text()))


# Heads that were kept elsewhere


def checkpoint(directory: Path, **fields: Any) -> str:
    head = last_head(directory / FILE_NAME)
    assert head is not None
    head = replace(head, **fields)
    origin = f"stenolog/{head.log_id}/{head.identity.epoch_name}"
    root = base64.b64encode(bytes.fromhex(head.root)).decode()
    return f"{origin}\n{head.size}\n{root}\n\n\N{EM DASH} {origin} c2lnbmF0dXJl\n"


def test_a_checkpoint_that_was_kept_is_compared(directory: Path) -> None:
    kept = directory.parent / "kept"
    kept.write_text(checkpoint(directory))
    result = verify(directory, "--against", str(kept))
    assert result.exit_code == 0
    assert f"kept elsewhere cover events 1 to {COVERED}" in result.stdout
    kept.write_text(checkpoint(directory, root="ab" * 32))
    result = verify(directory, "--against", str(kept))
    assert result.exit_code == 1
    assert "the checkpoint in kept (kept elsewhere)" in lines(result)[-1]


def test_heads_elsewhere_of_another_log_are_told(directory: Path) -> None:
    kept = directory.parent / "kept"
    kept.write_text(checkpoint(directory, log_id="018f2f9e-7c1a-4d3b-8a4e-5b6c7d8e9f0a"))
    result = verify(directory, "--against", str(kept))
    assert result.exit_code == 1
    assert "is of another log" in lines(result)[-1]


@pytest.mark.parametrize("content", [None, b"", b"nothing of the kind\n", b"\xff\x00" * 50])
def test_a_file_without_heads_is_said_to_be_none(directory: Path, content: bytes | None) -> None:
    kept = directory.parent / "kept"
    if content is not None:
        kept.write_bytes(content)
    result = verify(directory, "--against", str(kept))
    assert result.exit_code == 1
    assert result.stdout == ""
    assert str(kept) in result.stderr


def test_heads_of_before_a_restore_are_explained(directory: Path) -> None:
    """The log goes on from a backup of 12 events, with a new epoch."""
    altered(directory, lambda run: cut_at(run, 12))

    async def restore() -> None:
        async with log_and_keys(directory) as (log, _):
            stream = f"log-{log.identity.log_id}"
            await log.append(stream, [new_event("log.restored")])
            await log.append("upload-3", several(15))

    asyncio.run(restore())
    for name in ("log.db", "keys.db"):
        with contextlib.closing(sqlite3.connect(directory / name)) as run, run:
            run.execute("UPDATE identity SET epoch = 2, restore = ?", (RESTORE,))
    result = verify(directory)
    assert result.exit_code == 0, result.output
    assert "1 tree heads are of events that are gone since the log was restored" in result.stdout
    assert "(epoch 2, event 13)" in result.stdout
    altered(directory, lambda run: rewritten(run, 2, actor="00000000-0000-4000-8000-00000000000f"))
    assert verify(directory).exit_code == 0 or "replaced" in verify(directory).stdout


# Structure


def test_a_damaged_structure_is_told_without_a_position(directory: Path) -> None:
    altered(directory, lambda run: run.execute("CREATE TABLE extra (x)"))
    result = verify(directory)
    assert result.exit_code == 1
    assert "structure: log.db: the table extra is not one of Stenolog's" in lines(result)
    assert "position" not in result.stdout
    assert lines(result)[-1].startswith("not verified")
    assert f"head {EVENTS}, root " in lines(result)[-1]
    assert json.loads(verify(directory, "--json").stdout)["holds"] is False


def test_a_missing_dedupe_key_is_a_damaged_structure(directory: Path) -> None:
    stream = "transcription-018f2f9e-7c1a-4d3b-8a4e-5b6c7d8e9f0a"

    async def erase() -> None:
        async with log_and_keys(directory) as (log, _):
            await log.append(stream, [new_event("transcription.requested")])
            await log.append(stream, [keyed(stream, new_event("erasure.requested"))])

    asyncio.run(erase())
    assert verify(directory).exit_code == 0
    altered(directory, lambda run: run.execute("DELETE FROM dedupe"))
    result = verify(directory)
    assert result.exit_code == 1
    assert "dedupe key of event" in result.stdout


def test_the_statuses_are_in_the_help() -> None:
    said = CliRunner().invoke(every_command, ["log", "verify", "--help"]).output
    assert "5 verified in part" in " ".join(said.split())
    assert "6 it cannot be judged" in " ".join(said.split())
