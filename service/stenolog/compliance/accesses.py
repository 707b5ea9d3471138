"""Record who was shown content: before the answer, within a second of it, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NoReturn

import structlog

from stenolog.bounded import BoundedMemory
from stenolog.clock import NowMs
from stenolog.errors import StoreError
from stenolog.log.events.accesses import ACCESS, ContentView, TranscriptRead
from stenolog.log.recorder import Cause, Fact, FactRecorder, Record
from stenolog.log.store import EVENTS_PER_APPEND_MAX

MS_PER_MINUTE = 60_000
# With the commit behind it, what a crash can lose is less than a second of reads.
GATHER_MS = 500
RETRY_MS = 1_000
PENDING_MAX = 4_096  # of merged reads; beyond it a reader waits until they are written
RECORDED_MAX = 16_384  # merged reads that are known to be in the log; a forgotten one is repeated

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Read:
    """What is merged: one actor, one transcript or all of a tenant's, one view, one minute."""

    tenant: str
    actor: str
    transcript: str | None
    view: ContentView
    minute: int

    def record(self) -> Record:
        data = TranscriptRead(transcript=self.transcript, view=self.view, minute=self.minute)
        return Record(stream=ACCESS + (self.transcript or self.tenant), facts=(Fact(data=data),))


class StrictAccessLog:
    """Commits each read before what was read is answered."""

    def __init__(self, facts: FactRecorder, now_ms: NowMs) -> None:
        self._facts = facts
        self._now_ms = now_ms

    async def note(
        self, cause: Cause, view: ContentView, transcripts: Sequence[str | None]
    ) -> None:
        """Returns once all of it is durable."""
        reads = _reads(cause, view, transcripts, self._now_ms())
        for begin in range(0, len(reads), EVENTS_PER_APPEND_MAX):
            some = reads[begin : begin + EVENTS_PER_APPEND_MAX]
            await self._facts.record_all([read.record() for read in some], cause)


class MergedAccessLog:
    """Gathers reads for half a second, and writes each actor, transcript, view and minute once.

    While the log cannot be written they are kept, as many as `pending_max`; whoever reads more is
    refused, so that nothing is read without a trace.
    """

    def __init__(
        self, facts: FactRecorder, now_ms: NowMs, *, pending_max: int = PENDING_MAX
    ) -> None:
        self._facts = facts
        self._now_ms = now_ms
        self._pending_max = pending_max
        self._pending: dict[_Read, Cause] = {}
        self._recorded: BoundedMemory[_Read, bool] = BoundedMemory(RECORDED_MAX)
        self._turn = asyncio.Lock()
        self._woken = asyncio.Event()

    async def note(
        self, cause: Cause, view: ContentView, transcripts: Sequence[str | None]
    ) -> None:
        """Returns at once, but where too much is waiting to be written."""
        for read in _reads(cause, view, transcripts, self._now_ms()):
            if read in self._pending or self._recorded.get(read):
                continue
            if len(self._pending) >= self._pending_max:
                await self.flush()
            self._pending[read] = cause
            self._woken.set()

    async def run(self) -> NoReturn:
        """Write what has gathered, until cancelled; a log that fails is tried again."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            await asyncio.sleep(GATHER_MS / 1000)
            while self._pending:
                try:
                    await self.flush()
                except StoreError as exc:
                    log.error(
                        "accesses.delayed",
                        waiting=len(self._pending),
                        error=exc.code,
                        reason=str(exc),
                        retry_in_ms=RETRY_MS,
                    )
                    await asyncio.sleep(RETRY_MS / 1000)

    async def flush(self) -> None:
        """Write everything that has gathered.

        Raises:
            StoreError: What could not be written is still kept.
        """
        async with self._turn:
            while self._pending:
                some = list(islice(self._pending.items(), EVENTS_PER_APPEND_MAX))
                # Each has an actor of its own, and so an append of its own; they are committed
                # together all the same.
                outcomes = await asyncio.gather(
                    *(self._facts.record_all([read.record()], cause) for read, cause in some),
                    return_exceptions=True,
                )
                failed = None
                for (read, _), outcome in zip(some, outcomes, strict=True):
                    if isinstance(outcome, BaseException):
                        failed = outcome
                        continue
                    del self._pending[read]
                    self._recorded.put(read, True)
                if failed is not None:
                    raise failed

    async def close(self) -> None:
        """Write the rest, before the log is closed; what cannot be written is told, and lost."""
        try:
            await self.flush()
        except StoreError as exc:
            log.error("accesses.lost", lost=len(self._pending), error=exc.code, reason=str(exc))


class NoAccessLog:
    """Records nothing: an operator has switched it off."""

    async def note(
        self, cause: Cause, view: ContentView, transcripts: Sequence[str | None]
    ) -> None:
        """Does nothing."""


def _reads(
    cause: Cause, view: ContentView, transcripts: Sequence[str | None], now_ms: int
) -> list[_Read]:
    minute = now_ms // MS_PER_MINUTE
    return [
        _Read(cause.tenant, cause.actor, one, view, minute) for one in dict.fromkeys(transcripts)
    ]
