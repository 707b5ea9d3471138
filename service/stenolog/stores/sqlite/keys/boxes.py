"""Read and replace on SQLite all boxes that the master key wraps."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from stenolog.compliance.data_keys import bound_to
from stenolog.compliance.rewrapping import StoredBox
from stenolog.stores.sqlite.file.written_file import WrittenFile

DATA_KEYS, SECRETS = "data_keys", "secrets"  # in this order


class WrappedBoxes(WrittenFile):
    """Keeps the promise of `Boxes` in `keys.db`."""

    async def settled(self) -> None:
        """Waits for a transaction of its own."""
        await self._commits.submit(_nothing)

    async def boxes(self, *, after: tuple[str, str, int], limit: int) -> Sequence[StoredBox]:
        """Reads by primary keys."""
        table, name, number = after
        found: list[StoredBox] = []
        if table <= DATA_KEYS:
            rows = await self._all(
                "SELECT key_id, stream, box FROM data_keys WHERE key_id > ? "
                "ORDER BY key_id LIMIT ?",
                name,
                limit,
            )
            found += [
                StoredBox(
                    place=(DATA_KEYS, row[0], 0),
                    name=bound_to(row[0], row[1]),
                    box=bytes(row[2]),
                )
                for row in rows
            ]
            name, number = "", 0
        rows = await self._all(
            "SELECT purpose, number, box FROM secrets WHERE (purpose, number) > (?, ?) "
            "ORDER BY purpose, number LIMIT ?",
            name,
            number,
            limit - len(found),
        )
        return found + [
            StoredBox(
                place=(SECRETS, row[0], row[1]),
                name=f"{row[0]} {row[1]}".encode(),
                box=bytes(row[2]),
            )
            for row in rows
        ]

    async def replace_boxes(self, changed: Sequence[tuple[StoredBox, bytes]]) -> None:
        """In one transaction; what was destroyed meanwhile stays so."""

        def write(connection: sqlite3.Connection) -> None:
            for one, box in changed:
                table, name, number = one.place
                if table == DATA_KEYS:
                    connection.execute(
                        "UPDATE data_keys SET box = ? WHERE key_id = ? AND box = ?",
                        (box, name, one.box),
                    )
                else:
                    connection.execute(
                        "UPDATE secrets SET box = ? WHERE purpose = ? AND number = ? AND box = ?",
                        (box, name, number, one.box),
                    )

        await self._commits.submit(write)


def _nothing(connection: sqlite3.Connection) -> None:
    """Writes nothing."""
