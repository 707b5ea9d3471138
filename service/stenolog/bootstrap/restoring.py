"""Make a data directory of a backup: nothing that was erased since comes back in silence."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from stenolog.bootstrap.carrying_out import bring_up
from stenolog.bootstrap.deletion_list import read_list
from stenolog.bootstrap.newer_state import read_newer_state
from stenolog.compliance.deletions import Deletions
from stenolog.compliance.head_copies import add_heads
from stenolog.compliance.restored_log import Recorded
from stenolog.compliance.tree_heads import FILE_NAME as TREE_HEADS
from stenolog.config.settings import Settings
from stenolog.errors import CannotStart
from stenolog.log.events.uploads import UPLOAD
from stenolog.stores.files.directory import KEYS, LOG, UPLOADS, WORK, locked, make_directory
from stenolog.stores.files.durable import copy_checked, file_errors
from stenolog.stores.files.manifest import Manifest, read_pair
from stenolog.stores.files.swap import (
    Ready,
    make_ready,
    new_staging,
    read_ready,
    remove_staging,
    swap,
)
from stenolog.stores.files.upload_copies import LIST, restore_uploads
from stenolog.stores.sqlite.keys.restoring import destroyed_in
from stenolog.stores.sqlite.log.later import later_log
from stenolog.stores.sqlite.work.restored import keep_consumers

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
        recorded: What was erased, revoked and released that the backup had.
        aside: Where what was in the directory is now; None: nothing was.
    """

    backup: Manifest
    epoch: int
    events_lost: int | None
    recorded: Recorded
    aside: Path | None


async def restore(settings: Settings, sources: Sources, step: Step) -> Restored:
    """Restore the data directory from a backup; nothing in it changes before all is known and made.

    Raises:
        CannotStart: The parts do not belong together, are not what was copied, the directory has
            content that may not be replaced, or it is not known what was erased since. The
            directory is as it was.
        DataDirectoryLocked: A gateway runs on it.
        StoreError: A file cannot be read or written; the same again goes on.
    """
    deletions = Deletions()
    listed = read_list(sources.deletions, deletions)
    of_log, of_keys = read_pair(sources.log, sources.keys)
    directory = settings.data_dir
    make_directory(directory)
    with locked(directory), file_errors(f"restore {directory}"):
        ready = read_ready(directory)
        if ready is None:
            try:
                ready, restored = await _made(
                    directory, sources, (of_log, of_keys), deletions, listed, step
                )
            except BaseException:
                remove_staging(directory)
                raise
        else:
            _refuse_other(ready, directory, sources, of_log, listed)
            restored = _finished(of_log)
        step("ready")
        swap(directory, ready, step)
    step("done")
    aside = directory / ready.aside
    return replace(restored, aside=aside if aside.is_dir() else None)


def _refuse_other(
    ready: Ready, directory: Path, sources: Sources, of_log: Manifest, listed: str
) -> None:
    """Refuse to finish a restore with something that it has not looked at.

    Raises:
        CannotStart: Another backup, newer log or list is named now.
    """
    if ready.backup != of_log.backup:
        raise CannotStart(
            f"a restore of backup {ready.backup} into {directory} was interrupted: finish it "
            "first, with that backup"
        )
    other = [
        option
        for option, now, then in (
            ("--newer-log", _name_of(sources.newer_log), ready.newer_log),
            ("--deletions", listed, ready.deletions),
        )
        if now not in ("", then)
    ]
    if other:
        raise CannotStart(
            f"a restore into {directory} was interrupted, which has not looked at this "
            f"{' and '.join(other)}: finish it without, then restore once more with --replace and "
            "what it has not looked at"
        )


async def _made(
    directory: Path,
    sources: Sources,
    manifests: tuple[Manifest, Manifest],
    deletions: Deletions,
    listed: str,
    step: Step,
) -> tuple[Ready, Restored]:
    """Make everything that is to be put in place, in the staging directory."""
    of_log, of_keys = manifests
    occupied = [name for name in (LOG, KEYS) if (directory / name).exists()]
    if occupied and not sources.replace:
        raise CannotStart(
            f"{directory} has a {' and a '.join(occupied)}: name an empty directory, or say "
            "--replace; what is there is then moved aside, not removed"
        )
    newer = read_newer_state(directory, sources.newer_log, sources.log, of_log, deletions)
    if newer.unknown and sources.deletions is None:
        raise CannotStart(
            f"what was erased since the backup is not known ({newer.unknown}): name the newest "
            "state of the log with --newer-log, or what was erased with --deletions FILE, which "
            "may be empty"
        )
    step("deletions read")
    staging = new_staging(directory)
    for part, manifest in ((sources.log, of_log), (sources.keys, of_keys)):
        for name, digest in manifest.files.items():
            copy_checked(part / name, staging / name, digest)
            step(f"{name} copied")
    _refuse_other_log(staging, of_log)
    add_heads(newer.heads, staging / TREE_HEADS, lambda head: newer.left_behind(head, of_log))
    step("tree heads added")
    identity = of_log.identity.restored(newer.epoch + 1, str(uuid.uuid4()))
    recorded = await bring_up(
        staging,
        identity,
        deletions,
        newer.keys,
        lost=newer.lost,
        accept_clock=sources.accept_clock,
        step=step,
    )
    if of_log.uploads is not None:
        with destroyed_in(staging / KEYS) as is_destroyed:
            restore_uploads(
                sources.log,
                staging / LIST,
                directory,
                staging / UPLOADS,
                count=of_log.uploads,
                is_released=lambda upload: is_destroyed(UPLOAD + upload),
                counted=lambda _: step("upload copied"),
            )
    kept = keep_consumers(directory / WORK, staging / WORK, identity)
    now = datetime.now(UTC)
    ready = Ready(
        backup=of_log.backup,
        aside=f"replaced-{now:%Y%m%dT%H%M%SZ}-{newer.epoch}",
        names=[WORK, *RESTORED] if kept else RESTORED,
        newer_log=_name_of(sources.newer_log),
        deletions=listed,
    )
    make_ready(directory, ready)
    return ready, Restored(
        backup=of_log,
        epoch=identity.epoch,
        events_lost=newer.lost,
        recorded=recorded,
        aside=directory / ready.aside,
    )


def _refuse_other_log(staging: Path, of_log: Manifest) -> None:
    """Check that the log that was copied is the one that the manifest describes.

    Raises:
        CannotStart: It is another.
    """
    with contextlib.closing(later_log(staging / LOG)) as copy:
        if (copy.identity, copy.head, copy.tree.root().hex()) != of_log.whole[1:]:
            raise CannotStart(
                "the backup's log is not the one of its manifest: take another backup"
            )


def _name_of(newer_log: Path | None) -> str:
    return "" if newer_log is None else str(newer_log.resolve())


def _finished(manifest: Manifest) -> Restored:
    return Restored(backup=manifest, epoch=0, events_lost=None, recorded=Recorded(), aside=None)
