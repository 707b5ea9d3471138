"""The log's files read as they are, for verification: by commands, without the service."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from service.compliance.records import StoredRow, StoredTree
from service.compliance.vault import WrappedKey
from service.log.catalogue import ErasureRequested
from service.stores.sqlite.connection import open_reader_sync, store_errors

_ROWS = (
    "SELECT position, id, stream, version, tenant, sequence, type, bytes, leaf, key_id, box "
    "FROM events LEFT JOIN payloads USING (position)"
)


class SqliteRecords:
    """`log.db` and `keys.db`, opened `mode=ro`."""

    def __init__(self, log: Path, keys: Path) -> None:
        self._log = open_reader_sync(log, "log.db")
        try:
            self._keys = open_reader_sync(keys, "keys.db")
        except BaseException:
            self._log.close()
            raise
        for connection in (self._log, self._keys):
            connection.text_factory = _text

    def close(self) -> None:
        """Both files are closed."""
        self._log.close()
        self._keys.close()

    def tree(self) -> StoredTree:
        """One statement: one snapshot."""
        with store_errors("log.db"):
            row = self._log.execute(
                "SELECT (SELECT count FROM tree), (SELECT frontier FROM tree), "
                "(SELECT min(position) FROM events), (SELECT min(position) FROM payloads), "
                "(SELECT max(position) FROM events), (SELECT max(position) FROM payloads)"
            ).fetchone()
        ends = [end for end in row[2:] if end is not None]
        whole = all(isinstance(number, int) for number in (row[0], *ends))
        return StoredTree(
            count=row[0] if whole else -1,
            frontier=_bytes(row[1]),
            first=min(ends, default=1) if whole else 1,
            last=max(ends, default=0) if whole else 0,
        )

    def rows(self, after: int, until: int) -> Sequence[StoredRow]:
        """Reads both tables by primary key."""
        with store_errors("log.db"):
            found = self._log.execute(
                f"{_ROWS} WHERE position > ? AND position <= ? ORDER BY position", (after, until)
            ).fetchall()
        return [_stored_row(row) for row in found]

    def erasure(self, stream: str, after: int) -> StoredRow | None:
        """Reads the stream by its unique index."""
        with store_errors("log.db"):
            row = self._log.execute(
                f"{_ROWS} WHERE stream = ? AND type = ? AND position >= ?",
                (stream, ErasureRequested.type, after),
            ).fetchone()
        return _stored_row(row) if row else None

    def data_key(self, key_id: str) -> WrappedKey | None:
        """Reads by primary key."""
        with store_errors("keys.db"):
            row = self._keys.execute(
                "SELECT key_id, stream, box FROM data_keys WHERE key_id = ?", (key_id,)
            ).fetchone()
        return WrappedKey(key_id=row[0], stream=row[1], box=_bytes(row[2])) if row else None


def _text(raw: bytes) -> str:
    # A damaged column must become a difference, not an exception.
    return raw.decode(errors="replace")


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def _stored_row(row: sqlite3.Row) -> StoredRow:
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
