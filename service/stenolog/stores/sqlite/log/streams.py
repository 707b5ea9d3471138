"""Read many streams of `log.db` at once, for views that are made of the whole log."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import aiosqlite

from stenolog.errors import RecordDamaged
from stenolog.log.event import Event
from stenolog.log.stream import check_end, check_unbroken
from stenolog.projections.run.histories import Beginning, Box
from stenolog.stores.sqlite.file.connection import read_rows
from stenolog.stores.sqlite.log.requested import read_requested
from stenolog.stores.sqlite.log.stored import INTEGER_MAX, RECORD, stored_event

_VERSION = (
    "SELECT max(coalesce((SELECT max(version) FROM events WHERE stream = ?1), 0), "
    "coalesce(CAST((SELECT version FROM streams WHERE stream = ?1) AS INTEGER), 0))"
)
# The stream's own row comes also with no event: of one moment, so that no append comes in between.
_STREAM = (
    "SELECT (SELECT version FROM streams WHERE stream = ?1), "  # noqa: S608  the columns are ours
    "(SELECT position FROM streams WHERE stream = ?1), found.* FROM (SELECT 1) LEFT JOIN "
    f"(SELECT {RECORD} FROM events WHERE stream = ?1 AND version > ?2 "
    "ORDER BY version LIMIT ?3) AS found"
)
PARSED_PER_TURN = 100  # three milliseconds, then others have the event loop


async def read_stream(
    reader: aiosqlite.Connection, stream: str, *, after: int, limit: int
) -> list[Event]:
    """Return at most `limit` events of a stream behind version `after`, in order.

    Raises:
        RecordDamaged: A record among them, or the stream's last one, is damaged or missing; or the
            stream goes on behind `after`, and none of its records is found.
        StoreUnavailable: The log cannot be read now.
    """
    rows = await read_rows(
        reader,
        "log.db",
        _STREAM,
        stream,
        after,
        limit,
    )
    return _checked(stream, rows, after=after, limit=limit)


async def version_of(reader: aiosqlite.Connection, stream: str) -> int:
    """Return a stream's version, by its index or its own row, whichever knows of more; 0: none.

    Raises:
        StoreUnavailable: The log cannot be read now.
    """
    ((version,),) = await read_rows(reader, "log.db", _VERSION, stream)
    return int(version)


class StreamReads:
    """Keeps the promise of `Histories`, over one reading connection."""

    def __init__(self, reader: aiosqlite.Connection) -> None:
        self._reader = reader

    async def beginnings(
        self, category: str, *, after: int, until: int, limit: int
    ) -> Sequence[Beginning]:
        """Passes over all records in between, a microsecond each."""
        rows = await self._rows(
            "SELECT position, CAST(stream AS BLOB) FROM events "
            "WHERE position > ? AND position <= ? AND version = 1 AND substr(stream, 1, ?) = ? "
            "ORDER BY position LIMIT ?",
            after,
            until,
            len(category),
            category,
            limit,
        )
        return [Beginning(position=position, stream=_text(stream)) for position, stream in rows]

    async def requested(
        self, tenant: str, *, before: int, limit: int, among: Collection[str] | None
    ) -> Sequence[Beginning]:
        """Reads by the index on type and sequence; of some streams, by that on stream."""
        return await read_requested(self._reader, tenant, before=before, limit=limit, among=among)

    async def read_streams(
        self, streams: Collection[str], *, limit: int
    ) -> Mapping[str, Sequence[Event]]:
        """Reads by the unique index on stream and version."""
        rows = await self._rows(
            f"SELECT {RECORD} FROM events "  # noqa: S608  the columns are ours
            "WHERE stream IN (SELECT value FROM json_each(?)) ORDER BY stream, version LIMIT ?",
            json.dumps(list(streams)),
            limit,
        )
        ends = {
            _text(stream): end
            for stream, *end in await self._rows(
                "SELECT CAST(stream AS BLOB), version, position FROM streams "
                "WHERE stream IN (SELECT value FROM json_each(?))",
                json.dumps(list(streams)),
            )
        }
        found: dict[str, list[Event]] = {}
        odd = {_text(rows[-1][1])} if len(rows) == limit else set[str]()  # it may go on
        for number, record in enumerate(rows, start=1):
            if number % PARSED_PER_TURN == 0:
                await asyncio.sleep(0)
            stream = _text(record[1])
            try:
                found.setdefault(stream, []).append(stored_event(*record))
            except RecordDamaged:
                odd.add(stream)
        return {
            stream: events
            for stream, events in found.items()
            if stream not in odd and _is_whole(stream, events, ends.get(stream, (None, None)))
        }

    async def stored(self, stream: str, *, after: int, limit: int) -> Sequence[bytes]:
        """Reads by the unique index on stream and version, and checks each record."""
        rows = await self._rows(_STREAM, stream, min(after, INTEGER_MAX), limit)
        found = _checked(stream, rows, after=after, limit=limit)
        return [bytes(row[4]) for row in rows[: len(found)]]

    async def positions_of(self, stream: str, *, after: int, limit: int) -> Sequence[int]:
        """Reads the unique index on stream and version alone."""
        rows = await self._rows(
            "SELECT position FROM events WHERE stream = ? AND position > ? "
            "ORDER BY version LIMIT ?",
            stream,
            after,
            limit,
        )
        return [position for (position,) in rows]

    async def boxes(self, positions: Collection[int], *, bytes_max: int) -> Mapping[int, Box]:
        """Reads by primary key; longer ones are passed over unread."""
        rows = await self._rows(
            "SELECT position, key_id, box FROM payloads "
            "WHERE position IN (SELECT value FROM json_each(?)) AND length(box) <= ?",
            json.dumps(list(positions)),
            bytes_max,
        )
        return {position: Box(key_id=key_id, box=bytes(box)) for position, key_id, box in rows}

    async def streams_of(self, category: str, *, after: str, limit: int) -> Sequence[str]:
        """Return the first streams behind `after` whose names begin so, in order.

        Reads the primary key of the table of streams' ends alone.

        Raises:
            StoreUnavailable: The log cannot be read now.
        """
        rows = await self._rows(
            "SELECT stream FROM streams WHERE stream > ?1 AND stream >= ?2 AND stream < ?2 || ?3 "
            "ORDER BY stream LIMIT ?4",
            after,
            category,
            chr(0x10FFFF),
            limit,
        )
        return [str(row[0]) for row in rows]

    async def _rows(self, statement: str, *values: object) -> Sequence[Any]:
        return await read_rows(self._reader, "log.db", statement, *values)


def _checked(stream: str, rows: Sequence[Any], *, after: int, limit: int) -> list[Event]:
    """Return the events in rows of `_STREAM`, if none is missing among them or behind them."""
    events = [stored_event(*row[2:]) for row in rows if row[2] is not None]
    check_unbroken(stream, events, after)
    if len(events) < limit:
        check_end(stream, events[-1].version if events else after, *rows[-1][:2])
    return events


def _text(stream: bytes) -> str:
    """Return a stream's name; a damaged one need not be text."""
    return stream.decode(errors="replace")


def _is_whole(stream: str, events: Sequence[Event], end: Sequence[object]) -> bool:
    try:
        check_unbroken(stream, events, 0)
        check_end(stream, events[-1].version, *end)
    except RecordDamaged:
        return False
    return True
