"""Find in `log.db` what a tenant has requested, the newest first."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence

import aiosqlite

from stenolog.log.events.transcriptions import TranscriptionRequested
from stenolog.projections.run.histories import Beginning
from stenolog.stores.sqlite.file.connection import read_rows
from stenolog.stores.sqlite.log.public import SEQUENCE_AT
from stenolog.stores.sqlite.log.stored import INTEGER_MAX

# By the index on type and sequence; along a tenant's sequence positions grow.
_ALL = (
    "SELECT position, CAST(stream AS BLOB) FROM events WHERE tenant = ?1 AND type = ?3 "  # noqa: S608  ours
    f"AND sequence > 0 AND sequence <= ({SEQUENCE_AT}) ORDER BY sequence DESC LIMIT ?4"
)
_AMONG = (
    "SELECT position, CAST(stream AS BLOB) FROM events "
    "WHERE stream IN (SELECT value FROM json_each(?5)) AND version = 1 "
    "AND tenant = ?1 AND type = ?3 AND position <= ?2 ORDER BY position DESC LIMIT ?4"
)


async def read_requested(
    reader: aiosqlite.Connection,
    tenant: str,
    *,
    before: int,
    limit: int,
    among: Collection[str] | None,
) -> Sequence[Beginning]:
    """Return the last transcriptions requested before a position; raises as `Requested`."""
    asked = (tenant, min(before - 1, INTEGER_MAX), TranscriptionRequested.type, limit)
    if among is None:
        rows = await read_rows(reader, "log.db", _ALL, *asked)
    else:
        rows = await read_rows(reader, "log.db", _AMONG, *asked, json.dumps(list(among)))
    return [
        Beginning(position=position, stream=stream.decode(errors="replace"))
        for position, stream in rows
    ]
