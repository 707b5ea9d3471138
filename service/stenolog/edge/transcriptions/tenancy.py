"""Find the tenant and the correlation id of a transcription, which never change."""

from __future__ import annotations

from dataclasses import dataclass

from stenolog.bounded import BoundedMemory
from stenolog.commands.transcription.state import stream_of
from stenolog.errors import RecordDamaged
from stenolog.log.event import Event
from stenolog.log.store import EventStore

REMEMBERED_MAX = 16_384
EVENTS_TRIED_MAX = 8  # of a stream whose first one is damaged


@dataclass(frozen=True, slots=True)
class Origin:
    """The tenant of a transcription, and the correlation id of its first event."""

    tenant: str
    correlation_id: str


class Tenancy:
    """Reads origins from the log and remembers the latest ones."""

    def __init__(self, events: EventStore) -> None:
        self._events = events
        self._known: BoundedMemory[str, Origin] = BoundedMemory(REMEMBERED_MAX)

    async def origin_of(self, transcription_id: str, *, tenant: str | None = None) -> Origin | None:
        """Look up the origin; None when the log has no such transcription.

        With `tenant`, another tenant's id takes the same slow path as an unknown id; answering it
        from memory would be faster and so reveal that it exists.

        Raises:
            RecordDamaged: None of its first events can be read.
            StoreUnavailable: The log cannot be read.
        """
        origin = self._known.get(transcription_id)
        if origin is not None and tenant in (None, origin.tenant):
            return origin
        first = await self._first_readable(stream_of(transcription_id))
        if first is None:
            return None
        origin = Origin(first.tenant, first.correlation_id)
        if tenant in (None, origin.tenant):
            self.remember(transcription_id, origin)
        return origin

    def remember(self, transcription_id: str, origin: Origin) -> None:
        """Remember the origin of a transcription whose first event is committed."""
        self._known.put(transcription_id, origin)

    async def _first_readable(self, stream: str) -> Event | None:
        """Return the first event; where it is damaged, the next: all name the same tenant."""
        for after in range(EVENTS_TRIED_MAX):
            try:
                found = await self._events.read_stream(stream, after=after, limit=1)
            except RecordDamaged as exc:
                damaged = exc
                continue
            if found or not after:
                return found[0] if found else None
            break
        raise damaged
