"""Record up to where everything has ended, so that completeness can be shown from the log."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Protocol

import structlog

from stenolog.clock import NowMs
from stenolog.errors import StoreError
from stenolog.log.actors import RECONCILER, SYSTEM_TENANT
from stenolog.log.events.logs import LOG, SweepCompleted
from stenolog.log.recorder import Cause, Fact, FactRecorder, new_id
from stenolog.reconciler.case import Case

LOOK_EVERY_MS = 60_000
RECORD_EVERY_MS = 15 * 60_000

log = structlog.get_logger()


class OldestOpen(Protocol):
    """Tells before which position everything has ended; `reconciler/loop` keeps this promise."""

    def __call__(self) -> tuple[int, bool] | None:
        """Return the position, and whether something is open from there on; None: not known."""
        ...


def oldest_open(cases: Iterable[Case], heeded_position: int) -> tuple[int, bool] | None:
    """Return the position of the oldest of `cases` that has not ended, and whether there is one.

    Without any it is the one after what was heeded of the log. None: a case was not read yet.
    """
    if not heeded_position:
        return None
    first = min((one.position for one in cases if not one.ended), default=None)
    if first is None:
        return heeded_position + 1, False
    return (first, True) if first else None


class Completeness:
    """Appends `sweep.completed` once that position has moved past what was open."""

    def __init__(
        self, facts: FactRecorder, log_id: str, oldest_open: OldestOpen, now_ms: NowMs
    ) -> None:
        self._facts = facts
        self._stream = LOG + log_id
        self._oldest_open = oldest_open
        self._now_ms = now_ms
        self._waited_for = 0  # what was open, and not recorded as ended yet; 0: nothing was
        self._recorded_ms: int | None = None

    async def run(self) -> None:
        """Look every minute, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_MS / 1000)
            await self.look()

    async def look(self) -> None:
        """Record how far it is, if that has moved past what was open, and is long enough ago."""
        found = self._oldest_open()
        if found is None:
            return
        before, something_open = found
        now_ms = self._now_ms()
        recently = (
            self._recorded_ms is not None and 0 <= now_ms - self._recorded_ms < RECORD_EVERY_MS
        )
        if 0 < self._waited_for < before and not recently:
            try:
                await self._record(before)
            except StoreError as exc:
                log.warning(
                    "reconciler.completeness_not_recorded",
                    error=str(exc),
                    retry_in_ms=LOOK_EVERY_MS,
                )
                return
            self._recorded_ms, self._waited_for = now_ms, 0
        if something_open and not self._waited_for:
            self._waited_for = before

    async def _record(self, before: int) -> None:
        cause = Cause(tenant=SYSTEM_TENANT, actor=RECONCILER, correlation_id=new_id())
        await self._facts.record(self._stream, [Fact(data=SweepCompleted(before=before))], cause)
        log.info("reconciler.complete", before=before)
