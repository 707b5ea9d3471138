"""Limit how many of a tenant's transcriptions run at once; the others wait in order."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence

import structlog

from stenolog.bounded import BoundedMemory
from stenolog.commands.transcription.state import Transcription
from stenolog.errors import RecordDamaged, SchemaTooNew, StoreError
from stenolog.log.event import Event
from stenolog.log.events.transcriptions import TRANSCRIPTION

PASSED_OVER_KEPT_MAX = 1_024  # ids of which one line was written

Load = Callable[[str], Awaitable[Transcription]]

log = structlog.get_logger()


class Turns:
    """Lets at most `limit` transcriptions of a tenant run; the others wait, oldest first.

    What runs is what the log says, passed to `note`; a turn that was granted and not used yet
    counts as running. Tenants do not wait for each other.
    """

    def __init__(self, limit: int, wake: Callable[[str], None]) -> None:
        """`limit` 0: none. `wake` is called for a transcription whose turn has come."""
        self._limit = limit
        self._wake = wake
        self._open = not limit
        self._running: defaultdict[str, set[str]] = defaultdict(set)
        self._waiting: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
        self._queued: set[str] = set()

    @property
    def opened(self) -> bool:
        """Whether turns are given; without a limit from the beginning."""
        return self._open

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

    def admit(self, state: Transcription) -> bool:
        """Tell whether it may be submitted now; if not, it waits and will be woken."""
        if not self._limit or state.id in self._running.get(state.tenant, ()):
            return True
        if state.id not in self._queued:
            self._queued.add(state.id)
            heapq.heappush(self._waiting[state.tenant], (state.request_position, state.id))
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
        running, waiting = self._running[tenant], self._waiting[tenant]
        while self._open and waiting and len(running) < self._limit:
            _, following = heapq.heappop(waiting)
            self._queued.discard(following)
            running.add(following)
            if following != asking:
                self._wake(following)
        if not waiting:
            del self._waiting[tenant]
        if not running:
            del self._running[tenant]


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
