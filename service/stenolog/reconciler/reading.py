"""Reading transcriptions and their payloads for the reconciler."""

from __future__ import annotations

import json

from stenolog.commands.handler import CommandHandler
from stenolog.commands.transcription.state import Submission, Transcription


class TranscriptionReader:
    """Reads from the log what an action needs beside the state that it was decided from."""

    def __init__(self, handler: CommandHandler) -> None:
        self._handler = handler

    async def load(self, transcription_id: str) -> Transcription:
        """Fold the stream as it is now; raises as `CommandHandler.load`."""
        return await self._handler.load(transcription_id)

    async def again(self, state: Transcription) -> Transcription:
        """Fold the stream as it is now, for whoever asks at the same place; raises as `load`."""
        return (await self.load(state.id)).at(state.place)

    async def payload_at(self, position: int) -> bytes | None:
        """Open the payload of the event at `position`; raises as `CommandHandler.payload_at`."""
        return await self._handler.payload_at(position)

    async def job_of(self, submission: Submission) -> str:
        """The provider's handle, from the payload when the data could not hold it."""
        return await self.handle_of(submission.provider_job, submission.accepted_position)

    async def handle_of(self, plain: str | None, position: int) -> str:
        """The handle that the event at `position` names, from its payload when `plain` is None."""
        if plain is not None:
            return plain
        payload = await self.payload_at(position)
        return str(json.loads(payload or b"{}")["provider_job"])
