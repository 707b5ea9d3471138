"""The log's files read as they are, for verification: by commands, without the service."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from service.compliance.vault import WrappedKey
from service.compliance.verify import StoredRow, StoredTree
from service.stores.sqlite.connection import open_reader_sync, store_errors


class SqliteRecords:
    """`log.db` and `keys.db`, opened `mode=ro`."""

    def __init__(self, log: Path, keys: Path) -> None:
        self._log = open_reader_sync(log, "log.db")
        self._keys = open_reader_sync(keys, "keys.db")
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
                "SELECT count, frontier, (SELECT coalesce(max(position), 0) FROM events), "
                "(SELECT coalesce(max(position), 0) FROM payloads) FROM tree"
            ).fetchone()
        if row is None:
            return StoredTree(count=0, frontier=b"", last_event=0, last_payload=0)
        return StoredTree(
            count=row[0], frontier=bytes(row[1]), last_event=row[2], last_payload=row[3]
        )

    def rows(self, after: int, until: int) -> Sequence[StoredRow]:
        """Reads both tables by primary key."""
        with store_errors("log.db"):
            found = self._log.execute(
                "SELECT position, id, stream, version, tenant, sequence, type, bytes, key_id, box "
                "FROM events LEFT JOIN payloads USING (position) "
                "WHERE position > ? AND position <= ? ORDER BY position",
                (after, until),
            ).fetchall()
        return [_stored_row(row) for row in found]

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
    position, identifier, stream, version, tenant, sequence, kind, stored, key_id, box = row
    return StoredRow(
        position=position,
        id=identifier,
        stream=stream,
        version=version,
        tenant=tenant,
        sequence=sequence,
        type=kind,
        stored=_bytes(stored),
        key_id=key_id,
        box=None if box is None else _bytes(box),
    )
