"""Remove uploads as soon as their transcriptions have an outcome, where they are kept no longer."""

from __future__ import annotations

import structlog

from stenolog.compliance.upload_lifetime import UploadLifetime
from stenolog.compliance.upload_users import Transcriptions
from stenolog.errors import StoreError
from stenolog.log.checkpoint import Checkpoint, end_of
from stenolog.log.events.transcriptions import (
    TRANSCRIPTION,
    TranscriptionCompleted,
    TranscriptionFailed,
)
from stenolog.log.page import Page
from stenolog.log.store import EventStore
from stenolog.log.subscription import Subscription
from stenolog.subscription_lines import SubscriptionLines

ENDED = {TranscriptionCompleted.type, TranscriptionFailed.type}

log = structlog.get_logger()


class OutcomeFollower:
    """Follows the log from its end; what it misses the sweep removes."""

    def __init__(
        self, events: EventStore, transcriptions: Transcriptions, uploads: UploadLifetime
    ) -> None:
        """`transcriptions` tells which upload a transcription used."""
        self._events = events
        self._transcriptions = transcriptions
        self._uploads = uploads
        self._heeded: Checkpoint | None = None
        self.subscription = Subscription(events, self, SubscriptionLines("upload_release"))

    async def saved(self) -> Checkpoint | None:
        """Return up to where this process has heeded the log."""
        return self._heeded

    async def begin(self, stale: Checkpoint | None) -> Checkpoint:
        """Begin at the end, whatever was heeded before."""
        self._heeded = await end_of(self._events)
        return self._heeded

    async def handle(self, page: Page) -> bool:
        """Release what the page's outcomes have left without a user."""
        for event in page.events:
            if event.type in ENDED:
                await self._release(event.stream.removeprefix(TRANSCRIPTION))
        self._heeded = page.checkpoint
        return False

    async def _release(self, transcription_id: str) -> None:
        try:
            state = await self._transcriptions.load(transcription_id)
            if state.upload is not None:
                await self._uploads.release_unneeded(state.upload)
        except StoreError as exc:
            log.warning(
                "upload.not_released", reason=str(exc), advice="none is needed: the sweep tries it"
            )
