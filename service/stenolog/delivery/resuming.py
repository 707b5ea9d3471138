"""Have deliveries that wait for the views looked at again as soon as the views go on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NoReturn

import structlog

from stenolog.clock import NowMs
from stenolog.delivery.outbox import RESUMED_PER_CALL_MAX, STREAMS_PER_CALL_MAX, Outbox
from stenolog.errors import StoreError
from stenolog.log.events.transcriptions import TRANSCRIPTION

ROUND_MS = 1_000  # from one look at what waits to the next
CALLS_PER_ROUND_MAX = 4_000  # as many as a full outbox takes; a call finds none that has gone on
# Transcriptions between two looks: more than a fill brings in a round, so that it has nobody looked
# at who must wait on. Beyond them, when the outbox fails, all that wait are looked at.
MENDED_MAX = 20_000

log = structlog.get_logger(__name__)


class Resuming:
    """Makes deliveries due that lacked nothing but the views.

    Without it they would be looked at by and by, up to ten minutes apart. A delivery that still
    lacks them waits again. After a start all of them have one look.
    """

    def __init__(self, outbox: Outbox, wake: Callable[[], None], now_ms: NowMs) -> None:
        """`wake` hears that something is due."""
        self._outbox = outbox
        self._wake = wake
        self._now_ms = now_ms
        self._done = 0  # up to this position of the log, nobody waits who was not looked at
        self._reached = 0
        self._mended: set[str] = set()
        self._stirred = asyncio.Event()

    def reached(self, position: int) -> None:
        """Note that the views have followed the log to `position`; costs nothing repeated."""
        if position < self._reached:
            self._done = min(self._done, position)  # they are made again
        self._reached = position
        self._stirred.set()

    def mended(self, transcription: str | None) -> None:
        """Note that the views show this transcription again; None: any may be shown anew."""
        if transcription is None or len(self._mended) >= MENDED_MAX:
            self._done = 0
            self._mended.clear()
        else:
            self._mended.add(f"{TRANSCRIPTION}{transcription}")
        self._stirred.set()

    async def run(self) -> NoReturn:
        """Look whenever the views go on, at most once a second, until cancelled."""
        while True:
            await self._stirred.wait()
            self._stirred.clear()
            done, mended = self._done, self._mended
            self._mended = set()
            try:
                if await self._resumed(done, mended):
                    self._wake()
            except StoreError as exc:
                log.warning("delivery.resuming_failed", reason=str(exc), retry_in_ms=ROUND_MS)
                self._done = min(self._done, done)
                self._mended |= mended
                self._stirred.set()
            await asyncio.sleep(ROUND_MS / 1000)

    async def _resumed(self, done: int, mended: set[str]) -> int:
        """Make due what may go on; return how many there were."""
        now_ms, count = self._now_ms(), 0
        until = self._done = self._reached
        for _ in range(CALLS_PER_ROUND_MAX):
            found = await self._outbox.resume(now_ms, after=done, until=until)
            count += found
            if found < RESUMED_PER_CALL_MAX:
                break
        streams = list(mended)
        for first in range(0, len(streams), STREAMS_PER_CALL_MAX):
            part = streams[first : first + STREAMS_PER_CALL_MAX]
            count += await self._outbox.resume_streams(part, now_ms)
        return count
