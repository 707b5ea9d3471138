"""Keep on SQLite which subjects legal holds are on."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence

from stenolog.compliance.forgetting.hold_state import HeldSubject
from stenolog.stores.sqlite.file.written_file import WrittenFile


class HeldSubjectRows(WrittenFile):
    """Keeps the promise of `HeldSubjects` in `keys.db`."""

    async def hold_subject(self, held: HeldSubject) -> None:
        """Durable when this returns."""

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT OR IGNORE INTO held_subjects VALUES (?, ?, ?)",
                (held.hold, held.tenant, held.digest),
            )

        await self._commits.submit(write)

    async def release_subject(self, hold: str) -> None:
        """Durable when this returns."""

        def write(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM held_subjects WHERE hold = ?", (hold,))

        await self._commits.submit(write)

    async def holds_of_subject(self, tenant: str, digest: bytes) -> Sequence[str]:
        """Reads by the index on tenant and digest."""
        rows = await self._all(
            "SELECT hold FROM held_subjects WHERE tenant = ? AND digest = ? ORDER BY hold",
            tenant,
            digest,
        )
        return [str(row[0]) for row in rows]

    async def held_among(self, holds: Collection[str]) -> Collection[str]:
        """Holds travel as one JSON array, so that their number has no bound of SQLite's."""
        rows = await self._all(
            "SELECT hold FROM held_subjects WHERE hold IN (SELECT value FROM json_each(?))",
            json.dumps(list(holds)),
        )
        return {str(row[0]) for row in rows}
