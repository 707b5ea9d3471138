"""Keep on SQLite which streams are about a subject: under a keyed hash, never its name."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from stenolog.errors import KeyMissing
from stenolog.stores.sqlite.file.written_file import WrittenFile


class SubjectStreams(WrittenFile):
    """Keeps the promise of `SubjectRows` in `keys.db`."""

    async def add_subject(self, tenant: str, digest: bytes, stream: str) -> None:
        """Written before the stream's first event; `destroy_data_key` removes it."""

        def write(connection: sqlite3.Connection) -> None:
            if connection.execute("SELECT 1 FROM destroyed WHERE stream = ?", (stream,)).fetchone():
                raise KeyMissing("this stream is erased: nothing is kept about it any more")
            connection.execute(
                "INSERT OR IGNORE INTO subjects VALUES (?, ?, ?)", (tenant, digest, stream)
            )

        await self._commits.submit(write)

    async def subject_streams(
        self, tenant: str, digest: bytes, *, after: str, limit: int
    ) -> Sequence[str]:
        """Reads by primary key."""
        rows = await self._all(
            "SELECT stream FROM subjects WHERE tenant = ? AND digest = ? AND stream > ? "
            "ORDER BY stream LIMIT ?",
            tenant,
            digest,
            after,
            limit,
        )
        return [str(row[0]) for row in rows]
