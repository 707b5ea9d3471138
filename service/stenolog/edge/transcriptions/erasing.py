"""Delete a transcription for a customer: once answered, nothing of it can be read here."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from stenolog.commands.api_keys import ApiKey
from stenolog.commands.erasing import ErasureRequests
from stenolog.edge.loops import Erase, Wake
from stenolog.edge.transcriptions.reading import Reading
from stenolog.log.events.vocabulary import Surface
from stenolog.log.recorder import Cause
from stenolog.projections.views import ViewReader

log = structlog.get_logger()


class Erasing:
    """Records the request, erases what is here, and leaves the provider to the reconciler."""

    def __init__(
        self,
        requests: ErasureRequests,
        views: ViewReader,
        reading: Reading,
        *,
        forget: Callable[[str], object],
        erase: Erase,
        wake: Wake,
    ) -> None:
        """`forget` drops what is in memory of a transcription's request."""
        self._requests = requests
        self._forget = forget
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
            UnderHold: A legal hold is on it; nothing was erased.
            StoreUnavailable: Something may be left; it is erased later, or by asking again.
            OutcomeUnknown: The request may have been recorded; ask again.
        """
        await self._reading.require(caller.tenant, transcription_id)
        cause = Cause(tenant=caller.tenant, actor=caller.id, correlation_id=correlation_id)
        requested = await self._requests.request(transcription_id, cause, surface=surface)
        self._forget(transcription_id)
        audio_ms, damaged = requested.audio_ms, requested.damaged
        if damaged is not None:
            log.error("erasure.record_damaged", position=damaged.position, reason=str(damaged))
            row = await self._views.transcription(transcription_id)
            audio_ms = None if row is None else row.audio_ms
        if not requested.erased:
            await self._erase(
                transcription_id,
                requested_position=requested.position,
                upload=requested.upload,
                handle_sealed=requested.handle_sealed,
            )
            self._wake(transcription_id, "command")
        return audio_ms
