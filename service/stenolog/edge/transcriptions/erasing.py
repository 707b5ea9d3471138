"""Delete a transcription for a customer: once answered, nothing of it can be read here."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from stenolog.commands.api_keys import ApiKey
from stenolog.commands.handler import CommandHandler
from stenolog.commands.transcription.state import stream_of
from stenolog.edge.loops import Erase, Wake
from stenolog.edge.transcriptions.reading import Reading
from stenolog.errors import RecordDamaged
from stenolog.log.events.uploads import UPLOAD
from stenolog.log.events.vocabulary import Surface
from stenolog.log.facts import erasure_requested, use_key
from stenolog.log.recorder import Cause, Fact, FactRecorder
from stenolog.log.store import EventStore
from stenolog.projections.views import ViewReader

log = structlog.get_logger()


class Erasing:
    """Records the request, erases what is here, and leaves the provider to the reconciler."""

    def __init__(
        self,
        handler: CommandHandler,
        facts: FactRecorder,
        events: EventStore,
        views: ViewReader,
        reading: Reading,
        *,
        forget: Callable[[str], object],
        erase: Erase,
        wake: Wake,
    ) -> None:
        """`forget` drops what is in memory of a transcription's request."""
        self._forget = forget
        self._handler = handler
        self._facts = facts
        self._events = events
        self._views = views
        self._reading = reading
        self._erase = erase
        self._wake = wake

    async def erase(
        self, caller: ApiKey, transcription_id: str, *, surface: Surface, correlation_id: str
    ) -> int | None:
        """Erase the transcription; return the length of its audio in ms, None when unknown.

        Repeating changes nothing. A transcription that has no outcome yet will have none.

        Raises:
            NotFound: This tenant has no such transcription.
            StoreUnavailable: Something may be left; it is erased later, or by asking again.
            OutcomeUnknown: The request may have been recorded; ask again.
        """
        await self._reading.require(caller.tenant, transcription_id)
        handler = self._handler
        cause = Cause(tenant=caller.tenant, actor=caller.id, correlation_id=correlation_id)
        fact = erasure_requested(transcription_id, surface)
        try:
            state = await handler.load(transcription_id)
            if not state.erasing:
                await self._facts.record(stream_of(transcription_id), [fact], cause)
                state = await handler.load(transcription_id)
            self._forget(transcription_id)
            if not state.erased:
                await self._erase(
                    transcription_id,
                    requested_position=state.erasure_position,
                    upload=state.upload,
                    handle_sealed=state.handle_sealed,
                )
                self._wake(transcription_id, "command")
            return state.audio_ms
        except RecordDamaged as exc:
            log.error("erasure.record_damaged", position=exc.position, reason=str(exc))
            return await self._erase_damaged(transcription_id, fact, cause)

    async def _erase_damaged(self, transcription_id: str, fact: Fact, cause: Cause) -> int | None:
        """Erase a transcription whose stream is damaged.

        What can be read must be erasable. Its jobs at the provider are not known any more, so
        the erasure is never recorded as complete.
        """
        self._forget(transcription_id)
        row = await self._views.transcription(transcription_id)
        appended = await self._facts.record(stream_of(transcription_id), [fact], cause)
        await self._erase(
            transcription_id,
            requested_position=appended.positions[0],
            upload=await self._upload_of(transcription_id),
            handle_sealed=False,
        )
        return None if row is None else row.audio_ms

    async def _upload_of(self, transcription_id: str) -> str | None:
        """Return the upload that it used, as the upload's own stream says."""
        position = await self._events.position_of(use_key(transcription_id))
        if position is None:
            return None
        try:
            used = await self._events.read(after=position - 1, limit=1)
        except RecordDamaged as exc:  # of it only its stream is known
            return exc.stream.removeprefix(UPLOAD) or None
        return used[0].stream.removeprefix(UPLOAD) if used else None
