"""Keep data keys, our own secrets, tenants and API keys on SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from stenolog.stores.sqlite.keys.api_keys import SqliteApiKeys
from stenolog.stores.sqlite.keys.boxes import WrappedBoxes
from stenolog.stores.sqlite.keys.data_keys import DataKeyFile
from stenolog.stores.sqlite.keys.held_subjects import HeldSubjectRows
from stenolog.stores.sqlite.keys.subjects import SubjectStreams


class SqliteKeys(SubjectStreams, HeldSubjectRows, WrappedBoxes, DataKeyFile, SqliteApiKeys):
    """Keeps all of it in one file: `DataKeys`, `KeyMarks`, `Boxes`, `ApiKeys` and who is held."""

    async def add_secret(self, purpose: str, number: int, box: bytes) -> bytes:
        """Store the box under this purpose and number, durably; return it, or an earlier one."""

        def write(connection: sqlite3.Connection) -> bytes:
            connection.execute(
                "INSERT OR IGNORE INTO secrets VALUES (?, ?, ?, NULL)", (purpose, number, box)
            )
            return bytes(
                connection.execute(
                    "SELECT box FROM secrets WHERE purpose = ? AND number = ?", (purpose, number)
                ).fetchone()[0]
            )

        kept: bytes = await self._commits.submit(write)
        return kept

    async def secrets(self, purpose: str) -> dict[int, bytes]:
        """Return the boxes for this purpose that are not retired, by number."""
        rows = await self._all(
            "SELECT number, box FROM secrets WHERE purpose = ? AND retired_at IS NULL", purpose
        )
        return {int(row[0]): bytes(row[1]) for row in rows}

    async def drop_secrets(self, purpose: str, numbers: Sequence[int]) -> None:
        """Overwritten in the file by `secure_delete`."""

        def write(connection: sqlite3.Connection) -> None:
            connection.executemany(
                "DELETE FROM secrets WHERE purpose = ? AND number = ?",
                [(purpose, number) for number in numbers],
            )

        await self._commits.submit(write)

    async def purposes(self, begin: str, limit: int) -> Sequence[str]:
        """Reads the primary key alone."""
        rows = await self._all(
            "SELECT DISTINCT purpose FROM secrets WHERE purpose >= ?1 AND purpose < ?1 || ?2 "
            "ORDER BY purpose LIMIT ?3",
            begin,
            chr(0x10FFFF),
            limit,
        )
        return [str(row[0]) for row in rows]
