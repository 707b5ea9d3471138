"""Find out what was erased since a backup, and whether all of it is known.

It is known from a log that was not copied out of a backup, can be read from the backup's end to its
own, and has everything that tree heads, keys, views and pending deliveries beside it have seen.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from stenolog.bootstrap.newer_log import Mark, NewerLog, read_newer_log
from stenolog.compliance.deletions import Deletions
from stenolog.compliance.tree_heads import FILE_NAME as TREE_HEADS
from stenolog.compliance.tree_heads import TreeHead, each_head
from stenolog.errors import CannotStart, StoreError
from stenolog.log.format import LogIdentity
from stenolog.stores.files.directory import KEYS, LOG, VIEWS, WORK
from stenolog.stores.files.manifest import Manifest
from stenolog.stores.sqlite.followed import followed_by
from stenolog.stores.sqlite.log.later import later_log

NO_LOG = "there is no newer log here"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a newer state of the log may be.

    Attributes:
        directory: What stands beside the log.
        log: The log's file, or a directory with it; None: there is none.
        alone: Nobody else has its files open.
    """

    directory: Path
    log: Path | None
    alone: bool


@dataclass(slots=True, kw_only=True)
class NewerState:
    """What is known of the log behind the backup.

    Attributes:
        epoch: The last one that is known.
        lives: The epochs that lead to the backup.
        lost: How many events there were behind the backup; None: it is not known.
        heads: The files with tree heads of the log, besides the backup's.
        keys: The files with its keys, which say what was erased before an earlier restore; and of
            each whether nobody else has it open.
        unknown: Why it cannot be known what was erased; empty when it is known.
    """

    epoch: int
    lives: Collection[LogIdentity] = ()
    lost: int | None = None
    heads: list[Path] = field(default_factory=list)
    keys: dict[Path, bool] = field(default_factory=dict)
    unknown: str = ""

    def left_behind(self, head: TreeHead, manifest: Manifest) -> bool:
        """Tell whether a head is of what a restore of this backup leaves behind.

        Of what the backup has, its own heads tell; others may be of a copy that went another way.
        """
        if head.identity == manifest.identity:
            return head.size > manifest.head
        epochs = {life.epoch for life in self.lives}
        return head.log_id == manifest.log and head.epoch not in epochs

    def seen(self, mark: Mark, manifest: Manifest) -> None:
        """Take in that the log has had this position."""
        self.epoch = max(self.epoch, mark.identity.epoch)
        if mark.identity == manifest.identity and mark.file:
            self.lost = max(self.lost or 0, mark.position - manifest.head)


def read_newer_state(
    directory: Path,
    newer_log: Path | None,
    backup: Path,
    manifest: Manifest,
    deletions: Deletions,
) -> NewerState:
    """Add to `deletions` what the directory's own log says, and the one that is named.

    Args:
        directory: The data directory, locked.
        newer_log: A `log.db`, or the directory of one.
        backup: The part of the backup with the log.
        manifest: Of that part.
        deletions: What is to be erased, revoked and released.

    Raises:
        CannotStart: What is named is no log, or one of these is of another log than the backup.
        StoreError: The backup cannot be read.
    """
    state = NewerState(epoch=manifest.epoch)
    places = list(_places(directory, newer_log))
    marks = [Mark(file="", identity=manifest.identity, position=manifest.head, root=manifest.root)]
    keys: set[LogIdentity] = set()
    for place in places:  # before the logs, which may grow meanwhile
        marks += _heads(place, manifest, state)
        marks += _followers(place, manifest, state, keys)
    for mark in marks:
        state.seen(mark, manifest)
    logs: list[NewerLog] = []
    with contextlib.closing(later_log(backup)) as copy:
        state.lives = copy.lives()
        for place in places:
            if place.log is None:
                continue
            try:
                read = read_newer_log(place.log, copy, marks, deletions, alone=place.alone)
            except StoreError as exc:
                if place.log == newer_log:
                    raise CannotStart(f"{exc}: leave out --newer-log") from exc
                state.unknown = state.unknown or str(exc)
                continue
            logs.append(replace(read, keys=read.identity in keys))
    for read in logs:
        state.epoch = max(state.epoch, read.identity.epoch)
        if read.lost is not None:
            state.lost = max(state.lost or 0, read.lost)
    state.unknown = state.unknown or _why_unknown(logs, marks)
    return state


def _places(directory: Path, newer_log: Path | None) -> Iterator[Place]:
    own = directory / LOG
    yield Place(directory=directory, log=own if own.is_file() else None, alone=True)
    if newer_log is not None and newer_log.resolve() not in (own.resolve(), directory.resolve()):
        beside = newer_log if newer_log.is_dir() else newer_log.parent
        yield Place(directory=beside, log=newer_log, alone=False)


def _heads(place: Place, manifest: Manifest, state: NewerState) -> Iterator[Mark]:
    """Yield the last head of each epoch, and note the file if it has any."""
    heads = place.directory / TREE_HEADS
    last: dict[LogIdentity, TreeHead] = {}
    for head in each_head(heads):
        if head is None or head.log_id != manifest.log:
            continue
        if head.identity not in last or last[head.identity].size < head.size:
            last[head.identity] = head
    if last:
        state.heads.append(heads)
    for identity, head in last.items():
        yield Mark(file=str(heads), identity=identity, position=head.size, root=head.root)


def _followers(
    place: Place, manifest: Manifest, state: NewerState, keys: set[LogIdentity]
) -> Iterator[Mark]:
    """Yield how far each file has followed the log; note those with keys, and whose they are."""
    for name in (KEYS, VIEWS, WORK):
        file = place.directory / name
        try:
            followed = followed_by(file, alone=place.alone)
        except StoreError:
            continue  # it is damaged, and says nothing
        if followed is None or followed.identity.log_id != manifest.log:
            continue
        if name == KEYS:
            state.keys[file] = place.alone
            keys.add(followed.identity)
        yield Mark(
            file=str(file),
            identity=followed.identity,
            position=followed.position,
            event_id=followed.event_id,
        )


def _why_unknown(logs: Sequence[NewerLog], marks: Sequence[Mark]) -> str:
    """Say why these logs do not tell everything that was erased; empty when they do."""
    genuine = [log for log in logs if not log.copied]
    if not genuine:
        return f"{logs[0].name} was copied out of a backup" if logs else NO_LOG
    sound = [log for log in genuine if not log.wrong]
    if not sound:
        return f"{genuine[0].name}: {genuine[0].wrong}"
    for log in sound:
        if not any(mark.root and mark.file and mark.identity == log.identity for mark in marks):
            return f"{log.name} has no {TREE_HEADS} beside it, which says whether its end is there"
    # What a damaged log had, another one may have too, and say it.
    of_damaged = [
        Mark(file=log.name, identity=log.identity, position=log.head)
        for log in genuine
        if log.wrong
    ]
    for mark in (*marks, *of_damaged):
        if not any(log.reaches(mark) for log in sound):
            return f"{sound[-1].name} {mark.beyond}"
    return ""
