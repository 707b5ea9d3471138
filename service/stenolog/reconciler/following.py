"""Following the log: what is open at the start, and then whatever a transcription is woken by."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

import structlog

from stenolog.errors import RecordDamaged, StoreError
from stenolog.log.event import Event
from stenolog.log.events.transcriptions import TRANSCRIPTION
from stenolog.log.events.vocabulary import WakeReason
from stenolog.log.place import is_in_log
from stenolog.log.store import EVENTS_PER_READ_MAX, EventStore
from stenolog.projections.pages import Checkpoint, OpenPage
from stenolog.reconciler.attempts import RETRY_FIRST_MS
from stenolog.reconciler.turns import Load, Turns, follow_at_start, note_at_start

START_SPREAD_MS = 20  # between two open jobs after a start: 50 a second, 15,000 in five minutes
OPEN_PER_READ = 1_000
MEND = "run stenolog log verify"
WAKING_TYPES: Mapping[str, WakeReason] = {
    "transcription.requested": "command",
    "callback.received": "callback",
    "erasure.requested": "command",
}

log = structlog.get_logger()


class OpenTranscriptions(Protocol):
    """What there is still something to do for, as of a place in the log: a view."""

    async def open_transcriptions(self, *, after: str, limit: int) -> OpenPage:
        """At most `limit` ids greater than `after` (empty: from the first), in order."""
        ...


class Wake(Protocol):
    """Has a transcription looked at."""

    def __call__(self, transcription_id: str, reason: WakeReason, *, in_ms: int = 0) -> None:
        """Now, or in a while."""
        ...


class Follower:
    """Wakes what is open, and what the log says is to be looked at, until it is cancelled."""

    def __init__(
        self,
        events: EventStore,
        turns: Turns,
        load: Load,
        wake: Wake,
        catch_up: Callable[[], Awaitable[None]],
    ) -> None:
        """`catch_up` returns once a reader that is far behind the log may go on."""
        self._events = events
        self._turns = turns
        self._load = load
        self._wake = wake
        self._catch_up = catch_up

    async def run(self, open_ones: OpenTranscriptions) -> None:
        """Take up everything that is open, then follow the log from where that holds."""
        position: int | None = None
        while True:
            try:
                if position is None:
                    position = await self._take_up(open_ones)
                position = await self._next(position)
            except StoreError as exc:
                log.warning("reconciler.store_failed", error=str(exc))
                await asyncio.sleep(RETRY_FIRST_MS / 1000)

    async def _take_up(self, open_ones: OpenTranscriptions) -> int:
        after, count = "", 0
        first: Checkpoint | None = None
        while True:
            page = await open_ones.open_transcriptions(after=after, limit=OPEN_PER_READ)
            # Later pages may hold for later positions; following from the first misses nothing.
            first = first or page.checkpoint
            for transcription_id in page.ids:
                await note_at_start(self._turns, self._load, [transcription_id])
                self._wake(transcription_id, "start", in_ms=count * START_SPREAD_MS)
                count += 1
            if not page.ids:
                break
            after = page.ids[-1]
        log.info("reconciler.resumed", open=count)
        if await is_in_log(self._events, first.position, first.event_id):
            return first.position
        # A backup of the log was restored: the views are of another one, and so is what they said.
        log.warning("reconciler.views_of_another_log", position=first.position)
        return 0

    async def _next(self, after: int) -> int:
        """Heed the events behind `after`, and wait when there are no more; returns the last."""
        head = await self._events.head()
        try:
            events = await self._events.read(after=after)
        except RecordDamaged as exc:
            log.error("reconciler.record_damaged", position=exc.position, mend=MEND)
            return exc.position
        if not events and after < head:
            log.error("reconciler.records_missing", after=after, head=head, mend=MEND)
            return head
        await self._heed(events)
        position = events[-1].position if events else after
        if len(events) == EVENTS_PER_READ_MAX:
            await self._catch_up()
        elif position >= head:  # a damaged record ends a read before that
            self._turns.open()
            await self._events.wait(after=position)
        return position

    async def _heed(self, events: Sequence[Event]) -> None:
        for event in events:
            reason = WAKING_TYPES.get(event.type)
            if reason is not None:
                self._wake(event.stream.removeprefix(TRANSCRIPTION), reason)
        await follow_at_start(self._turns, self._load, events)
