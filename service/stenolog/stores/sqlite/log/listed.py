"""List streams of `log.db` by their categories."""

from __future__ import annotations

from collections.abc import Sequence

import aiosqlite

from stenolog.log.listing import STREAMS_PER_PAGE_MAX
from stenolog.stores.sqlite.file.connection import read_rows

# As in the index `events_of_tenants`: streams of customers' work are not in it.
_OF_TENANT = (
    "SELECT stream FROM events WHERE tenant = ?1 AND version = 1 AND stream < 'log-' "
    "AND stream > ?2 AND stream < ?3 ORDER BY stream DESC LIMIT ?4"
)
_OF_ALL = "SELECT stream FROM streams WHERE stream > ? AND stream < ? ORDER BY stream LIMIT ?"
_OWED = (
    "SELECT stream FROM open_transcriptions "
    "WHERE open AND stream > ? AND stream < ? ORDER BY stream LIMIT ?"
)


class SqliteStreamLists:
    """Keeps the promises of `StreamLists`, each by an index."""

    def __init__(self, reader: aiosqlite.Connection) -> None:
        self._reader = reader

    async def of_tenant(
        self, tenant: str, category: str, *, before: str, limit: int
    ) -> Sequence[str]:
        """Reads by the partial index on tenant and stream of first events."""
        end = category + before if before else _behind(category)
        return await self._ids(_OF_TENANT, category, tenant, category, end, _bounded(limit))

    async def of_all(self, category: str, *, after: str, limit: int) -> Sequence[str]:
        """Reads by primary key."""
        return await self._ids(
            _OF_ALL, category, category + after, _behind(category), _bounded(limit)
        )

    async def owed(self, category: str, *, after: str, limit: int) -> Sequence[str]:
        """Reads by the partial index on open ones."""
        return await self._ids(
            _OWED, category, category + after, _behind(category), _bounded(limit)
        )

    async def _ids(self, statement: str, category: str, *values: object) -> Sequence[str]:
        rows = await read_rows(self._reader, "log.db", statement, *values)
        return [str(row[0]).removeprefix(category) for row in rows]


def _behind(category: str) -> str:
    """Return the first name behind all that begin with the category and its dash."""
    return category[:-1] + chr(ord(category[-1]) + 1)


def _bounded(limit: int) -> int:
    return max(0, min(limit, STREAMS_PER_PAGE_MAX))
