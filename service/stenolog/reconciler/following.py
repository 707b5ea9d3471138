"""Follow the log: take up what is open at the start, then whatever an event wakes."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

import structlog

from stenolog.clock import NowMs
from stenolog.log.checkpoint import BEGINNING, Checkpoint
from stenolog.log.event import Event
from stenolog.log.events.transcriptions import TRANSCRIPTION
from stenolog.log.events.vocabulary import ProviderName, WakeReason
from stenolog.log.open_page import OPEN_PER_PAGE_MAX, OpenPage
from stenolog.log.page import Page
from stenolog.log.recorder import id_at
from stenolog.log.store import EVENTS_PER_READ_MAX, EventStore
from stenolog.log.subscription import Subscription
from stenolog.reconciler.timing import Timing
from stenolog.reconciler.turns import Load, Turns, TurnsAtStart
from stenolog.subscription_lines import SubscriptionLines

START_SPREAD_MS = 4  # between two open jobs after a start: 250 a second, 100,000 in seven minutes
URGENT_SPREAD_MS = 2  # between two that need us most
WAKES_AT_ONCE = 500  # after a start, before others have the loop
BEHIND_MAX = 2_000  # due transcriptions before a reader that is far behind the log waits
BEHIND_WAIT_MS = 50
BEHIND_WAITS_MAX = 200  # ten seconds for a page of the log
WAKING_TYPES: Mapping[str, WakeReason] = {
    "transcription.requested": "command",
    "callback.received": "callback",
    "erasure.requested": "command",
}

log = structlog.get_logger()


class OpenTranscriptions(Protocol):
    """Lists the transcriptions to which something is owed; the log itself keeps this promise."""

    async def open_transcriptions(self, *, after: str, limit: int) -> OpenPage:
        """Read at most `limit` ids greater than `after`, in order; empty: from the first.

        Raises:
            StoreUnavailable: The log cannot be read now.
        """
        ...


class Wake(Protocol):
    """Has a transcription looked at."""

    def __call__(self, transcription_id: str, reason: WakeReason, *, in_ms: int = 0) -> None:
        """Look at it, now or in a while."""
        ...


async def worked_off(due_count: Callable[[], int], *, waits_max: int = BEHIND_WAITS_MAX) -> None:
    """Wait while much is due, so that a log that is read fast does not all come into memory.

    It ends after a while: what is new in the log must not wait for ever for what is due.
    """
    for _ in range(waits_max):
        if due_count() <= BEHIND_MAX:
            return
        await asyncio.sleep(BEHIND_WAIT_MS / 1000)


def soonest_forgotten(ids: Sequence[str], first_id: str) -> Sequence[str]:
    """Order ids that are in order of time: first those since `first_id`, then those before it.

    A result that lives for an hour is one of a job of the last hour, and older ones are given up.
    """
    cut = bisect_left(ids, first_id)
    return [*ids[cut:], *ids[:cut]]


class Follower:
    """Wakes what is open at the start, and then what events concern."""

    def __init__(
        self,
        events: EventStore,
        turns: Turns,
        load: Load,
        wake: Wake,
        catch_up: Callable[[], Awaitable[None]],
        timings: Mapping[ProviderName, Timing],
        now_ms: NowMs,
        open_ones: OpenTranscriptions,
    ) -> None:
        """`catch_up` returns once a reader that is far behind the log may go on."""
        lifetimes = (one.facts.result_lifetime_ms for one in timings.values())
        self._lifetime_ms = min((one for one in lifetimes if one is not None), default=0)
        self._now_ms = now_ms
        self._turns = turns
        self._at_start = TurnsAtStart(turns, load)
        self._wake = wake
        self._catch_up = catch_up
        self._open_ones = open_ones
        self._heeded: Checkpoint | None = None
        self.subscription = Subscription(events, self, SubscriptionLines("reconciler"))

    @property
    def heeded_position(self) -> int:
        """Up to where in the log all that is open has been woken; 0: not even at the start."""
        return 0 if self._heeded is None else self._heeded.position

    async def saved(self) -> Checkpoint:
        """Up to where this process has heeded the log; at first, all that is open is woken."""
        if self._heeded is None:
            self._heeded = await self._take_up()
        return self._heeded

    async def begin(self, stale: Checkpoint | None) -> Checkpoint:
        """Begins with the first event: the one that was the last is not to be found."""
        assert stale is not None
        log.warning(
            "reconciler.place_lost",
            position=stale.position,
            advice="the log is read from its beginning; run `stenolog log verify`",
        )
        self._heeded = BEGINNING
        return self._heeded

    async def handle(self, page: Page) -> bool:
        """Wakes what the page concerns; after a full page, waits for that to be worked off."""
        await self._heed(page.events)
        self._heeded = page.checkpoint
        if len(page.events) == EVENTS_PER_READ_MAX:
            await self._catch_up()
        elif page.is_last:  # a damaged record ends a page before that
            self._turns.open()
        return False

    async def _take_up(self) -> Checkpoint:
        """Wake everything that is open, and return the place as of which it is.

        What the provider does not have, or has called back for, is woken before what only runs
        there, and before that what may soon be forgotten; among equals the oldest is first, as ids
        are in order of time.
        """
        after, urgent, running = "", 0, list[str]()
        first: Checkpoint | None = None
        while True:
            page = await self._open_ones.open_transcriptions(after=after, limit=OPEN_PER_PAGE_MAX)
            # Later pages may hold for later positions; following from the first misses nothing.
            first = first or page.checkpoint
            for transcription_id in page.ids:
                await self._at_start.note([transcription_id])
                if transcription_id in page.urgent:
                    self._wake(transcription_id, "start", in_ms=urgent * URGENT_SPREAD_MS)
                    urgent += 1
                else:
                    running.append(transcription_id)
            self.subscription.beat()
            if not page.ids:
                break
            after = page.ids[-1]
        first_id = id_at(max(0, self._now_ms() - self._lifetime_ms)) if self._lifetime_ms else ""
        for number, transcription_id in enumerate(soonest_forgotten(running, first_id)):
            in_ms = urgent * URGENT_SPREAD_MS + number * START_SPREAD_MS
            self._wake(transcription_id, "start", in_ms=in_ms)
            if not number % WAKES_AT_ONCE:
                await asyncio.sleep(0)
        log.info("reconciler.resumed", open=urgent + len(running), urgent=urgent)
        return first

    async def _heed(self, events: Sequence[Event]) -> None:
        for event in events:
            reason = WAKING_TYPES.get(event.type)
            if reason is not None:
                self._wake(event.stream.removeprefix(TRANSCRIPTION), reason)
        await self._at_start.follow(events)
