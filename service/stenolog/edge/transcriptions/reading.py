"""Read a transcription for its customer, from the views, or from the log while they lag.

The log is folded only for what the views do not have yet, and shows `processing` at most. An
outcome becomes visible on all surfaces at the same moment: when the views have it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from stenolog.commands.handler import CommandHandler
from stenolog.commands.transcription.fold import fold
from stenolog.commands.transcription.state import stream_of
from stenolog.edge.loops import FillIn
from stenolog.edge.transcriptions.shared_loads import SharedLoads
from stenolog.edge.transcriptions.tenancy import Tenancy
from stenolog.errors import KeyLost, KeyMissing, NotFound, PayloadDamaged, RecordDamaged
from stenolog.log.event import Event
from stenolog.log.events.request_payload import RequestPayload, read_request
from stenolog.log.events.retention import RetentionAssigned
from stenolog.log.events.transcriptions import TranscriptionCompleted, TranscriptionCompletedLate
from stenolog.log.store import EventStore
from stenolog.projections.of.status import PayloadDetails, details_in, details_of, row_of
from stenolog.projections.rows import OPEN_STATUSES, StatusRow
from stenolog.projections.views import ViewReader

ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
UNKNOWN = "There is no such transcription"
ERASED_ELSEWHERE = "The key of this content was destroyed, and the log does not say why"
HELD = "its outcome cannot be projected: see `stenolog projections list` and `log verify`"
WITH_ANSWER = (TranscriptionCompleted.type, TranscriptionCompletedLate.type)
DETAILS = "details"  # what is made of a request for the row

Result = TypeVar("Result")


class Reading:
    """Finds transcriptions of one tenant; another's are not found, like ids that do not exist."""

    def __init__(
        self,
        handler: CommandHandler,
        events: EventStore,
        views: ViewReader,
        tenancy: Tenancy,
        loads: SharedLoads,
        fill_in: FillIn,
    ) -> None:
        self._handler = handler
        self._events = events
        self._views = views
        self._tenancy = tenancy
        self._loads = loads
        self._fill_in = fill_in

    async def find(self, tenant: str, transcription_id: str) -> StatusRow:
        """Return the transcription as its customer may see it now.

        It is at least as new as everything that was answered before.

        Raises:
            NotFound: This tenant has no such transcription.
            KeyLost: It is there, and its key is not, though nobody erased it.
            RecordDamaged: What the views do not have of it cannot be read; `PayloadDamaged`: nor
                can its outcome.
            StoreUnavailable: It cannot be read now.
        """
        await self.require(tenant, transcription_id)
        return await self.found(transcription_id)

    async def found(self, transcription_id: str) -> StatusRow:
        """Return the transcription as `find` does, whoever asks; the caller knows that it may.

        Raises:
            NotFound: There is none.
            KeyLost, StoreUnavailable: As `find`.
        """
        row = await self._views.transcription(transcription_id)
        if row is not None and not row.locked:
            # A finished row needs no look at the log: a late callback changes nothing in it, and a
            # late result or an erasure is shown only once the view has it.
            if row.erased:
                return _as_erased(row)
            if not row.open:
                return row
            if row.version >= await self._events.version(stream_of(transcription_id)):
                return row
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

    async def of_request(
        self, row: StatusRow, what: str, make: Callable[[RequestPayload], Result]
    ) -> Result:
        """Return what `make` makes of the request; it gets an empty one once it is erased.

        Whoever asks for the same `what` of it at the same moment gets the same result. `make` may
        run in a thread.

        Raises:
            KeyLost: Its key is lost.
            StoreUnavailable: It cannot be read now, or too many large ones are asked for.
        """

        async def load() -> bytes | None:
            payload = await self._views.request(row.id)
            if payload is not None or row.erased:
                return payload
            try:  # the views do not have it yet
                return await self._handler.payload_at(row.requested_position)
            except KeyMissing:
                return None

        return await self._loads.made(
            row.tenant, (row.id, what), load, lambda payload: make(read_request(payload))
        )

    async def of_outcome(
        self, row: StatusRow, what: str, make: Callable[[bytes | None], Result]
    ) -> Result:
        """Return what `make` makes of the provider's completed answer, as it came.

        It gets None where there is none, and once it is erased. Otherwise as `of_request`.

        Raises:
            KeyLost: Its key is lost.
            PayloadDamaged: It is not what was recorded.
            StoreUnavailable: It cannot be read now, or too many large ones are asked for.
        """

        async def load() -> bytes | None:
            events = await self._handler.events(row.id)
            found = next((one for one in reversed(events) if one.type in WITH_ANSWER), None)
            if found is None:
                return None
            try:
                return await self._handler.payload_of(found.id, found.position)
            except KeyMissing:
                return None

        return await self._loads.made(row.tenant, (row.id, what), load, make)

    async def events(self, transcription_id: str) -> list[Event]:
        """Return everything that the log says of it, oldest first."""
        return await self._handler.events(transcription_id)

    async def as_requested(self, transcription_id: str, asked: RequestPayload) -> StatusRow:
        """Return the transcription as it was when `asked` had just been requested.

        Raises:
            StoreUnavailable: It cannot be read now.
        """
        found = await self._events.read_stream(stream_of(transcription_id), limit=2)
        # How long it is kept is in the append of the request.
        events = [one for one in found if one.version == 1 or one.type == RetentionAssigned.type]
        state = fold(transcription_id, events)
        return row_of(state, details_in(asked), position=events[-1].position)

    async def _folded(self, transcription_id: str, shown: StatusRow | None) -> StatusRow:
        known = None if shown and shown.locked else shown
        events = await self._handler.events(transcription_id)
        if not events:
            raise NotFound(UNKNOWN)
        state, position = fold(transcription_id, events), events[-1].position
        if shown is None and state.terminal and not state.erasing:
            # Its views were lost, or are just being made: what was shown once is shown again.
            await self._fill_in(transcription_id)
            row = await self._views.transcription(transcription_id)
            if row is not None and not (row.open or row.erased or row.locked):
                return row
        if state.terminal and not state.erasing and await self._views.is_held(transcription_id):
            raise PayloadDamaged(HELD)
        if state.erasing:
            return _as_erased(row_of(state, PayloadDetails(erased=True), position=position))
        if known is not None and not known.erased and state.status in OPEN_STATUSES:
            # What it says of the request is in the row already, and the view has the rest.
            return row_of(state, details_of(known, state), position=position)
        try:
            details = await self._loads.made(
                state.tenant,
                (transcription_id, DETAILS),
                lambda: self._handler.payload_of(events[0].id, events[0].position),
                lambda payload: details_in(read_request(payload)),
            )
        except KeyMissing as exc:
            # Erased since its events were read; or in events that this log has lost.
            if not fold(transcription_id, await self.events(transcription_id)).erasing:
                raise KeyLost(ERASED_ELSEWHERE) from exc
            details = PayloadDetails(erased=True)
        row = row_of(state, details, position=position)
        # An erasure can come between the events and the payload: then its answer is told already.
        return _as_erased(row) if row.erased and not row.open else _without_outcome(row)


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
        webhook_ended=None,
    )
