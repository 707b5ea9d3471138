"""Read what a later state of a log says about what was erased since a backup of it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from stenolog.compliance.deletions import Deletions
from stenolog.compliance.tree_heads import FILE_NAME as TREE_HEADS
from stenolog.compliance.tree_heads import last_head
from stenolog.errors import CannotStart, StoreError
from stenolog.stores.files.directory import LOG
from stenolog.stores.files.manifest import Manifest
from stenolog.stores.sqlite.log.later import LaterLog, Unreadable, later_log


@dataclass(slots=True, kw_only=True)
class NewerState:
    """What is known of the log behind the backup.

    Attributes:
        epoch: The last one that is known.
        lost: How many events there were behind the backup; None: it is not known.
        heads: The file with all tree heads of the log; None: the backup's is the best.
        looked: Whether a later log was read.
        unknown: Why it cannot be known from it what was erased; empty when it is known.
    """

    epoch: int
    lost: int | None = None
    heads: Path | None = None
    looked: bool = False
    unknown: str = ""


class NotThisLog(CannotStart):
    """A log is another than that of the backup: nothing of it may be replaced or believed."""


def read_newer_state(
    directory: Path,
    newer_log: Path | None,
    backup: Path,
    manifest: Manifest,
    deletions: Deletions,
) -> NewerState:
    """Add to `deletions` what the later log says; it is the directory's own when none is named.

    Args:
        directory: The data directory.
        newer_log: A `log.db`, or the directory of one.
        backup: The part of the backup with the log.
        manifest: Of that part.
        deletions: What is to be erased and revoked.

    Raises:
        CannotStart: What is named is no log, or one of these is of another log than the backup.
        StoreUnavailable: The heads cannot be read.
    """
    state = NewerState(epoch=manifest.epoch)
    path = newer_log
    if path is None and (directory / LOG).is_file():
        path = directory / LOG
    beside = [] if path is None else [path if path.is_dir() else path.parent]
    for place in (*beside, directory):
        _look_at_heads(place / TREE_HEADS, manifest, state)
    if path is None:
        return state
    state.looked = True
    try:
        with contextlib.closing(later_log(path)) as later:
            _read(later, backup, manifest, deletions, state)
    except NotThisLog:
        raise
    except CannotStart as exc:
        if newer_log is not None:
            raise
        state.unknown = str(exc)
    return state


def _look_at_heads(file: Path, manifest: Manifest, state: NewerState) -> None:
    head = last_head(file)
    if head is None or head.log_id != manifest.log or state.heads is not None:
        return
    state.heads = file
    state.epoch = max(state.epoch, head.epoch)
    if head.identity == manifest.identity:
        state.lost = max(0, head.size - manifest.head)


def _read(
    later: LaterLog, backup: Path, manifest: Manifest, deletions: Deletions, state: NewerState
) -> None:
    if later.identity.log_id != manifest.log:
        raise NotThisLog(
            "the newer log is another than that of the backup: name an empty directory with "
            "--data-dir, or the right log with --newer-log"
        )
    state.epoch = max(state.epoch, later.identity.epoch)
    with contextlib.closing(later_log(backup)) as copy:
        same = later.stored(manifest.head) == copy.stored(manifest.head)
    if same:
        state.lost = max(0, later.head - manifest.head)
    unreadable = Unreadable()
    try:
        # One that went on from an earlier backup is read from its beginning.
        deletions.gather(later.events(manifest.head if same else 0, unreadable))
    except StoreError as exc:
        state.unknown = str(exc)
    if unreadable.positions:
        state.unknown = f"{unreadable.positions} events of the newer log cannot be read"
