"""Tell how far the views have followed the log, and what they show again, to those who wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence


class Progress:
    """Remembers the position that the views have reached, as far as this process has run.

    Attributes:
        position: Everything up to here is in the views, but for what is being filled in.
        on_committed: Hear of every position that is reached.
        on_mended: Hear of transcriptions that are shown again, None: of any, after a build.
    """

    def __init__(
        self,
        on_committed: Sequence[Callable[[int], None]],
        on_mended: Sequence[Callable[[str | None], None]],
    ) -> None:
        self.on_committed, self.on_mended = list(on_committed), list(on_mended)
        self.position = 0
        self._begun = False
        self._moved = asyncio.Event()

    def reached(self, position: int) -> None:
        """Note that the views are there, and wake whoever waits."""
        if self._begun and position == self.position:
            return
        self._begun = True  # where it began is told as well: what comes behind it was not there
        self.position = position
        self._moved.set()
        self._moved = asyncio.Event()
        self._tell()

    def mended(self, *transcriptions: str | None) -> None:
        """Note that the views show these again, or for the first time; None: it may be any."""
        self._tell()
        for transcription in transcriptions:
            for told in self.on_mended:
                told(transcription)

    async def wait(self, position: int) -> None:
        """Return as soon as the views have reached the position."""
        while self.position < position:
            await self._moved.wait()

    def _tell(self) -> None:
        for told in self.on_committed:
            told(self.position)
