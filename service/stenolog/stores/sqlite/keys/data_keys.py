"""Keep data keys on SQLite, how far the log's events are carried out, and which keys are lost."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Collection, Sequence
from functools import partial
from typing import Any

from stenolog.compliance.data_keys import WrappedKey
from stenolog.errors import KeyLost, KeyMissing, StenologError, StoreError, StoreUnavailable
from stenolog.stores.sqlite.file.written_file import Write, WrittenFile
from stenolog.stores.sqlite.keys.schema import KEYS

TRUNCATE_AGAIN_MS = 50  # between two tries, while others' writes go on
TRUNCATIONS_MAX = 100  # five seconds in all, for a reader of ours or of a backup


class DataKeyFile(WrittenFile):
    """Keeps the promises of `DataKeys` and `KeyMarks` in `keys.db`."""

    schema = KEYS

    async def add_data_key(self, key: WrappedKey, *, head: int = 0) -> WrappedKey:
        """Looks up and writes in one transaction, so that the first key of a stream wins."""

        def write(connection: sqlite3.Connection) -> WrappedKey:
            if connection.execute(_IS_DESTROYED, (key.stream,)).fetchone():
                raise KeyMissing("the key of this stream was destroyed, it gets no other")
            if connection.execute(_IS_LOST, (key.stream,)).fetchone():
                raise KeyLost("the key of this stream is lost, it gets no other")
            connection.execute(
                "INSERT INTO data_keys VALUES (?, ?, ?) ON CONFLICT (stream) DO NOTHING",
                (key.key_id, key.stream, key.box),
            )
            connection.execute(_RAISE_HIGH_WATER, (head,))
            row = connection.execute(
                "SELECT key_id, stream, box FROM data_keys WHERE stream = ?", (key.stream,)
            ).fetchone()
            return _wrapped_key(row)

        wrapped: WrappedKey = await self._commits.submit(write)
        return wrapped

    async def destroy_data_key(self, stream: str) -> None:
        """Overwritten in the file by `secure_delete`, and the WAL truncated."""
        await self._commits.submit(partial(destroy, stream=stream))
        # Always, even when there was nothing to delete: a crash may have come in between.
        await self._truncated()

    async def is_destroyed(self, stream: str) -> bool:
        """Reads by primary key."""
        return await self._one(_IS_DESTROYED, stream) is not None

    async def data_key_of(self, stream: str) -> WrappedKey | None:
        """Reads by the unique index on the stream."""
        row = await self._one("SELECT key_id, stream, box FROM data_keys WHERE stream = ?", stream)
        return _wrapped_key(row) if row else None

    async def data_keys_of(self, streams: Collection[str]) -> Sequence[WrappedKey]:
        """Streams travel as one JSON array, so that their number has no bound of SQLite's."""
        rows = await self._all(
            "SELECT key_id, stream, box FROM data_keys "
            "WHERE stream IN (SELECT value FROM json_each(?))",
            json.dumps(list(streams)),
        )
        return [_wrapped_key(row) for row in rows]

    async def data_keys(self, key_ids: Collection[str]) -> Sequence[WrappedKey]:
        """As `data_keys_of`."""
        rows = await self._all(
            "SELECT key_id, stream, box FROM data_keys "
            "WHERE key_id IN (SELECT value FROM json_each(?))",
            json.dumps(list(key_ids)),
        )
        return [_wrapped_key(row) for row in rows]

    async def data_key(self, key_id: str) -> WrappedKey | None:
        """Reads by primary key."""
        row = await self._one("SELECT key_id, stream, box FROM data_keys WHERE key_id = ?", key_id)
        return _wrapped_key(row) if row else None

    async def streams_with_keys(self, category: str, *, after: str, limit: int) -> Sequence[str]:
        """Reads the unique index on the stream alone."""
        rows = await self._all(
            "SELECT stream FROM data_keys WHERE stream > ? AND substr(stream, 1, ?) = ? "
            "ORDER BY stream LIMIT ?",
            after,
            len(category),
            category,
            limit,
        )
        return [str(row[0]) for row in rows]

    async def high_water(self) -> int:
        """Reads the only row of its table."""
        row = await self._one("SELECT position FROM high_water")
        return int(row[0]) if row else 0

    async def carried_out(self, position: int, lost: Collection[str] = ()) -> None:
        """Written in one transaction."""

        def write(connection: sqlite3.Connection) -> None:
            connection.executemany("INSERT OR IGNORE INTO lost VALUES (?)", [(s,) for s in lost])
            connection.execute("UPDATE high_water SET position = ?", (position,))

        await self._commits.submit(write)

    async def lost_count(self) -> int:
        """Counts the rows of a table that is empty but after a mistake."""
        row = await self._one("SELECT count(*) FROM lost")
        return int(row[0]) if row else 0

    async def scrub(self) -> None:
        """Overwritten in the file by `secure_delete`, and the WAL truncated."""
        await self._truncated()

    async def _truncated(self) -> None:
        """Return once the WAL is truncated; a reader in the way is waited for.

        Raises:
            StoreUnavailable: What was deleted may still be found in the WAL; try again.
        """
        for _ in range(TRUNCATIONS_MAX):
            if await self._commits.submit(_truncate):
                return
            await asyncio.sleep(TRUNCATE_AGAIN_MS / 1000)
        raise StoreUnavailable("keys.db: the WAL is being read, it cannot be truncated now")

    def _commit(self, batch: Sequence[Write]) -> Sequence[Any | StenologError]:
        """Runs a batch in one transaction, and truncates the WAL when a write asked for it."""
        outcomes = super()._commit(batch)
        if _truncate not in batch:
            return outcomes
        truncated: bool | StoreError
        try:
            truncated = self._writer.truncate_wal()
        except StoreError as exc:  # fails only those who asked for it
            truncated = exc
        return [
            truncated if write is _truncate else outcome
            for write, outcome in zip(batch, outcomes, strict=True)
        ]


_IS_DESTROYED = "SELECT 1 FROM destroyed WHERE stream = ?"
_IS_LOST = "SELECT 1 FROM lost WHERE stream = ?"
_RAISE_HIGH_WATER = "UPDATE high_water SET position = max(position, ?)"


def destroy(connection: sqlite3.Connection, stream: str) -> None:
    """Leave nothing of the stream but that its key was destroyed, in the caller's transaction."""
    connection.execute("INSERT OR IGNORE INTO destroyed VALUES (?)", (stream,))
    for table in ("data_keys", "lost", "subjects"):
        connection.execute(f"DELETE FROM {table} WHERE stream = ?", (stream,))  # noqa: S608  ours


def _truncate(connection: sqlite3.Connection) -> None:
    """Writes nothing: a mark in a batch that the WAL is to be truncated behind it."""


def _wrapped_key(row: sqlite3.Row) -> WrappedKey:
    return WrappedKey(key_id=str(row[0]), stream=str(row[1]), box=bytes(row[2]))
