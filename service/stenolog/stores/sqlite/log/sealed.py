"""Read from `log.db` which streams have payloads, under which keys, and which are erased."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import aiosqlite

from stenolog.compliance.sealings import FORGETTING, KEYED, Sealed, Told
from stenolog.log.facts import forgotten_by
from stenolog.stores.sqlite.file.connection import read_rows


class SealedStreams:
    """Keeps the promise of `Sealings`, over one reading connection."""

    def __init__(self, reader: aiosqlite.Connection) -> None:
        self._reader = reader

    async def sealed_in(self, stream: str) -> Sealed:
        """Finds the stream's first payload, which a transcription has in its first event."""
        ((found, head),) = await self._rows(
            "SELECT EXISTS (SELECT 1 FROM events JOIN payloads USING (position) WHERE stream = ?), "
            "(SELECT max(position) FROM events)",
            stream,
        )
        return Sealed(any=bool(found), head=int(head or 0))

    async def is_forgotten(self, stream: str) -> bool:
        """Passes over the events of one stream."""
        rows = await self._rows(
            "SELECT 1 FROM events WHERE stream = ? AND type IN (SELECT value FROM json_each(?)) "
            "LIMIT 1",
            stream,
            json.dumps(FORGETTING),
        )
        return bool(rows)

    async def stream_of(self, event_id: str) -> str | None:
        """Reads by the unique index on ids."""
        rows = await self._rows("SELECT stream FROM events WHERE id = ?", event_id)
        return str(rows[0][0]) if rows else None

    async def told(self, *, after: int, until: int) -> Sequence[Told]:
        """Reads by primary key; a name that is damaged need not be text.

        Where records are missing, their dedupe keys tell: all of these are read then.
        """
        ((there,),) = await self._rows(
            "SELECT count(*) FROM events WHERE position > ? AND position <= ?", after, until
        )
        missing = await self._missing(after, until) if there < until - after else []
        rows = await self._rows(
            "SELECT CAST(stream AS BLOB), key_id, type FROM events "
            "LEFT JOIN payloads USING (position) WHERE position > ?1 AND position <= ?2 "
            "AND (key_id IS NOT NULL OR type IN (SELECT value FROM json_each(?3))) "
            "ORDER BY position",
            after,
            until,
            json.dumps([*FORGETTING, KEYED]),
        )
        return [
            Told(stream=stream.decode(errors="replace"), key_id=key_id, type=event_type)
            for stream, key_id, event_type in rows
        ] + missing

    async def _missing(self, after: int, until: int) -> list[Told]:
        rows = await self._rows(
            "SELECT CAST(key AS BLOB) FROM dedupe WHERE position > ? AND position <= ? "
            "AND NOT EXISTS (SELECT 1 FROM events WHERE events.position = dedupe.position)",
            after,
            until,
        )
        forgotten = [forgotten_by(key.decode(errors="replace")) for (key,) in rows]
        return [Told(stream=one[0], key_id=None, type=one[1]) for one in forgotten if one]

    async def _rows(self, statement: str, *values: object) -> Sequence[Any]:
        return await read_rows(self._reader, "log.db", statement, *values)
