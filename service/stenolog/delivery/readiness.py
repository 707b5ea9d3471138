"""Wait until a customer who is told of an outcome can read it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Protocol

from stenolog.projections.rows import Reason, Status, StatusRow
from stenolog.projections.views import TRANSCRIPT_VIEW

LOOK_MS = 250  # at the latest; the projector's own steps are heard of at once
READY_WAIT_MS_MAX = 2_000  # the lease goes back after that: others may need the slot


class Views(Protocol):
    """Tells what the views have reached."""

    async def transcription(self, transcription: str) -> StatusRow | None:
        """Return its row; None: not projected."""
        ...

    async def view_state(self, transcription: str, view: str) -> Reason | None:
        """Return why a view shows nothing; `not_ready` when it does not have the outcome."""
        ...


class ReadableOutcomes:
    """Tells when the outcome of one transcription is readable, whatever the others are at."""

    def __init__(self, views: Views, *, wait_ms: int = READY_WAIT_MS_MAX) -> None:
        self._views = views
        self._wait_ms = wait_ms
        self._moved = asyncio.Event()

    def moved(self) -> None:
        """Note that the views have gone on; all waiting calls look again."""
        self._moved.set()
        self._moved = asyncio.Event()

    async def wait(self, transcription: str, *, version: int = 0) -> Status | None:
        """Return the status that `GET` shows, once it is an outcome; None: not within the wait.

        `version` is that of the event to be told: before it there may have been another outcome.

        Raises:
            StoreUnavailable: The views cannot be read.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(self._wait_ms / 1000):
                while True:
                    moved = self._moved
                    status = await self.status(transcription, version)
                    if status is not None:
                        return status
                    with suppress(TimeoutError):
                        async with asyncio.timeout(LOOK_MS / 1000):
                            await moved.wait()
        return None

    async def status(self, transcription: str, version: int) -> Status | None:
        """Return the status that `GET` shows now, if it is an outcome, as `wait` does; else None.

        Raises:
            StoreUnavailable: The views cannot be read.
        """
        row = await self._views.transcription(transcription)
        if row is None or row.open or row.version < version:
            return None
        if await self._views.view_state(transcription, TRANSCRIPT_VIEW) == "not_ready":
            return None
        return row.status
