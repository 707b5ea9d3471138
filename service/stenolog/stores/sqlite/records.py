"""Read the log's files as they are, for verification: by commands, without the service."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from stenolog.compliance.data_keys import WrappedKey
from stenolog.compliance.lost_files import is_new
from stenolog.compliance.records import OpenRow, RecordedStreams, StoredRow, StoredTree
from stenolog.compliance.scratch import ScratchSpace
from stenolog.compliance.sealings import EXCUSING
from stenolog.errors import StoreUnavailable
from stenolog.log.format import LogIdentity
from stenolog.log.merkle import Place
from stenolog.stores.sqlite.checks.derived import dedupe_keys, dedupe_position, ends, open_rows
from stenolog.stores.sqlite.checks.scratch import SqliteScratch
from stenolog.stores.sqlite.checks.stream_ends import SqliteStreams
from stenolog.stores.sqlite.checks.structure import wrong_structure
from stenolog.stores.sqlite.file.connection import open_reader_sync, store_errors
from stenolog.stores.sqlite.file.identity import look, refuse_wrong
from stenolog.stores.sqlite.file.schema import Schema, run_step
from stenolog.stores.sqlite.keys.schema import KEYS
from stenolog.stores.sqlite.log.schema import LOG

_ROWS = (
    "SELECT position, id, stream, version, tenant, sequence, type, bytes, leaf, key_id, box "
    "FROM events LEFT JOIN payloads USING (position)"
)
_EXCUSING = ", ".join("?" * len(EXCUSING))


class SqliteRecords:
    """`log.db` and `keys.db`, opened `mode=ro`; without keys where there are none.

    Attributes:
        copied: The log is one as a backup has it.

    Raises:
        CannotStart: A file is of another kind, or the keys are those of another log.
        SchemaTooNew: A file was written by a newer Stenolog.
        StoreUnavailable: A file cannot be opened.
    """

    def __init__(self, log: Path, keys: Path) -> None:
        self._keys_missing = self._keys_wrong = ""
        self._log = _opened(log, LOG, None)
        try:
            with store_errors(LOG.name):
                found = look(self._log)
                self._identity, self.copied = found.identity, found.copied
            self._keys = self._opened_keys(keys)
        except BaseException:
            self._log.close()
            raise
        for connection in (self._log, self._keys):
            connection.text_factory = _text
        self.streams: RecordedStreams = SqliteStreams(self._log)

    def _opened_keys(self, keys: Path) -> sqlite3.Connection:
        """Return the file of keys, or one with no keys where it cannot be read."""
        try:
            if not is_new(keys):
                return _opened(keys, KEYS, self._identity)
            self._keys_missing = f"{KEYS.name} is not here"
        except StoreUnavailable as exc:
            self._keys_missing = f"{KEYS.name} cannot be read"
            if os.access(keys, os.R_OK):
                self._keys_wrong = str(exc)
        none = sqlite3.connect(":memory:", isolation_level=None)
        for number in range(1, len(KEYS.steps) + 1):
            run_step(none, KEYS, number, self._identity)
        return none

    def close(self) -> None:
        """Both files are closed."""
        self._log.close()
        self._keys.close()

    @property
    def identity(self) -> LogIdentity | None:
        """As it was when the files were opened."""
        return self._identity

    @property
    def keys_missing(self) -> str:
        """As it was when the files were opened."""
        return self._keys_missing

    def scratch(self) -> ScratchSpace:
        """A temporary database, which belongs to nobody else."""
        return closing(SqliteScratch())

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """A transaction that only reads."""
        with store_errors("log.db"):
            self._log.execute("BEGIN")
        try:
            yield
        finally:
            self._log.rollback()

    def dedupe_position(self, key: str) -> int | None:
        """Reads by primary key."""
        return dedupe_position(self._log, key)

    def dedupe_keys(self) -> int:
        """Reads the whole table."""
        return dedupe_keys(self._log)

    def stream_ends(self) -> Iterator[tuple[str, tuple[object, object]]]:
        """Reads the whole table by primary key."""
        return ends(self._log, "SELECT stream, position, version FROM streams ORDER BY stream")

    def tenant_ends(self) -> Iterator[tuple[str, tuple[object, object]]]:
        """Reads the whole table by primary key."""
        return ends(self._log, "SELECT tenant, sequence, position FROM tenants ORDER BY tenant")

    def open_rows(self) -> Iterator[OpenRow]:
        """Reads the whole table by primary key."""
        return open_rows(self._log)

    def has_key(self, stream: str) -> bool:
        """Reads by the unique index on the stream."""
        with store_errors("keys.db"):
            found = self._keys.execute("SELECT 1 FROM data_keys WHERE stream = ?", (stream,))
            return found.fetchone() is not None

    def structure(self, alive: Callable[[], None]) -> Iterator[str]:
        """SQLite's own check of both files."""
        yield from wrong_structure(self._log, LOG, alive)
        if not self._keys_missing:
            yield from wrong_structure(self._keys, KEYS, alive)
        elif self._keys_wrong:
            yield self._keys_wrong

    def tree(self) -> StoredTree:
        """Reads in one statement, so from one snapshot."""
        with store_errors("log.db"):
            row = self._log.execute(
                "SELECT (SELECT count FROM tree), (SELECT frontier FROM tree), "
                "(SELECT min(position) FROM events), (SELECT min(position) FROM payloads), "
                "(SELECT max(position) FROM events), (SELECT max(position) FROM payloads), "
                "(SELECT count(*) FROM nodes), (SELECT last_us FROM tree)"
            ).fetchone()
        ends = [end for end in row[2:6] if end is not None]
        whole = all(isinstance(number, int) for number in (row[0], *ends))
        return StoredTree(
            count=row[0] if whole else -1,
            frontier=_bytes(row[1]),
            nodes=row[6],
            last_us=row[7],
            first=min(ends, default=1) if whole else 1,
            last=max(ends, default=0) if whole else 0,
        )

    def node(self, place: Place) -> bytes | None:
        """Reads by primary key."""
        with store_errors("log.db"):
            row = self._log.execute(
                "SELECT hash FROM nodes WHERE level = ? AND number = ?", (place.level, place.number)
            ).fetchone()
        return _bytes(row[0]) if row else None

    def rows(self, after: int, until: int) -> Sequence[StoredRow]:
        """Reads both tables by primary key."""
        with store_errors("log.db"):
            found = self._log.execute(
                f"{_ROWS} WHERE position > ? AND position <= ? ORDER BY position", (after, until)
            ).fetchall()
        return [stored_row(row) for row in found]

    def erasure(self, stream: str, after: int) -> StoredRow | None:
        """Reads the stream by its unique index."""
        with store_errors("log.db"):
            row = self._log.execute(
                f"{_ROWS} WHERE stream = ? AND type IN ({_EXCUSING}) AND position >= ? "
                "ORDER BY version",
                (stream, *EXCUSING, after),
            ).fetchone()
        return stored_row(row) if row else None

    def data_key(self, key_id: str) -> WrappedKey | None:
        """Reads by primary key."""
        with store_errors("keys.db"):
            row = self._keys.execute(
                "SELECT key_id, stream, box FROM data_keys WHERE key_id = ?", (key_id,)
            ).fetchone()
        return WrappedKey(key_id=row[0], stream=row[1], box=_bytes(row[2])) if row else None

    def secret(self, purpose: str, number: int) -> bytes | None:
        """Return the box of one of our own secrets; None when there is none.

        Raises:
            StoreUnavailable: It cannot be read.
        """
        with store_errors("keys.db"):
            row = self._keys.execute(
                "SELECT box FROM secrets WHERE purpose = ? AND number = ?", (purpose, number)
            ).fetchone()
        return _bytes(row[0]) if row else None


def _opened(path: Path, schema: Schema, identity: LogIdentity | None) -> sqlite3.Connection:
    connection = open_reader_sync(path, schema.name)
    try:
        with store_errors(schema.name):
            found = look(connection)
        refuse_wrong(found, schema, identity, copies=True)
    except BaseException:
        connection.close()
        raise
    return connection


def _text(raw: bytes) -> str:
    # A damaged column must become a difference, not an exception.
    return raw.decode(errors="replace")


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def stored_row(row: sqlite3.Row) -> StoredRow:
    """Return a row of the columns that `StoredRow` has, in its order."""
    position, identifier, stream, version, tenant, sequence, kind, stored, leaf, key_id, box = row
    return StoredRow(
        position=position,
        id=identifier,
        stream=stream,
        version=version,
        tenant=tenant,
        sequence=sequence,
        type=kind,
        stored=_bytes(stored),
        leaf=_bytes(leaf),
        key_id=key_id,
        box=None if box is None else _bytes(box),
    )
