"""Read one tenant's public events of `log.db`, by their sequence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import aiosqlite

from stenolog.errors import RecordDamaged
from stenolog.feed.pages import EVENTS_PER_PAGE_MAX, FeedPage, FeedQuery
from stenolog.log.batch_state import ADVICE
from stenolog.log.event import Event
from stenolog.stores.sqlite.file.connection import read_rows
from stenolog.stores.sqlite.log.stored import INTEGER_MAX, RECORD, stored_event

# Along a tenant's sequence positions grow: the last one up to a position is found by halving. A
# sequence whose row is gone stands where the next one does.
_MIDDLE = "((low + high + 1) / 2)"
_IS_UP_TO = (
    "(SELECT position FROM events "  # noqa: S608  the columns are ours
    f"WHERE tenant = ?1 AND sequence >= {_MIDDLE} AND sequence > 0 ORDER BY sequence LIMIT 1) <= ?2"
)
SEQUENCE_AT = (
    "WITH RECURSIVE halved (low, high) AS ("  # noqa: S608  as above
    "SELECT 0, coalesce((SELECT max(sequence) FROM events WHERE tenant = ?1 AND sequence > 0), 0) "
    f"UNION ALL SELECT iif({_IS_UP_TO}, {_MIDDLE}, low), "
    f"iif({_IS_UP_TO}, high, {_MIDDLE} - 1) FROM halved WHERE low < high) "
    "SELECT low FROM halved WHERE low >= high"
)
_WANTED = "FROM events WHERE tenant = ?1 AND sequence > ?2 AND sequence > 0 AND position <= ?4 "
# Of each type as many as are asked for, by an index that has types before sequences.
_OF_TYPE = f"{_WANTED}AND type = ?{{number}} "
_ROWS = f"SELECT sequence, {RECORD} "
_FIRST = "ORDER BY sequence LIMIT ?3"
_LAST_OF_TYPE = (
    "SELECT max(sequence) AS last FROM events "
    "WHERE tenant = ?1 AND type = ?{number} AND sequence <= ?2 AND sequence > 0"
)
TYPES_FROM = 5  # the number of the first type among the values


class PublicReads:
    """Keeps `PublicEvents`' promises with the indexes on the tenant's sequence and on types."""

    def __init__(self, reader: aiosqlite.Connection) -> None:
        self._reader = reader

    async def public(self, query: FeedQuery) -> FeedPage:
        """Finds the tenant's sequence at the place, and goes on along it."""
        return await _page(self._reader, query)

    async def at(self, tenant: str, positions: Sequence[int]) -> Sequence[Event]:
        """Reads by primary key."""
        return await _at(self._reader, tenant, positions)

    async def count(self, query: FeedQuery) -> int:
        """Counts entries of the same indexes as `public`."""
        return await _count(self._reader, query)


async def _page(reader: aiosqlite.Connection, query: FeedQuery) -> FeedPage:
    after = min(query.after, INTEGER_MAX)
    begin = await _sequence_at(reader, query.tenant, after)
    rows, previous = await _rows(reader, query, begin)
    more = len(rows) > query.limit
    events: list[Event] = []
    for sequence, *record in rows[: query.limit]:
        try:
            event = _checked(query, sequence, record)
            # Who stands right before an event was told of what is missing there.
            if query.types is None and sequence != begin + 1 and event.position != after + 1:
                raise _missing(begin + 1, event)
        except RecordDamaged as exc:
            if not events:
                exc.beside = {"go_on_from": exc.position}
                raise
            more = True
            break
        begin = sequence
        events.append(event)
    position = events[-1].position if more else max(after, query.until)
    return FeedPage(events=events, previous=previous, position=position, more=more)


async def _at(
    reader: aiosqlite.Connection, tenant: str, positions: Sequence[int]
) -> Sequence[Event]:
    assert len(positions) <= EVENTS_PER_PAGE_MAX
    places = ", ".join("?" * len(positions))
    rows = await read_rows(
        reader,
        "log.db",
        f"SELECT {RECORD} FROM events WHERE position IN ({places})",  # noqa: S608  as above
        *positions,
    )
    found = {event.position: event for event in (stored_event(*row) for row in rows)}
    for position in positions:
        event = found.get(position)
        if event is None or event.tenant != tenant or not event.sequence:
            raise RecordDamaged(
                f"log.db: the tenant's public event at position {position} is missing; {ADVICE}",
                position=position,
            )
    return [found[position] for position in positions]


async def _count(reader: aiosqlite.Connection, query: FeedQuery) -> int:
    after = min(query.after, INTEGER_MAX)
    begin = await _sequence_at(reader, query.tenant, after)
    values = (query.tenant, begin, query.limit, query.until)
    types = sorted(query.types or ())
    numbers = range(TYPES_FROM, TYPES_FROM + len(types))
    parts = [
        f"SELECT * FROM (SELECT 1 {_OF_TYPE.format(number=one)}LIMIT ?3)"  # noqa: S608  as above
        for one in numbers
    ]
    wanted = f"SELECT 1 {_WANTED}" if query.types is None else " UNION ALL ".join(parts)
    statement = f"SELECT count(*) FROM ({wanted} LIMIT ?3)"  # noqa: S608  as above
    ((count,),) = await read_rows(reader, "log.db", statement, *values, *types)
    return int(count)


async def _sequence_at(reader: aiosqlite.Connection, tenant: str, position: int) -> int:
    """Return the tenant's last sequence up to a position; 0: there is none."""
    ((sequence,),) = await read_rows(reader, "log.db", SEQUENCE_AT, tenant, position)
    return int(sequence)


async def _rows(
    reader: aiosqlite.Connection, query: FeedQuery, begin: int
) -> tuple[Sequence[Any], int]:
    """Return rows behind a sequence, one more than are asked for, and the wanted one before."""
    values = (query.tenant, begin, query.limit + 1, query.until)
    if query.types is None:
        statement = f"{_ROWS}{_WANTED}{_FIRST}"
        return await read_rows(reader, "log.db", statement, *values), begin
    types = sorted(query.types)
    numbers = range(TYPES_FROM, TYPES_FROM + len(types))
    parts = " UNION ALL ".join(
        f"SELECT * FROM ({_ROWS}{_OF_TYPE.format(number=number)}{_FIRST})"  # noqa: S608  as above
        for number in numbers
    )
    rows = await read_rows(reader, "log.db", f"{parts} {_FIRST}", *values, *types)
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
        position=found.position - 1,
        gone=True,
    )
