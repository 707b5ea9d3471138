"""Redacted audio that is kept in memory, with nobody behind it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from stenolog.errors import EgressFailed, InvalidRequest
from stenolog.providers.port import AudioStream


class StoredAudio:
    """Has one file for every transcription, in two pieces, as soon as it is `ready`."""

    def __init__(self) -> None:
        self.content = b"RIFF" + bytes(range(256))
        self.media_type = "audio/wav"
        self.ready = True
        self.available = True
        self.breaks_off = False
        self.stalls = False
        self.opened = 0

    async def is_ready(self, transcription_id: str) -> bool:
        if not self.available:
            raise InvalidRequest("Redacted audio is not available for this transcript")
        return self.ready

    async def link(self, transcription_id: str) -> str | None:
        ready = await self.is_ready(transcription_id)
        return f"https://stenolog.example/redacted-audio/{transcription_id}" if ready else None

    @contextlib.asynccontextmanager
    async def open(self, transcription_id: str) -> AsyncIterator[AudioStream]:
        self.opened += 1
        try:
            yield AudioStream(
                media_type=self.media_type, size=len(self.content), chunks=self._chunks()
            )
        finally:
            self.opened -= 1

    async def _chunks(self) -> AsyncIterator[bytes]:
        yield self.content[:100]
        if self.breaks_off:
            raise EgressFailed("broke off", sent=True)
        if self.stalls:
            await asyncio.Event().wait()
        yield self.content[100:]
