"""Make a data directory of a backup: nothing that was erased since comes back."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from stenolog.bootstrap.newer_state import NewerState, read_newer_state
from stenolog.clock import now_us, rfc3339
from stenolog.compliance.deletions import Deletions
from stenolog.compliance.restored_log import record_erasures, record_restore, record_revocations
from stenolog.compliance.tree_heads import FILE_NAME as TREE_HEADS
from stenolog.config.settings import Settings
from stenolog.errors import CannotStart
from stenolog.log.events.transcriptions import TRANSCRIPTION
from stenolog.log.facts import erasure_key
from stenolog.log.format import LogIdentity
from stenolog.stores.files.directory import KEYS, LOG, locked, make_directory
from stenolog.stores.files.durable import copy_durably, file_errors
from stenolog.stores.files.manifest import Manifest, read_pair
from stenolog.stores.files.swap import (
    Ready,
    make_ready,
    new_staging,
    read_ready,
    swap,
)
from stenolog.stores.files.upload_copies import LIST, restore_uploads
from stenolog.stores.sqlite.file.copying import write_epoch
from stenolog.stores.sqlite.keys.restoring import (
    carry_out,
    destroyed_streams,
    tenants_of_api_keys,
)
from stenolog.stores.sqlite.keys.schema import KEYS as KEYS_SCHEMA
from stenolog.stores.sqlite.log.schema import LOG as LOG_SCHEMA
from stenolog.stores.sqlite.log.store import SqliteLog

RESTORED = [KEYS, TREE_HEADS, LOG]  # the log last: a directory without one is not started

Step = Callable[[str], None]
"""Told what is done, after each step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """From what a directory is restored.

    Attributes:
        log: The part of the backup with the log.
        keys: The part with its keys.
        newer_log: A later state of the log, which says what was erased since; a file or directory.
        deletions: A list of what was erased since.
        replace: Whether what is in the directory may be moved aside.
        accept_clock: An operator says that the machine's clock is right.
    """

    log: Path
    keys: Path
    newer_log: Path | None = None
    deletions: Path | None = None
    replace: bool = False
    accept_clock: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was done.

    Attributes:
        backup: The manifest of the log that was restored.
        epoch: Of the log from now on; 0: an earlier restore was finished.
        events_lost: How many events the log had behind the backup; None: it is not known.
        erased: How many transcriptions were erased that the backup had.
        revoked: How many API keys were revoked that the backup had.
        looked: Whether anything said what was erased since the backup.
        aside: Where what was in the directory is now; None: nothing was.
    """

    backup: Manifest
    epoch: int
    events_lost: int | None
    erased: int
    revoked: int
    looked: bool
    aside: Path | None


async def restore(settings: Settings, sources: Sources, step: Step) -> Restored:
    """Restore the data directory from a backup; nothing in it changes before all is known and made.

    Raises:
        CannotStart: The parts do not belong together, are not what was copied, the directory has
            content that may not be replaced, or what was erased since cannot be read.
        DataDirectoryLocked: A gateway runs on it.
        StoreError: A file cannot be read or written; the same again goes on.
    """
    of_log, of_keys = read_pair(sources.log, sources.keys)
    directory = settings.data_dir
    make_directory(directory)
    with locked(directory), file_errors(f"restore {directory}"):
        ready = read_ready(directory)
        if ready is None:
            ready, restored = await _made(directory, sources, of_log, of_keys, step)
        elif ready.backup != of_log.backup:
            raise CannotStart(
                f"a restore of backup {ready.backup} into {directory} was interrupted: finish it "
                "first, with that backup"
            )
        else:
            restored = _finished(of_log)
        step("ready")
        swap(directory, ready, step)
    step("done")
    aside = directory / ready.aside
    return replace(restored, aside=aside if aside.is_dir() else None)


async def _made(
    directory: Path, sources: Sources, of_log: Manifest, of_keys: Manifest, step: Step
) -> tuple[Ready, Restored]:
    """Make everything that is to be put in place, in the staging directory."""
    occupied = [name for name in (LOG, KEYS) if (directory / name).exists()]
    if occupied and not sources.replace:
        raise CannotStart(
            f"{directory} has a {' and a '.join(occupied)}: name an empty directory, or say "
            "--replace; what is there is then moved aside, not removed"
        )
    deletions = Deletions()
    newer = read_newer_state(directory, sources.newer_log, sources.log, of_log, deletions)
    _read_list(sources, newer, deletions)
    step("deletions read")
    staging = new_staging(directory)
    for part, manifest in ((sources.log, of_log), (sources.keys, of_keys)):
        for name, digest in manifest.files.items():
            if name != LIST and copy_durably(part / name, staging / name) != digest:
                raise CannotStart(f"{part / name} is not what was copied: take another backup")
            step(f"{name} copied")
    if newer.heads is not None:
        copy_durably(newer.heads, staging / TREE_HEADS)
    epoch = max(of_log.epoch, newer.epoch) + 1
    identity = of_log.identity.restored(epoch, str(uuid.uuid4()))
    erased, revoked = await _carried_out(
        staging, deletions, identity, lost=newer.lost, accept=sources.accept_clock
    )
    step("deletions carried out")
    for name, schema in ((LOG, LOG_SCHEMA), (KEYS, KEYS_SCHEMA)):
        write_epoch(staging / name, schema, identity)
    step("epoch written")
    if of_log.uploads is not None:
        restore_uploads(sources.log, directory, lambda _: step("upload copied"))
    now = datetime.now(UTC)
    ready = Ready(
        backup=of_log.backup, aside=f"replaced-{now:%Y%m%dT%H%M%SZ}-{epoch - 1}", names=RESTORED
    )
    make_ready(directory, ready)
    return ready, Restored(
        backup=of_log,
        epoch=epoch,
        events_lost=newer.lost,
        erased=erased,
        revoked=revoked,
        looked=newer.looked or sources.deletions is not None,
        aside=directory / ready.aside,
    )


def _read_list(sources: Sources, newer: NewerState, deletions: Deletions) -> None:
    """Add what the list says.

    Raises:
        CannotStart: It is not such a list; or there is none, and the newer log cannot tell either.
    """
    if sources.deletions is not None:
        with sources.deletions.open(encoding="utf-8", errors="replace") as lines:
            deletions.read(lines, str(sources.deletions))
    elif newer.unknown:
        raise CannotStart(
            f"{newer.unknown}: what was erased since the backup is not known from it; name those "
            "with --deletions FILE, which may be empty"
        )


async def _carried_out(
    staging: Path,
    deletions: Deletions,
    identity: LogIdentity,
    *,
    lost: int | None,
    accept: bool,
) -> tuple[int, int]:
    """Erase and revoke in the copies; return how many transcriptions and API keys it were."""
    log = await SqliteLog.open(staging / LOG, accept_clock=accept)
    try:
        await record_restore(log, identity, events_lost=lost)
        # The keys were copied behind the log: of what was erased in between they have none.
        wanted = set(deletions.transcriptions)
        for streams in destroyed_streams(staging / KEYS):
            for stream in streams:
                identifier = stream.removeprefix(TRANSCRIPTION)
                if identifier != stream and not await log.position_of(erasure_key(identifier)):
                    wanted.add(identifier)
        erased = await record_erasures(log, wanted)
        tenants = tenants_of_api_keys(staging / KEYS, sorted(deletions.api_keys))
        await record_revocations(log, tenants)
    finally:
        await log.close()
    at = rfc3339(now_us())
    carry_out(staging / KEYS, destroyed=erased.keys, revoked=dict.fromkeys(tenants, at))
    return erased.recorded, len(tenants)


def _finished(manifest: Manifest) -> Restored:
    return Restored(
        backup=manifest,
        epoch=0,
        events_lost=None,
        erased=0,
        revoked=0,
        looked=True,
        aside=None,
    )
