"""Read who read content from `log.db`: by transcript, by actor, or all of a tenant's."""

from __future__ import annotations

import json

import aiosqlite

from stenolog.log.accesses import AccessPage, AccessQuery
from stenolog.log.events.accesses import ACCESS, TranscriptRead
from stenolog.stores.sqlite.file.connection import read_rows
from stenolog.stores.sqlite.log.stored import INTEGER_MAX, RECORD, stored_event

LOOKED_THROUGH_MAX = 50_000  # of a tenant's reads for one page: some 50 ms
# The bytes are canonical JSON, in which an actor stands in one way alone.
_BY_ACTOR = "(?4 IS NULL OR instr(bytes, ?4) > 0)"
_SEEN = (
    "WITH seen AS (SELECT position FROM events "  # noqa: S608  the columns are ours
    f"WHERE tenant = ?1 AND type = '{TranscriptRead.type}' AND position < ?2 "
    f"ORDER BY position DESC LIMIT {LOOKED_THROUGH_MAX}) "
)
_OF_TENANT = (
    f"{_SEEN} SELECT {RECORD} FROM events "  # noqa: S608  as above
    f"WHERE position IN (SELECT position FROM seen) AND {_BY_ACTOR} "
    "ORDER BY position DESC LIMIT ?3"
)
_SEEN_UNTIL = f"{_SEEN} SELECT count(*), min(position) FROM seen"  # noqa: S608  as above
# Of each stream as many as are asked for, by the index on stream and version.
_OF_STREAMS = (
    f"SELECT {RECORD} FROM events WHERE position IN ("  # noqa: S608  as above
    "SELECT found.position FROM json_each(?5) AS one JOIN events AS found ON found.position IN ("
    "SELECT position FROM events WHERE stream = one.value AND tenant = ?1 AND position < ?2 "
    f"AND {_BY_ACTOR} ORDER BY version DESC LIMIT ?3)) ORDER BY position DESC LIMIT ?3"
)


class AccessReads:
    """Keeps the promise of `StoredAccesses`, over one reading connection."""

    def __init__(self, reader: aiosqlite.Connection) -> None:
        self._reader = reader

    async def accesses(self, query: AccessQuery) -> AccessPage:
        """Reads by the index on reads of a tenant, or by the streams of transcripts."""
        before = INTEGER_MAX if query.before is None else query.before
        actor = None if query.actor is None else f'"actor":"{query.actor}"'.encode()
        values = (query.tenant, before, query.limit + 1, actor)
        if query.transcripts is None:
            rows = await read_rows(self._reader, "log.db", _OF_TENANT, *values)
        else:
            streams = json.dumps([ACCESS + one for one in query.transcripts])
            rows = await read_rows(self._reader, "log.db", _OF_STREAMS, *values, streams)
        events = [stored_event(*row) for row in rows[: query.limit]]
        if len(rows) > query.limit:
            return AccessPage(events=events, next=events[-1].position)
        if query.transcripts is not None:
            return AccessPage(events=events, next=None)
        ((count, last),) = await read_rows(
            self._reader, "log.db", _SEEN_UNTIL, query.tenant, before
        )
        return AccessPage(events=events, next=last if count == LOOKED_THROUGH_MAX else None)
