"""Read one tenant's public events of `log.db`, by their sequence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import aiosqlite

from stenolog.errors import RecordDamaged
from stenolog.feed.pages import FeedPage, FeedQuery
from stenolog.log.batch_state import ADVICE
from stenolog.log.event import Event
from stenolog.stores.sqlite.file.connection import read_rows
from stenolog.stores.sqlite.log.stored import INTEGER_MAX, RECORD, stored_event

# Along a tenant's sequence positions grow: the last one up to a position is found by halving.
_MIDDLE = "((low + high + 1) / 2)"
_IS_UP_TO = (
    "(SELECT position FROM events "  # noqa: S608  the columns are ours
    f"WHERE tenant = ?1 AND sequence = {_MIDDLE} AND sequence > 0) <= ?2"
)
_SEQUENCE_AT = (
    "WITH RECURSIVE halved (low, high) AS ("  # noqa: S608  as above
    "SELECT 0, coalesce((SELECT max(sequence) FROM events WHERE tenant = ?1 AND sequence > 0), 0) "
    f"UNION ALL SELECT iif({_IS_UP_TO}, {_MIDDLE}, low), "
    f"iif({_IS_UP_TO}, high, {_MIDDLE} - 1) FROM halved WHERE low < high) "
    "SELECT low FROM halved WHERE low >= high"
)
_ALL = (
    f"SELECT sequence, {RECORD} FROM events "  # noqa: S608  the columns are ours
    "WHERE tenant = ?1 AND sequence > ?2 AND sequence > 0 AND position <= ?4 "
    "ORDER BY sequence LIMIT ?3"
)
# Of each type as many as are asked for, by an index that has types before sequences.
_OF_TYPE = (
    f"SELECT * FROM (SELECT sequence, {RECORD} FROM events "  # noqa: S608  the columns are ours
    "WHERE tenant = ?1 AND type = ?{number} AND sequence > ?2 AND sequence > 0 "
    "AND position <= ?4 ORDER BY sequence LIMIT ?3)"
)
_LAST_OF_TYPE = (
    "SELECT max(sequence) AS last FROM events "
    "WHERE tenant = ?1 AND type = ?{number} AND sequence <= ?2 AND sequence > 0"
)
TYPES_FROM = 5  # the number of the first type among the values


async def read_public(reader: aiosqlite.Connection, query: FeedQuery) -> FeedPage:
    """Return a page; raises as `PublicEvents.public`."""
    after = min(query.after, INTEGER_MAX)
    ((begin,),) = await read_rows(reader, "log.db", _SEQUENCE_AT, query.tenant, after)
    rows, previous = await _rows(reader, query, begin)
    events: list[Event] = []
    for sequence, *record in rows[: query.limit]:
        event = _checked(query, sequence, record)
        if query.types is None and sequence != begin + len(events) + 1:
            raise _missing(begin + len(events) + 1, event)
        events.append(event)
    more = len(rows) > query.limit
    position = events[-1].position if more else max(after, query.until)
    return FeedPage(events=events, previous=previous, position=position, more=more)


async def _rows(
    reader: aiosqlite.Connection, query: FeedQuery, begin: int
) -> tuple[Sequence[Any], int]:
    """Return rows behind a sequence, one more than are asked for, and the wanted one before."""
    values = (query.tenant, begin, query.limit + 1, query.until)
    if query.types is None:
        return await read_rows(reader, "log.db", _ALL, *values), begin
    types = sorted(query.types)
    numbers = range(TYPES_FROM, TYPES_FROM + len(types))
    parts = " UNION ALL ".join(_OF_TYPE.format(number=number) for number in numbers)
    statement = f"{parts} ORDER BY sequence LIMIT ?3"
    rows = await read_rows(reader, "log.db", statement, *values, *types)
    lasts = " UNION ALL ".join(_LAST_OF_TYPE.format(number=number) for number in numbers)
    statement = f"SELECT coalesce(max(last), 0) FROM ({lasts})"  # noqa: S608  as above
    ((previous,),) = await read_rows(reader, "log.db", statement, *values, *types)
    return rows, previous


def _checked(query: FeedQuery, sequence: object, record: Sequence[Any]) -> Event:
    """Return the event, if its bytes say of it what the index said."""
    event = stored_event(*record)
    wanted = query.types is None or event.type in query.types
    if (event.tenant, event.sequence) != (query.tenant, sequence) or not wanted:
        raise RecordDamaged(
            f"log.db: an index has another event at position {event.position}; {ADVICE}",
            position=event.position,
            stream=event.stream,
        )
    return event


def _missing(sequence: int, found: Event) -> RecordDamaged:
    return RecordDamaged(
        f"log.db: the tenant's event {sequence} is missing before position {found.position}; "
        f"{ADVICE}",
        position=found.position,
        gone=True,
    )
