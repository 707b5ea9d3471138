"""Read a transcription for its customer, from the views, or from the log while they lag.

The log is folded only for what the views do not have yet, and shows `processing` at most. An
outcome becomes visible on all surfaces at the same moment: when the views have it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from stenolog.commands.handler import CommandHandler
from stenolog.commands.transcription.fold import fold
from stenolog.commands.transcription.state import stream_of
from stenolog.edge.transcriptions.beside import BesideLoop
from stenolog.edge.transcriptions.tenancy import Tenancy
from stenolog.errors import KeyMissing, NotFound, RecordDamaged
from stenolog.log.event import Event
from stenolog.log.events.request_payload import RequestPayload, read_request
from stenolog.log.store import EventStore
from stenolog.projections.of.status import PayloadDetails, details_in, details_of, row_of
from stenolog.projections.rows import OPEN_STATUSES, StatusRow
from stenolog.projections.views import ViewReader

ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
UNKNOWN = "There is no such transcription"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A transcription as its customer may see it now.

    Attributes:
        params: Of the request, when the row was made from the log; `params_bytes` long as JSON.
    """

    row: StatusRow
    params: Mapping[str, Any] | None = None
    params_bytes: int = 0


class Reading:
    """Finds transcriptions of one tenant; another's are not found, like ids that do not exist."""

    def __init__(
        self,
        handler: CommandHandler,
        events: EventStore,
        views: ViewReader,
        tenancy: Tenancy,
        beside: BesideLoop,
    ) -> None:
        self._beside = beside
        self._handler = handler
        self._events = events
        self._views = views
        self._tenancy = tenancy

    async def find(self, tenant: str, transcription_id: str) -> Found:
        """Return the transcription, at least as new as everything that was answered before.

        Raises:
            NotFound: This tenant has no such transcription.
            StoreUnavailable: It cannot be read now.
        """
        await self.require(tenant, transcription_id)
        row = await self._views.transcription(transcription_id)
        if row is not None:
            # A finished row needs no look at the log: a late callback changes nothing in it, and a
            # late result or an erasure is shown only once the view has it.
            if row.erased:
                return Found(row=_as_erased(row))
            if not row.open:
                return Found(row=row)
            if row.version >= await self._events.version(stream_of(transcription_id)):
                return Found(row=row)
        return await self._folded(transcription_id, row)

    async def require(self, tenant: str, transcription_id: str) -> None:
        """Check that the transcription is this tenant's.

        Raises:
            NotFound: It is not, or there is none.
        """
        if not ID.fullmatch(transcription_id):
            raise NotFound(UNKNOWN)
        try:
            origin = await self._tenancy.origin_of(transcription_id, tenant=tenant)
            owner = None if origin is None else origin.tenant
        except RecordDamaged:
            # The views were made when it could be read; what they show can be asked for.
            row = await self._views.transcription(transcription_id)
            if row is None:
                raise
            owner = row.tenant
        if owner != tenant:
            raise NotFound(UNKNOWN)

    async def params(self, found: Found) -> tuple[Mapping[str, Any], int]:
        """Return the request as the customer gave it, and its bytes; empty once it is erased."""
        if found.params is not None:
            return found.params, found.params_bytes
        payload = await self._views.request(found.row.id)
        return (await self._read(payload)).params, len(payload or b"")

    async def _read(self, payload: bytes | None) -> RequestPayload:
        return await self._beside.run(len(payload or b""), read_request, payload)

    async def events(self, transcription_id: str) -> list[Event]:
        """Return everything that the log says of it, oldest first."""
        return await self._handler.events(transcription_id)

    async def as_requested(self, transcription_id: str, asked: RequestPayload) -> StatusRow:
        """Return the transcription as it was when `asked` had just been requested.

        Raises:
            StoreUnavailable: It cannot be read now.
        """
        events = await self._events.read_stream(stream_of(transcription_id), limit=1)
        state = fold(transcription_id, events)
        return row_of(state, details_in(asked), position=events[-1].position)

    async def _folded(self, transcription_id: str, known: StatusRow | None) -> Found:
        events = await self._handler.events(transcription_id)
        return await self._found(transcription_id, events, known)

    async def _found(
        self, transcription_id: str, events: list[Event], known: StatusRow | None = None
    ) -> Found:
        state, position = fold(transcription_id, events), events[-1].position
        if state.erasing:
            row = _as_erased(row_of(state, PayloadDetails(erased=True), position=position))
            return Found(row=row, params={})
        if known is not None and not known.erased and state.status in OPEN_STATUSES:
            # What it says of the request is in the row already, and the view has the rest.
            return Found(row=row_of(state, details_of(known, state), position=position))
        try:
            payload = await self._handler.payload_of(events[0].id, events[0].position)
            request = await self._read(payload)
            details = details_in(request)
        except KeyMissing:
            payload, request, details = b"", RequestPayload(), PayloadDetails(erased=True)
        row = row_of(state, details, position=position)
        # An erasure can come between the events and the payload: then its answer is told already.
        row = _as_erased(row) if row.erased and not row.open else _without_outcome(row)
        return Found(row=row, params=request.params, params_bytes=len(payload or b""))


def _as_erased(row: StatusRow) -> StatusRow:
    """Return the row of an erased transcription, the same whether the views have it or not."""
    return replace(row, status="completed", error=None, provider_job=None)


def _without_outcome(row: StatusRow) -> StatusRow:
    """Return the row as it is shown until the views have the outcome: on every surface at once."""
    if row.open:
        return row
    return replace(
        row,
        status="processing",
        audio_ms=None,
        error=None,
        finished_by=0,
        completed_at=None,
        webhook_status_code=None,
    )
