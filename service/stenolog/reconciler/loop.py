"""Run the reconciler: keep the agenda of open transcriptions and carry out due actions.

It keeps nothing that the log does not have: after a restart every open transcription is due at
once, and the plan starts from its stream.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from functools import partial

import structlog

from stenolog.backoff import one_of_few
from stenolog.clock import NowMs
from stenolog.heartbeat import BEAT_EVERY_MS, Heartbeat
from stenolog.log.events.vocabulary import ProviderName, WakeReason
from stenolog.log.store import EventStore
from stenolog.owned_tasks import drained, log_failure
from stenolog.reconciler.acting import Actor
from stenolog.reconciler.agenda import Agenda
from stenolog.reconciler.attempts import Attempts, answered
from stenolog.reconciler.attempts_clock import clock_set_back
from stenolog.reconciler.case import Case
from stenolog.reconciler.clock_shift import ClockRead
from stenolog.reconciler.completeness import oldest_open
from stenolog.reconciler.figures import ReconcilerFigures
from stenolog.reconciler.following import (
    START_SPREAD_MS,
    Follower,
    OpenTranscriptions,
    worked_off,
)
from stenolog.reconciler.gates import Gates
from stenolog.reconciler.pool import Pool
from stenolog.reconciler.pools import Pools
from stenolog.reconciler.reading import TranscriptionReader
from stenolog.reconciler.sweepers import Sweepers
from stenolog.reconciler.timing import Timing
from stenolog.reconciler.turns import LOOK_AGAIN_MS, Turns
from stenolog.reconciler.working import Worker
from stenolog.stirring import stirred

LOOKS_AT_ONCE_MAX = 64  # transcriptions looked at, beside those whose request is under way
BROKEN_MS = 60_000  # before work that did not come to its end is begun again
DRAIN_MS = 3_000  # for calls under way at the end, or they are settled; the edge has had 4 s
log = structlog.get_logger()


class Reconciler:
    """Looks after all open transcriptions until cancelled.

    `wake` may be called at any time on its loop.
    """

    def __init__(
        self,
        events: EventStore,
        gates: Gates,
        reader: TranscriptionReader,
        actor: Actor,
        timings: Mapping[ProviderName, Timing],
        pools: Pools,
        now_ms: NowMs,
        *,
        tenant_concurrency: int = 0,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`tenant_concurrency`: how many of a tenant's may run at once; 0: no limit.

        `chance`, 0 to 1, spreads those that wait for the same thing.
        """
        self._turns = Turns(tenant_concurrency, lambda one: self.wake(one, "command"), now_ms)
        self._follower_of = partial(
            Follower, events, self._turns, reader.load, self.wake, self._catch_up, timings, now_ms
        )
        self.sweepers = Sweepers(gates, timings, self.wake, now_ms)
        self._worker = Worker(
            reader.load, actor, timings, self._turns, pools, self.sweepers, now_ms
        )
        self._gates = gates
        self._pools = pools
        self._now_ms = now_ms
        self._chance = chance
        self._clock_read = ClockRead()
        self._cases: dict[str, Case] = {}
        self._agenda = Agenda()
        self._busy: dict[str, asyncio.Task[int | None]] = {}
        self._stirred = asyncio.Event()
        self._heartbeat = Heartbeat()
        self._follower: Follower | None = None
        pools.stir = self._stirred.set

    @property
    def turns(self) -> Turns:
        """Who waits for a turn at the provider."""
        return self._turns

    @property
    def open_count(self) -> int:
        """How many transcriptions are being looked after."""
        return len(self._cases)

    def figures(self) -> ReconcilerFigures:
        """Return numbers of what there is to do; costs what is due, at most 3,000 of these."""
        now_ms, first_ms = self._now_ms(), self._agenda.next_ms()
        return ReconcilerFigures(
            open=len(self._cases),
            busy=len(self._busy),
            due=self._agenda.due_count(now_ms),
            overdue_ms=0 if first_ms is None else max(0, now_ms - first_ms),
            turns_waiting=self._turns.waiting_count,
            pools=self._pools.counts(now_ms),
            standing=self._gates.standing(now_ms),
            sweeps=self.sweepers.standing(),
            next_ms=first_ms,
        )

    @property
    def beat_age_ms(self) -> int:
        """How long ago the slower of following and starting what is due last did its round."""
        followed_ms = self._follower.subscription.beat_age_ms if self._follower is not None else 0
        return max(self._heartbeat.age_ms, followed_ms)

    def oldest_open(self) -> tuple[int, bool] | None:
        """Return the position before which all has ended; see `completeness.OldestOpen`."""
        return oldest_open(self._cases.values(), self._heeded_position)

    @property
    def _heeded_position(self) -> int:
        return 0 if self._follower is None else self._follower.heeded_position

    def wake(self, transcription_id: str, reason: WakeReason, *, in_ms: int = 0) -> None:
        """Look at this transcription now, or in a while; repeating costs nothing."""
        case = self._cases.get(transcription_id)
        if case is None:
            fresh = Attempts(spread=one_of_few(self._chance()))
            # What is not followed yet stands behind what is.
            case = Case(id=transcription_id, attempts=fresh, position=self._heeded_position)
            self._cases[transcription_id] = case
        busy = transcription_id in self._busy
        case.wake(reason, busy=busy)
        if not busy and self._agenda.put(transcription_id, self._now_ms() + in_ms):
            self._stirred.set()

    def wake_all(self, provider: ProviderName, reason: WakeReason) -> None:
        """Look at everything that is open at a provider that has come back."""
        self._gates.started_anew(provider)
        self._pools.release(provider)
        waiting = [case for case in self._cases.values() if case.provider in {None, provider}]
        for number, case in enumerate(waiting):
            case.attempts = answered(case.attempts)
            self.wake(case.id, reason, in_ms=number * START_SPREAD_MS)
        log.info("reconciler.woken", provider=provider, reason=reason, open=len(waiting))

    async def run(self, open_ones: OpenTranscriptions) -> None:
        """Take up everything that is open, follow the log, and do what falls due.

        When cancelled, calls that are under way have three seconds to be answered.
        """
        self._worker.stopping = False
        self._follower = self._follower_of(open_ones)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follower.subscription.run())
            group.create_task(self._dispatch())
            for sweeper in self.sweepers.at.values():
                group.create_task(sweeper.run())

    async def _catch_up(self) -> None:
        await worked_off(lambda: self._agenda.due_count(self._now_ms()))

    async def _dispatch(self) -> None:
        try:
            while True:
                self._start_due()
                self._heartbeat.beat()
                await self._sleep()
        finally:
            self._worker.stopping = True
            await drained(self._busy.values(), within_ms=DRAIN_MS)

    def _look_at_clock(self) -> int:
        """Return the time; when it was set back, make all due, as no due time holds."""
        now = self._now_ms()
        if self._clock_read.is_set_back(now):
            self._gates.clock_set_back()
            self._pools.release()
            self.sweepers.clock_set_back()
            for number, case in enumerate(self._cases.values()):
                case.attempts = clock_set_back(case.attempts)
                if case.id in self._busy:
                    case.woken_again = True
                else:
                    self._agenda.put(case.id, now + number * START_SPREAD_MS)
        return now

    def _start_due(self) -> None:
        now = self._look_at_clock()
        self._turns.look_again()
        while (turn := self._pools.take(now)) is not None:
            transcription_id, pool = turn
            self._take_turn(transcription_id, pool)
        while self._may_look():
            due = self._agenda.take(now)
            if due is None:
                return
            self._start(self._cases[due])

    def _take_turn(self, transcription_id: str, pool: Pool) -> None:
        case = self._cases.get(transcription_id)
        if case is None:
            pool.leave(transcription_id)
            return
        case.waits, case.pool = None, pool
        if transcription_id not in self._busy:  # else it takes its turn, or gives it back, itself
            self._agenda.drop(transcription_id)
            self._start(case)

    def _may_look(self) -> bool:
        return len(self._busy) - self._pools.running_count < LOOKS_AT_ONCE_MAX

    def _start(self, case: Case) -> None:
        self._busy[case.id] = task = asyncio.create_task(self._worker.work(case))
        task.add_done_callback(partial(self._ended, case))

    async def _sleep(self) -> None:
        self._stirred.clear()
        looks_at_ms = self._agenda.next_ms() if self._may_look() else None
        times = [due for due in (looks_at_ms, self._pools.next_ms()) if due is not None]
        wait_ms_max = LOOK_AGAIN_MS if self._turns.unused else BEAT_EVERY_MS
        wait_ms = min(times) - self._now_ms() if times else wait_ms_max
        await stirred(self._stirred, min(wait_ms, wait_ms_max))

    def _ended(self, case: Case, task: asyncio.Task[int | None]) -> None:
        """Put the case on the agenda again, or forget it when nothing is owed to it."""
        del self._busy[case.id]
        if case.pool is not None and not self._worker.stopping:
            self._start(case)  # its turn came when it had just begun to wait
            return
        broken = log_failure(task, "reconciler.crashed") or task.cancelled()
        due_ms = case.rest(self._now_ms() + BROKEN_MS if broken else task.result(), self._now_ms())
        if due_ms is None and case.waits is None:
            case.leave()
            case.unwatch()
            del self._cases[case.id]
        elif due_ms is not None:
            self._agenda.put(case.id, due_ms)
        self._stirred.set()
