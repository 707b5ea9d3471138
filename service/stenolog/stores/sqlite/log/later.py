"""Read what a later state of a log decided after a backup of it, also when it is damaged."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from stenolog.errors import CannotStart, SchemaTooNew, StoreError
from stenolog.log.canonical import leaf_hash
from stenolog.log.event import Event, event_from_bytes
from stenolog.log.events.logs import LOG as LOG_STREAM
from stenolog.log.events.logs import LogRestored
from stenolog.log.format import FIRST_EPOCH, LogIdentity
from stenolog.log.merkle import Frontier
from stenolog.stores.sqlite.file.connection import open_reader_sync, store_errors
from stenolog.stores.sqlite.file.identity import look, refuse_wrong
from stenolog.stores.sqlite.log.schema import LOG
from stenolog.stores.sqlite.log.stored import stored_frontier

EVENTS_PER_READ = 1_000
# Of a damaged log each position is tried alone; beyond so many that cannot be read it is given up.
UNREADABLE_MAX = 100_000


@dataclass(slots=True)
class Unreadable:
    """Counts the positions that could not be read."""

    positions: int = 0


class LaterLog:
    """A log that is read and never written, whatever state it is in.

    Attributes:
        identity: Which log it is.
        copied: It is one as a backup has it.
        tree: The tree over its events.
    """

    def __init__(self, path: Path, *, alone: bool = False) -> None:
        """Open the file; `alone`: nobody else has it open.

        Raises:
            CannotStart: It is no log, or does not say which.
            StoreError: It cannot be read at all.
        """
        self._connection = open_reader_sync(path, f"the log {path}", alone=alone)
        try:
            with store_errors(f"the log {path}"):
                found = look(self._connection)
                refuse_wrong(found, LOG, None, copies=True)
                row = self._connection.execute("SELECT count, frontier FROM tree").fetchone()
            if found.identity is None:
                raise CannotStart(f"{path} does not say which log it is: name another with the log")
            self.identity: LogIdentity = found.identity
            self.copied: bool = found.copied
            self.tree: Frontier = stored_frontier(row)
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        """Close the file; nothing was written."""
        self._connection.close()

    @property
    def head(self) -> int:
        """How many events the log has."""
        return self.tree.count

    def lives(self) -> Collection[LogIdentity]:
        """Return the epochs that lead to this log, as far as they can be read; the last is its own.

        What a log of another epoch had behind the restore is not in this one.
        """
        lives = [LogIdentity(log_id=self.identity.log_id, epoch=FIRST_EPOCH)]
        with contextlib.suppress(sqlite3.Error, UnicodeDecodeError, KeyError):
            for (stored,) in self._connection.execute(
                "SELECT bytes FROM events WHERE stream = ? AND type = ? ORDER BY version",
                (LOG_STREAM + self.identity.log_id, LogRestored.type),
            ):
                event = _event(stored)
                if event is not None:
                    lives.append(lives[0].restored(event.data["epoch"], event.data["restore"]))
        return {*lives, self.identity}

    def stored(self, position: int) -> bytes | None:
        """Return the bytes of the event at this position; None: they cannot be read."""
        with contextlib.suppress(sqlite3.Error):
            row = self._connection.execute(
                "SELECT bytes FROM events WHERE position = ?", (position,)
            ).fetchone()
            return bytes(row[0]) if row else None
        return None

    def event_at(self, position: int) -> Event | None:
        """Return the event at this position; None: it cannot be read."""
        return _event(self.stored(position))

    def events(self, after: int, unreadable: Unreadable) -> Iterator[tuple[Event, bytes]]:
        """Yield the events behind `after` that can be read, with their leaf hashes, in order.

        The others are counted.

        Raises:
            StoreError: Too many cannot.
        """
        for first in range(after, self.head, EVENTS_PER_READ):
            last = min(first + EVENTS_PER_READ, self.head)
            for position, stored in self._between(first, last):
                event = _event(stored)
                if event is None or stored is None or event.position != position:
                    unreadable.positions += 1
                    if unreadable.positions > UNREADABLE_MAX:
                        raise StoreError(f"{UNREADABLE_MAX} events of the log cannot be read")
                else:
                    yield event, leaf_hash(stored)

    def _between(self, after: int, until: int) -> Iterator[tuple[int, bytes | None]]:
        """Yield each position of the range, with its bytes where they can be read."""
        try:
            rows = dict(
                self._connection.execute(
                    "SELECT position, bytes FROM events WHERE position > ? AND position <= ?",
                    (after, until),
                ).fetchall()
            )
        except (sqlite3.Error, UnicodeDecodeError):
            rows = {position: self.stored(position) for position in range(after + 1, until + 1)}
        for position in range(after + 1, until + 1):
            yield position, rows.get(position)


def _event(stored: bytes | None) -> Event | None:
    try:
        return event_from_bytes(stored) if isinstance(stored, bytes) else None
    except (ValueError, TypeError, SchemaTooNew):
        return None


def later_log(path: Path, *, alone: bool = False) -> LaterLog:
    """Open `log.db` at this path, or in this directory.

    Raises:
        CannotStart: There is none, or it is another kind of file.
        StoreError: It cannot be read.
    """
    file = path / LOG.name if path.is_dir() else path
    if not file.is_file():
        raise CannotStart(f"there is no log at {path}: name a log.db, or the directory of one")
    return LaterLog(file, alone=alone)
