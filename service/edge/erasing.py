"""A customer deletes a transcription: once this is answered, nothing of it can be read here."""

from __future__ import annotations

from service.commands.api_keys import ApiKey
from service.commands.handler import Cause, Fact
from service.edge.ports import Edge
from service.edge.reading import Reading, audio_ms_of
from service.log.catalogue import ErasureRequested, Surface


class Erasing:
    """Records the request, erases what is here, and leaves the provider to the reconciler."""

    def __init__(self, edge: Edge, reading: Reading) -> None:
        self._edge = edge
        self._reading = reading

    async def erase(
        self, caller: ApiKey, transcription_id: str, *, surface: Surface, correlation_id: str
    ) -> int | None:
        """The length of its audio in ms, all that is left of it; None when it is not known.

        Repeating changes nothing. A transcription that has no outcome yet will have none.

        Raises:
            NotFound: This tenant has no such transcription.
            StoreUnavailable: Something may be left; it is erased later, or by asking again.
            OutcomeUnknown: The request may have been recorded; ask again.
        """
        await self._reading.require(caller.tenant, transcription_id)
        handler = self._edge.handler
        state = await handler.load(transcription_id)
        if not state.erasing:
            cause = Cause(tenant=caller.tenant, actor=caller.id, correlation_id=correlation_id)
            # It holds whatever the state is, and two at once are one.
            fact = Fact(
                data=ErasureRequested(surface=surface), dedupe_key=f"{transcription_id}:erasure"
            )
            await handler.record(transcription_id, fact, cause)
            state = await handler.load(transcription_id)
        if not state.erased:
            await self._edge.erase(state)
            self._edge.wake(transcription_id, "command")
        return audio_ms_of(await handler.events(transcription_id))
