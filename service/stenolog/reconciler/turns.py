"""Limit how many of a tenant's transcriptions run at once; the others wait in order."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Protocol

import structlog

from stenolog.bounded import BoundedMemory
from stenolog.clock import NowMs
from stenolog.commands.transcription.state import Transcription
from stenolog.errors import RecordDamaged, SchemaTooNew, StoreError
from stenolog.log.event import Event
from stenolog.log.events.transcriptions import TRANSCRIPTION

LOOK_AGAIN_MS = 1_000  # between two looks whether a lane is open again
PASSED_OVER_KEPT_MAX = 1_024  # ids of which one line was written

Load = Callable[[str], Awaitable[Transcription]]

log = structlog.get_logger()


class Lane(Protocol):
    """What a transcription goes through once it has its turn: requests of one kind at one place."""

    def blocked(self, now_ms: int) -> bool:
        """Tell whether nobody gets through for now, so that a turn would not be used."""
        ...


class Turns:
    """Lets at most `limit` transcriptions of a tenant run; the others wait, oldest first.

    What runs is what the log says, passed to `note`; a turn that was granted and not used yet
    counts as running. Tenants do not wait for each other, nor does anybody for those whose lane
    is blocked.
    """

    def __init__(self, limit: int, wake: Callable[[str], None], now_ms: NowMs) -> None:
        """`limit` 0: none. `wake` is called for a transcription whose turn has come."""
        self._limit = limit
        self._wake = wake
        self._now_ms = now_ms
        self._open = not limit
        self._running: defaultdict[str, set[str]] = defaultdict(set)
        self._waiting: defaultdict[str, dict[Lane, list[tuple[int, str]]]] = defaultdict(dict)
        self._queued: dict[str, Lane] = {}
        self._blocked: set[str] = set()  # tenants with a free turn that nobody could use
        self._looked_ms = 0

    @property
    def opened(self) -> bool:
        """Whether turns are given; without a limit from the beginning."""
        return self._open

    @property
    def unused(self) -> bool:
        """Whether there is a turn that nobody can use, because lanes are blocked."""
        return bool(self._blocked)

    @property
    def waiting_count(self) -> int:
        """How many transcriptions wait for their turn."""
        return len(self._queued)

    async def waiting_of(self, transcription_ids: Sequence[str]) -> Sequence[str]:
        """Return those of these that wait for their turn, in the same order."""
        return [one for one in transcription_ids if one in self._queued]

    async def any_waiting(self, tenant: str) -> bool:
        """Tell whether anybody of a tenant waits."""
        return bool(self._waiting.get(tenant))

    def open(self) -> None:
        """Begin to give turns: everything that ran before this process has been noted."""
        if not self._open:
            self._open = True
            for tenant in list(self._waiting):
                self._grant(tenant)

    def look_again(self) -> None:
        """Give turns that nobody could use to those whose lane is open again.

        Nobody tells of that. It may be called at any time; more than once a second does nothing.
        """
        now_ms = self._now_ms()
        if self._blocked and not 0 <= now_ms - self._looked_ms < LOOK_AGAIN_MS:
            self._looked_ms = now_ms
            for tenant in tuple(self._blocked):
                self._grant(tenant)

    def admit(self, state: Transcription, lane: Lane, *, through: bool = False) -> bool:
        """Tell whether it may be submitted now; if not, it waits and will be woken.

        Who finds its lane blocked passes its turn on with `note`, and asks again once it is
        `through`: then it needs a turn that is free, and nothing of the lane.
        """
        if not self._limit or state.id in self._running.get(state.tenant, ()):
            return True
        if through and self._open and len(self._running[state.tenant]) < self._limit:
            self._queued.pop(state.id, None)
            self._running[state.tenant].add(state.id)
            self._grant(state.tenant)
            return True
        if self._queued.get(state.id) is not lane:
            self._queued[state.id] = lane  # an entry in another lane is passed over
            waiting = self._waiting[state.tenant].setdefault(lane, [])
            heapq.heappush(waiting, (state.request_position, state.id))
        self._grant(state.tenant, asking=state.id)
        return state.id in self._running.get(state.tenant, ())

    def note(self, state: Transcription) -> None:
        """Count what the log says now: it runs, or has given its turn back."""
        if not self._limit or not state.tenant:
            return
        if state.running:
            self._running[state.tenant].add(state.id)
        elif state.id in self._running.get(state.tenant, ()):
            self._running[state.tenant].discard(state.id)
            self._grant(state.tenant)

    def drop(self, transcription_id: str) -> None:
        """Give back the turn of one whose stream cannot be read any more, if it has one."""
        for tenant in [one for one, ids in self._running.items() if transcription_id in ids]:
            self._running[tenant].discard(transcription_id)
            self._grant(tenant)

    def _grant(self, tenant: str, asking: str | None = None) -> None:
        """Give free turns to those that have waited longest; `asking` needs no wake-up."""
        running = self._running[tenant]
        while self._open and len(running) < self._limit:
            lane = self._next_lane(tenant)
            if lane is None:
                break
            _, following = heapq.heappop(self._waiting[tenant][lane])
            del self._queued[following]
            running.add(following)
            if following != asking:
                self._wake(following)
        self._blocked.discard(tenant)
        if not self._lanes(tenant):
            del self._waiting[tenant]
        elif self._open and len(running) < self._limit:
            self._blocked.add(tenant)
        if not running:
            del self._running[tenant]

    def _next_lane(self, tenant: str) -> Lane | None:
        """Return the lane of the one that has waited longest, of the lanes that are not blocked."""
        lanes, now_ms = self._lanes(tenant), self._now_ms()
        free = [lane for lane in lanes if not lane.blocked(now_ms)]
        return min(free, key=lambda lane: lanes[lane][0], default=None)

    def _lanes(self, tenant: str) -> Mapping[Lane, list[tuple[int, str]]]:
        """Return who waits in each lane, without those that have changed to another one."""
        lanes = self._waiting[tenant]
        for lane, waiting in tuple(lanes.items()):
            while waiting and self._queued.get(waiting[0][1]) is not lane:
                heapq.heappop(waiting)
            if not waiting:
                del lanes[lane]
        return lanes


class TurnsAtStart:
    """Counts what runs until turns are open; after that every look at a transcription counts it.

    A transcription whose stream cannot be folded is left out: it cannot be worked on, and must not
    keep the others from their turns.
    """

    def __init__(self, turns: Turns, load: Load) -> None:
        self._turns = turns
        self._load = load
        self._told: BoundedMemory[str, bool] = BoundedMemory(PASSED_OVER_KEPT_MAX)

    async def note(self, ids: Iterable[str]) -> None:
        """Count these towards their tenants' limits.

        Raises:
            StoreUnavailable: The log cannot be read now.
        """
        if self._turns.opened:
            return
        for transcription_id in ids:
            try:
                self._turns.note(await self._load(transcription_id))
            except (RecordDamaged, SchemaTooNew) as exc:
                self._pass_over(transcription_id, exc)

    async def follow(self, events: Sequence[Event]) -> None:
        """Count what these events moved since the list of what is open was read.

        Raises:
            StoreUnavailable: The log cannot be read now.
        """
        streams = {one.stream for one in events if one.stream.startswith(TRANSCRIPTION)}
        await self.note(one.removeprefix(TRANSCRIPTION) for one in streams)

    def _pass_over(self, transcription_id: str, exc: StoreError) -> None:
        if transcription_id not in self._told:
            self._told.put(transcription_id, True)
            log.error("reconciler.passed_over", transcription_id=transcription_id, reason=str(exc))
