"""Read events and payloads from the log's files as they are, as whoever projects them reads a log.

For commands: they read while a service writes, or while none runs, and nothing but files answers.
"""

from __future__ import annotations

from collections.abc import Mapping

from stenolog.compliance.browsing import BrowsableRecords, Wanted
from stenolog.compliance.data_keys import MasterKey, unwrap_key
from stenolog.compliance.payloads import open_with
from stenolog.compliance.records import StoredRow
from stenolog.errors import (
    KeyLost,
    KeyMissing,
    PayloadDamaged,
    RecordDamaged,
    SchemaTooNew,
    StenologError,
)
from stenolog.log.canonical import leaf_hash
from stenolog.log.event import Event, SealedPayload, event_from_bytes
from stenolog.log.store import EVENTS_PER_READ_MAX
from stenolog.log.stream import check_unbroken

NO_KEY = "the key of this content is not in keys.db"


class RecordedLog:
    """Keeps the promise of `EventReads`."""

    def __init__(self, records: BrowsableRecords) -> None:
        self._records = records

    async def read(self, *, after: int = 0, limit: int = EVENTS_PER_READ_MAX) -> list[Event]:
        """Reads by primary key, up to the first damaged record."""
        events: list[Event] = []
        for row in self._records.rows_behind(after, min(limit, EVENTS_PER_READ_MAX), Wanted()):
            try:
                events.append(event_in(row))
            except RecordDamaged:
                if events:
                    break
                raise
        return events

    async def read_stream(
        self, stream: str, *, after: int = 0, limit: int = EVENTS_PER_READ_MAX
    ) -> list[Event]:
        """Reads the stream from its beginning: files have no versions to begin at."""
        rows = self._records.rows_behind(0, after + limit, Wanted(stream=stream))
        events = [event_in(row) for row in rows]
        check_unbroken(stream, events, 0)
        return events[after:]

    async def payload(self, position: int) -> SealedPayload | None:
        """Takes the commitment from the event's own bytes."""
        for row in self._records.rows(position - 1, position):
            event = event_in(row)
            if event.commitment is None:
                return None
            if row.key_id is None or row.box is None:
                raise PayloadDamaged(f"the payload at position {position} is not there")
            return SealedPayload(key_id=row.key_id, box=row.box, commitment=event.commitment)
        raise RecordDamaged(f"the record at position {position} is missing", position=position)

    async def head(self) -> int:
        """Reads the tree's row."""
        return max(0, self._records.tree().count)


class RecordedKeys:
    """Keeps the promise of `Unsealer` with the keys of the same files."""

    def __init__(self, records: BrowsableRecords, master: MasterKey) -> None:
        self._records = records
        self._master = master

    async def open(self, event_id: str, sealed: SealedPayload) -> bytes:
        """Reads the key anew each time: one that was destroyed meanwhile opens nothing."""
        wrapped = self._records.data_key(sealed.key_id)
        if wrapped is None:
            raise KeyLost(NO_KEY)
        return open_with(unwrap_key(self._master, wrapped), event_id, sealed)

    async def open_all(
        self, sealed: Mapping[str, SealedPayload]
    ) -> Mapping[str, bytes | StenologError]:
        """Opens one after the other."""
        opened: dict[str, bytes | StenologError] = {}
        for event_id, one in sealed.items():
            try:
                opened[event_id] = await self.open(event_id, one)
            except (KeyMissing, KeyLost, PayloadDamaged) as exc:
                opened[event_id] = exc
        return opened


def event_in(row: StoredRow) -> Event:
    """Return the event in a row, if it is what was hashed there.

    Raises:
        RecordDamaged: It is another, or none.
    """
    try:
        if leaf_hash(row.stored) != row.leaf:
            raise ValueError("its hash is another")
        event = event_from_bytes(row.stored)
        if event.position != row.position:
            raise ValueError("it stands at another position")
    except (ValueError, TypeError, SchemaTooNew) as exc:
        raise RecordDamaged(
            f"the record at position {row.position} is damaged ({exc})",
            position=row.position,
            stream=row.stream,
        ) from exc
    return event
