"""Read one log that may be newer than a backup: what it erased since, and what it has reached."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stenolog.compliance.deletions import Deletions
from stenolog.errors import CannotStart, StoreError
from stenolog.log.format import LogIdentity
from stenolog.log.merkle import Frontier
from stenolog.stores.sqlite.log.later import LaterLog, Unreadable, later_log


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A place that a log has reached once, as some file says.

    Attributes:
        file: Which one; empty: the backup.
        identity: The log, and the epoch of it.
        position: Of the log.
        root: The Merkle root over the events up to there, in hex; empty where it is not known.
        event_id: Of the event there; empty where it is not known.
    """

    file: str
    identity: LogIdentity
    position: int
    root: str = ""
    event_id: str = ""

    @property
    def beyond(self) -> str:
        """Say of a log that it has not come to here."""
        seen = f"{self.file} has seen" if self.file else "the backup has"
        return f"does not have event {self.position} of epoch {self.identity.epoch}, which {seen}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewerLog:
    """What was read.

    Attributes:
        name: The file.
        identity: Of the log.
        head: Its last position.
        copied: It is a log as a backup has it.
        lives: The epochs that lead to it.
        continues: It has the backup's last event where the backup has it.
        lost: How many events it has behind the backup; None: it does not continue the backup.
        keys: The keys that belong to it can be read too.
        missed: The marks of its own epoch that it has not come to.
        wrong: Why what it says is not all that it has said; empty when it is.
    """

    name: str
    identity: LogIdentity
    head: int
    copied: bool
    lives: Collection[LogIdentity]
    continues: bool
    lost: int | None
    keys: bool
    missed: Collection[Mark]
    wrong: str

    def reaches(self, mark: Mark) -> bool:
        """Tell whether what happened up to this mark is known from here.

        What happened in an earlier epoch, behind what was restored from it, stands in the keys; for
        a backup that this log continues, it stands in the log. An epoch that a later restore left
        does not lead to this log; that restore knew of it if it kept its heads beside the log, and
        carried its deletions into the keys.
        """
        if mark.identity == self.identity:
            return mark.position <= self.head and mark not in self.missed
        if mark.identity in self.lives:
            return self.continues or self.keys
        left = mark.identity.epoch < self.identity.epoch
        return left and self.keys and self._is_beside(mark)

    def _is_beside(self, mark: Mark) -> bool:
        log = Path(self.name)
        directory = log if log.is_dir() else log.parent
        return bool(mark.file) and Path(mark.file).parent.resolve() == directory.resolve()


def read_newer_log(
    path: Path,
    copy: LaterLog,
    marks: Sequence[Mark],
    deletions: Deletions,
    *,
    alone: bool,
) -> NewerLog:
    """Add to `deletions` what this log says behind the backup.

    Args:
        path: The log's file, or a directory with it.
        copy: The backup's log.
        marks: What files say that this log, or another epoch of it, has reached.
        deletions: What is to be erased, revoked and released.
        alone: Nobody else has it open.

    Raises:
        CannotStart: It is of another log than the backup.
        StoreError: It cannot be read.
    """
    with contextlib.closing(_opened(path, alone)) as later:
        if later.identity.log_id != copy.identity.log_id:
            raise CannotStart(
                f"{path} is another log than that of the backup: name an empty directory with "
                "--data-dir, or the right log with --newer-log"
            )
        at_end = later.stored(copy.head)
        continues = at_end is not None and at_end == copy.stored(copy.head)
        ours = [mark for mark in marks if mark.identity == later.identity]
        # One that went on from an earlier backup is read from its beginning.
        begins = copy.tree if continues else Frontier()
        roots: dict[int, set[str]] = {}
        for mark in ours:
            roots.setdefault(mark.position, set()).update([mark.root] if mark.root else [])
        wrong = _gathered(later, begins, roots, deletions)
        return NewerLog(
            name=str(path),
            identity=later.identity,
            head=later.head,
            copied=later.copied,
            lives=later.lives(),
            continues=continues,
            lost=max(0, later.head - copy.head) if continues else None,
            keys=False,
            missed=[mark for mark in ours if not _has(later, mark)],
            wrong=wrong,
        )


def _opened(path: Path, alone: bool) -> LaterLog:
    try:
        return later_log(path, alone=alone)
    except CannotStart as exc:
        if not alone:
            raise
        raise StoreError(str(exc)) from exc  # what is in the directory need not be a log


def _gathered(
    later: LaterLog, grown: Frontier, roots: Mapping[int, set[str]], deletions: Deletions
) -> str:
    """Gather what the events behind `grown` say; return what is wrong with them, if anything is."""
    unreadable = Unreadable()
    replaced = 0
    try:
        for event, leaf in later.events(grown.count, unreadable):
            deletions.note(event)
            grown = grown.extended([leaf])
            if grown.count in roots and not roots[grown.count] <= {grown.root().hex()}:
                replaced = replaced or grown.count
    except StoreError as exc:
        return str(exc)
    if unreadable.positions:
        return f"{unreadable.positions} events cannot be read"
    if replaced:
        return f"its first {replaced} events are not those that a tree head or the backup knows"
    return "" if grown == later.tree else "its events are not those of its tree"


def _has(later: LaterLog, mark: Mark) -> bool:
    if mark.position > later.head:
        return False
    event = later.event_at(mark.position) if mark.event_id else None
    return event is None or event.id == mark.event_id
