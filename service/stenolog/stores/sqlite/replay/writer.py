"""Write a replay's file: made beside its name, which it gets once it is whole and on the disk."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path

from stenolog.errors import CannotStart
from stenolog.projections.documents import decode
from stenolog.projections.past.shown import Shown, ShownView
from stenolog.projections.rows import StatusRow
from stenolog.stores.sqlite.file.connection import store_errors
from stenolog.stores.sqlite.replay.schema import TABLES

FILE_MODE = 0o600
UNFINISHED = ".part"
INTEGER_MAX = 2**63 - 1
# The columns that are named as the row's own attributes.
_OF_ROW = (
    "id",
    "tenant",
    "status",
    "provider",
    "region",
    "surface",
    "provider_job",
    "audio_url",
    "audio_ms",
    "error",
    "subject",
    "metadata",
    "erased",
    "created_at",
    "claimed_at",
    "accepted_at",
    "called_back_at",
    "completed_at",
    "webhook_address",
    "webhook_status_code",
    "webhook_ended",
    "correlation_id",
    "requested_position",
    "position",
    "version",
)
_BESIDE = ("submissions", "erased_at", "text", "confidence", "language_code", "words", "audio")


class ReplayFile:
    """A database that is being filled; one transcription is one transaction."""

    def __init__(self, connection: sqlite3.Connection, name: str) -> None:
        self._connection = connection
        self._name = name

    def put(
        self, row: StatusRow, erased_at: str | None, shown: Shown, versions: Mapping[str, int]
    ) -> None:
        """Write a transcription, or write it anew.

        Raises:
            StoreUnavailable: It was not written, as on a full disk.
        """
        with self._transaction() as run:
            self._forget(run, row.id)
            _insert(run, "transcriptions", _columns(row, erased_at, shown))
            for name, view in shown.views.items():
                _insert(run, "views", _view(row.id, name, view, versions[name]))
                run.executemany(
                    "INSERT INTO items VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        (row.id, name, ordinal, *_item(line))
                        for ordinal, line in enumerate(view.lines, start=1)
                    ),
                )

    def fail(self, transcription: str, reason: str) -> None:
        """Say of a transcription that it could not be read; raises as `put`."""
        with self._transaction() as run:
            self._forget(run, transcription)
            _insert(run, "failures", {"transcription": transcription, "reason": reason})

    def about(self, facts: Mapping[str, str]) -> None:
        """Say what the file is; raises as `put`."""
        with self._transaction() as run:
            for name, value in facts.items():
                _insert(run, "about", {"name": name, "value": value})

    def _forget(self, run: sqlite3.Connection, transcription: str) -> None:
        for table in ("items", "views", "failures"):
            run.execute(f"DELETE FROM {table} WHERE transcription = ?", (transcription,))  # noqa: S608  ours
        run.execute("DELETE FROM transcriptions WHERE id = ?", (transcription,))

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with store_errors(self._name):
            self._connection.execute("BEGIN")
            try:
                yield self._connection
            except BaseException:
                self._connection.rollback()
                raise
            self._connection.commit()


@contextlib.contextmanager
def replay_file(path: Path) -> Iterator[ReplayFile]:
    """Fill a new file; nothing is left of it where filling it ends with an error.

    Raises:
        CannotStart: There is a file of this name, or one that an interrupted replay left.
        StoreUnavailable: It cannot be written.
    """
    part = path.with_name(path.name + UNFINISHED)
    if path.exists():
        raise CannotStart(f"{path} is there already: name another file")
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, FILE_MODE))
    except FileExistsError as exc:
        raise CannotStart(
            f"{part} is there already, of a replay that runs or was interrupted: remove it"
        ) from exc
    except OSError as exc:
        raise CannotStart(f"{part}: {exc.strerror}") from exc
    try:
        with store_errors(path.name), contextlib.closing(_opened(part)) as connection:
            yield ReplayFile(connection, path.name)
        _named(part, path)
    finally:
        part.unlink(missing_ok=True)
        part.with_name(part.name + "-journal").unlink(missing_ok=True)


def _opened(part: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(part, isolation_level=None)
    connection.execute("PRAGMA secure_delete = ON")  # what is written anew was erased meanwhile
    connection.execute("PRAGMA synchronous = OFF")  # it is brought to the disk as a whole
    connection.executescript(TABLES)
    return connection


def _named(part: Path, path: Path) -> None:
    try:
        with part.open("rb") as file:
            os.fsync(file.fileno())
        os.link(part, path)  # never over another file
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
    except FileExistsError as exc:
        raise CannotStart(f"{path} is there already: name another file") from exc
    except OSError as exc:
        raise CannotStart(f"{path}: {exc.strerror}") from exc


def _columns(row: StatusRow, erased_at: str | None, shown: Shown) -> Mapping[str, object]:
    said = shown.transcript
    beside = (
        row.submission,
        erased_at,
        said and said.text,
        said and said.confidence,
        said and said.language_code,
        said and said.words,
        said and said.audio,
    )
    own = {name: getattr(row, name) for name in _OF_ROW}
    return {**own, **dict(zip(_BESIDE, beside, strict=True))}


def _view(transcription: str, name: str, view: ShownView, version: int) -> Mapping[str, object]:
    return {
        "transcription": transcription,
        "view": name,
        "version": version,
        "items": len(view.lines),
        "reason": view.reason,
        "around": None if view.around is None else view.around.decode(),
    }


def _item(line: bytes) -> tuple[object, ...]:
    item = decode(line)
    return (
        _whole(item.get("start")),
        _whole(item.get("end")),
        _text(item.get("speaker")),
        _text(item.get("text")),
        line.decode(),
    )


def _whole(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if abs(value) <= INTEGER_MAX else None


def _text(value: object) -> str | None:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else None


def _insert(run: sqlite3.Connection, table: str, columns: Mapping[str, object]) -> None:
    run.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) "  # noqa: S608  names are ours
        f"VALUES ({', '.join('?' * len(columns))})",
        tuple(columns.values()),
    )
