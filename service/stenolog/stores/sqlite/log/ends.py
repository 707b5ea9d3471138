"""Keep where each stream and each tenant's sequence ends, and compare that with the indexes.

Both numbers are hashed into the next event, and an index that has lost an entry would put a wrong
one there, which nobody could mend. So they stand in tables of their own as well, which move in the
transaction that appends.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from stenolog.errors import RecordDamaged
from stenolog.log.batch import Row
from stenolog.log.batch_state import BatchState, Coordinates
from stenolog.stores.sqlite.log.stored import RECORD, stored_event

_STREAMS = (
    "SELECT value, s.position, s.version, "
    # Both from the index alone.
    "(SELECT position FROM events WHERE stream = value ORDER BY version DESC LIMIT 1), "
    "(SELECT max(version) FROM events WHERE stream = value), "
    "CAST(e.stream AS BLOB), e.bytes, e.leaf FROM json_each(?) "
    "LEFT JOIN streams s ON s.stream = value LEFT JOIN events e ON e.position = s.position"
)
_TENANTS = (
    "SELECT value, t.sequence, t.position, "
    "(SELECT max(sequence) FROM events WHERE tenant = value AND sequence > 0) "
    "FROM json_each(?) LEFT JOIN tenants t ON t.tenant = value"
)


def read_streams(connection: sqlite3.Connection, streams: str, state: BatchState) -> None:
    """Add to the state where these streams (a JSON array) end, and which of them are doubted."""
    for name, position, version, found, found_version, *record in connection.execute(
        _STREAMS, (streams,)
    ):
        if position is None and found is None:
            continue  # there is no such stream
        # What an index alone says is told to who expects a version, and nothing is built on it.
        ends = (position, version) if position is not None else (found, found_version)
        if not all(isinstance(number, int) for number in ends):
            state.doubted[name] = "log.db: where a stream ends is damaged"
            continue
        state.streams[name] = Coordinates(position=ends[0], version=ends[1])
        if record[1] is None and position is not None and _is_before(found_version, version):
            # There is a hole in the log: the row knows what stood there, and the index cannot.
            state.cut[name] = f"log.db: the record at {position} is gone, a stream's last"
        elif (position, version) != (found, found_version):
            state.doubted[name] = "log.db: the index says another end of a stream than its own row"
        elif not _agrees(name, version, position, *record):
            state.doubted[name] = f"log.db: the index and the record at {position} differ"


def read_sequences(connection: sqlite3.Connection, tenants: str, state: BatchState) -> None:
    """Add to the state the last sequences of these tenants (a JSON array), or why they are none.

    The tenant's own row is believed when the index says the same; or, where the index says less,
    when the record does, or is gone: an index that has lost an entry stops nobody.
    """
    for tenant, sequence, position, found in connection.execute(_TENANTS, (tenants,)).fetchall():
        if sequence == found and (sequence is None or isinstance(sequence, int)):
            state.sequences[tenant] = sequence or 0
        elif _is_last(connection, tenant, sequence, position, found):
            state.sequences[tenant] = sequence
        else:
            state.uncounted[tenant] = (
                "log.db: the index says another number of a tenant's public events than its own row"
            )


def write_ends(connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
    """Move the ends on to these rows, which were just inserted."""
    streams = {one["stream"]: one for one in (row.envelope for row in rows)}
    connection.executemany(
        "INSERT OR REPLACE INTO streams VALUES (?, ?, ?)",
        [(name, one["position"], one["version"]) for name, one in streams.items()],
    )
    tenants = {one["tenant"]: one for one in (row.envelope for row in rows) if one["sequence"]}
    connection.executemany(
        "INSERT OR REPLACE INTO tenants VALUES (?, ?, ?)",
        [(name, one["sequence"], one["position"]) for name, one in tenants.items()],
    )


def _is_before(found: object, number: int) -> bool:
    return found is None or (isinstance(found, int) and found < number)


def _agrees(
    name: str, version: int, position: int, stream: object, stored: bytes, leaf: object
) -> bool:
    """Tell whether the record at a stream's end is that stream's; a damaged one cannot tell."""
    try:
        event = stored_event(position, stream, stored, leaf)
    except RecordDamaged:
        return stream == name.encode()
    return (event.stream, event.version) == (name, version)


def _is_last(
    connection: sqlite3.Connection, tenant: str, sequence: object, position: object, found: object
) -> bool:
    """Tell whether the record at `position`, if it is there, is the tenant's with this sequence."""
    if not isinstance(sequence, int) or not isinstance(position, int):
        return False
    if not _is_before(found, sequence):
        return False
    row = connection.execute(
        f"SELECT {RECORD} FROM events WHERE position = ?",  # noqa: S608  the columns are ours
        (position,),
    ).fetchone()
    if row is None:
        return True
    try:
        event = stored_event(*row)
    except RecordDamaged:
        return False
    return (event.tenant, event.sequence) == (tenant, sequence)
