"""Find the tenant and the correlation id of a transcription, which never change."""

from __future__ import annotations

from dataclasses import dataclass

from stenolog.bounded import BoundedMemory
from stenolog.commands.transcription.state import stream_of
from stenolog.log.store import EventStore

REMEMBERED_MAX = 16_384


@dataclass(frozen=True, slots=True)
class Origin:
    """Tenant and correlation id, from the transcription's first event."""

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
            StoreUnavailable: The log cannot be read.
        """
        origin = self._known.get(transcription_id)
        if origin is not None and tenant in (None, origin.tenant):
            return origin
        first = await self._events.read_stream(stream_of(transcription_id), limit=1)
        if not first:
            return None
        origin = Origin(first[0].tenant, first[0].correlation_id)
        if tenant in (None, origin.tenant):
            self.remember(transcription_id, origin)
        return origin

    def remember(self, transcription_id: str, origin: Origin) -> None:
        """Remember the origin of a transcription whose first event is committed."""
        self._known.put(transcription_id, origin)
