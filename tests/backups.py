"""A data directory with something in it to back up, and the commands as an operator gives them."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from stenolog.bootstrap.backing_up import back_up
from stenolog.bootstrap.restoring import Restored, Sources, restore
from stenolog.commands.key_ring import KeyRing
from stenolog.compliance.data_keys import MasterKey, new_wrapped_key
from stenolog.compliance.tree_heads import FILE_NAME, TreeHead, read_heads, write_head
from stenolog.compliance.vault import Vault
from stenolog.compliance.verdict import Verdict
from stenolog.compliance.verify import verify
from stenolog.config.settings import Settings
from stenolog.log.checkpoint import end_of
from stenolog.log.event import Event
from stenolog.log.events.uploads import ReleaseReason
from stenolog.log.facts import erasure_requested, upload_released, upload_stored
from stenolog.log.recorder import Cause, FactRecorder
from stenolog.stores.files.directory import make_directory
from stenolog.stores.files.manifest import Manifest
from stenolog.stores.sqlite.keys.store import SqliteKeys
from stenolog.stores.sqlite.log.store import SqliteLog
from stenolog.stores.sqlite.records import SqliteRecords
from stenolog.stores.sqlite.work.store import SqliteWork
from tests.data_files import log_and_keys
from tests.log_samples import PUBLIC, TENANT, new_event, new_id

ROOT = Path(__file__).parents[1]
SECRET = b"m" * 32
MASTER = MasterKey(SECRET)
UPLOAD = "0f5c1a9e-0000-4000-8000-000000000001"


class Backed:
    """A directory with a log and keys, open or closed."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        make_directory(directory)
        (directory / "uploads" / UPLOAD).write_bytes(b"sealed" * 1_000)

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[tuple[SqliteLog, SqliteKeys, Vault]]:
        async with log_and_keys(self.directory) as (log, keys):
            yield log, keys, Vault(MASTER, keys, log.sealings)

    async def request(self, count: int) -> list[str]:
        """Ids of new transcriptions, each with a payload."""
        made = []
        async with self.opened() as (log, _, vault):
            for _ in range(count):
                made.append(await requested(log, vault))
            await head_written(log, self.directory)
        return made

    async def erase(self, identifier: str) -> None:
        async with self.opened() as (log, _, vault):
            await erased(log, vault, identifier)
            await head_written(log, self.directory)

    async def api_key(self) -> str:
        """The id of a new API key."""
        async with self.opened() as (log, keys, vault):
            ring = KeyRing(keys, log, FactRecorder(log, vault))
            actor = new_id()
            _, key = await ring.create(actor=actor, tenant="default", name="one", scopes=("all",))
            return key.id

    async def revoke(self, key_id: str) -> None:
        async with self.opened() as (log, keys, vault):
            ring = KeyRing(keys, log, FactRecorder(log, vault))
            await ring.create(actor=new_id(), tenant="default", name="other", scopes=("all",))
            assert await ring.revoke(key_id, None, actor=new_id())
            await head_written(log, self.directory)

    async def upload(self, content: bytes = b"sealed too") -> str:
        """The id of a file with a key, which nobody uses yet."""
        identifier = new_id()
        async with self.opened() as (log, keys, vault):
            await keys.add_data_key(new_wrapped_key(MASTER, f"upload-{identifier}"))
            facts = [upload_stored(len(content))]
            await FactRecorder(log, vault).record(f"upload-{identifier}", facts, cause())
            await head_written(log, self.directory)
        (self.directory / "uploads" / identifier).write_bytes(content)
        return identifier

    async def release(self, identifier: str, reason: ReleaseReason = "retention") -> None:
        async with self.opened() as (log, _, vault):
            facts = [upload_released(identifier, reason)]
            await FactRecorder(log, vault).record(f"upload-{identifier}", facts, cause())
            await vault.destroy(f"upload-{identifier}")
            await head_written(log, self.directory)
        (self.directory / "uploads" / identifier).unlink()

    async def followed_to_the_end(self) -> None:
        """Pending deliveries have seen every event."""
        async with self.opened() as (log, _, _):
            work = await SqliteWork.open(self.directory / "work.db", log.identity)
            await work.begin(await end_of(log))
            await work.close()

    async def events(self) -> list[Event]:
        async with self.opened() as (log, _, _):
            return list(await log.read())

    async def readable(self, identifier: str) -> bool:
        """Whether what was asked for can be read."""
        async with self.opened() as (log, _, vault):
            stream = await log.read_stream(f"transcription-{identifier}", limit=1)
            if not stream:
                return False
            sealed = await log.payload(stream[0].position)
            assert sealed is not None
            try:
                return await vault.open(stream[0].id, sealed) == b"what was asked"
            except Exception:
                return False

    def heads(self) -> list[TreeHead]:
        return read_heads(self.directory / FILE_NAME)[0]

    def verified(self) -> Verdict:
        heads, unreadable = read_heads(self.directory / FILE_NAME)
        records = SqliteRecords(self.directory / "log.db", self.directory / "keys.db")
        with contextlib.closing(records):
            return verify(records, MASTER, heads, unreadable)


async def requested(log: SqliteLog, vault: Vault) -> str:
    """A transcription with its request as payload."""
    identifier = new_id()
    stream = f"transcription-{identifier}"
    event = new_event(PUBLIC)
    sealed = await vault.seal(stream, event.id, b"what was asked")
    await log.append(stream, [replace(event, payload=sealed)])
    return identifier


async def erased(log: SqliteLog, vault: Vault, identifier: str) -> None:
    """Its erasure is requested, and its key destroyed."""
    stream = f"transcription-{identifier}"
    await FactRecorder(log, vault).record(stream, [erasure_requested(identifier, "v2")], cause())
    await vault.destroy(stream)


def cause() -> Cause:
    return Cause(tenant=TENANT, actor=new_id(), correlation_id=new_id())


async def head_written(log: SqliteLog, directory: Path) -> None:
    tree = await log.frontier()
    head = TreeHead.of(
        log.identity,
        size=tree.count,
        root=tree.root().hex(),
        time="2026-11-30T12:00:00.000000Z",
    )
    write_head(directory / FILE_NAME, head)


def stenolog(*words: str | Path, expected: int = 0, cwd: Path = ROOT) -> str:
    """What the command said, once it has ended with this status."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("STENOLOG_")}
    done = subprocess.run(
        [sys.executable, "-m", "stenolog.cli.main", *map(str, words)],
        cwd=cwd,
        env={**environ, "STENOLOG_MASTER_KEY": SECRET.hex()},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.returncode == expected, done.stdout + done.stderr
    return done.stdout + done.stderr


def moved_away(directory: Path) -> Path:
    """The same directory elsewhere: what is left of a machine that was lost."""
    away = directory.with_name(f"{directory.name}-lost")
    shutil.move(directory, away)
    return away


def nothing(_: str) -> None:
    """Nobody looks."""


def backed_up(data: Backed, target: Path, *, uploads: bool = True) -> Manifest:
    """A backup of the directory at `target`."""
    return back_up(Settings(data_dir=data.directory), target, uploads=uploads, step=nothing)


async def restored(directory: Path, backup: Path, **more: Any) -> Restored:
    """The directory is restored; one that has nothing needs `deletions`, see `none_in`."""
    sources = Sources(**{"log": backup / "log", "keys": backup / "keys", **more})
    return await restore(Settings(data_dir=directory), sources, nothing)


def none_in(directory: Path) -> Path:
    """An empty list: nothing was erased since."""
    listed = directory / "none"
    listed.touch()
    return listed
