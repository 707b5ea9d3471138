"""Compare our jobs at one place with its list, and have those looked at that it does not show."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence, Sized

import structlog

from stenolog.backoff import sooner_ms
from stenolog.clock import NowMs
from stenolog.errors import ProviderError, ProviderHeldBack
from stenolog.heartbeat import BEAT_EVERY_MS
from stenolog.reconciler.agenda import Agenda
from stenolog.reconciler.attempts import missing_in_list, seen_in_list
from stenolog.reconciler.case import Case
from stenolog.reconciler.following import Wake
from stenolog.reconciler.gates import ProviderGate
from stenolog.reconciler.looking import look_interval_ms
from stenolog.reconciler.sweep import (
    LOOK_MS_MAX,
    Look,
    Sweep,
    SweepHistory,
    SweepStanding,
    look_for,
)
from stenolog.reconciler.sweep_times import SweepTimes
from stenolog.reconciler.timing import Timing
from stenolog.stirring import stirred

GATHER_MS = 200  # from when a job is due until the list is read: others may join it
AT_ONCE_MAX = 500  # jobs that are gone through before others have the loop

log = structlog.get_logger()


class Sweeper:
    """Knows every job of ours that runs at one place, and reads the place's list for all of them.

    A job is due when it has been silent for too long. Then one list is read, and all jobs are
    compared with it, due or not: those that it shows are left alone, the others are asked for. No
    request waits for it. Where there is no list, jobs are only known, and asked for on request.
    """

    def __init__(
        self,
        gate: ProviderGate,
        timing: Timing,
        wake: Wake,
        now_ms: NowMs,
        *,
        gather_ms: int = GATHER_MS,
        look_ms_max: int = LOOK_MS_MAX,
    ) -> None:
        self._gate = gate
        self._timing = timing
        self._wake = wake
        self._now_ms = now_ms
        self._gather_ms = gather_ms
        self._look_ms_max = look_ms_max
        self._watched: dict[str, Case] = {}
        self._due = Agenda()
        self._times = SweepTimes(timing.sweep_interval_ms, polled=timing.polled)
        self._stirred = asyncio.Event()
        self._looking = asyncio.Lock()
        self._history = SweepHistory()
        gate.calling_back.changed = self._stirred.set

    def standing(self) -> SweepStanding:
        """Tell how many jobs are known to run here, and how the list was read."""
        return self._history.standing(len(self._watched), self.next_ms())

    def watch(self, job: str, case: Case) -> None:
        """Compare this job with every list that is read from now on, until it is dropped."""
        self._watched[job] = case

    def ask(self, job: str, *, hurry: bool = False) -> None:
        """Have a list read for this job, which is watched; `hurry`: not for its silence."""
        self._times.hurried = self._times.hurried or hurry
        self._put(job, self._now_ms() + self._gather_ms)

    def is_asked(self, job: str) -> bool:
        """Tell whether a list is, or will be, read for this job."""
        return job in self._due

    def drop(self, job: str) -> None:
        """Know nothing of this job any more."""
        self._watched.pop(job, None)
        self._due.drop(job)

    def clock_set_back(self) -> None:
        """Read the list now: no time that was noted holds."""
        self._times.clock_set_back()
        for job in self._watched:
            if job in self._due:
                self._due.drop(job)
                self._put(job, self._now_ms())

    def next_ms(self) -> int | None:
        """Return when the list is to be read next; None: not before something changes."""
        if not self._watched or not self._timing.facts.lists:
            return None
        return self._times.next_ms(self._due.next_ms(), silent=self._gate.calling_back.silent)

    async def run(self) -> None:
        """Read the list whenever that is due, until cancelled."""
        while True:
            self._stirred.clear()
            next_ms = self.next_ms()
            wait_ms = BEAT_EVERY_MS if next_ms is None else next_ms - self._now_ms()
            if wait_ms <= 0:
                await self.sweep()
                continue
            await stirred(self._stirred, min(wait_ms, BEAT_EVERY_MS))

    async def sweep(self) -> Sweep:
        """Read the list, and have all jobs asked for that it does not show; a failure is noted."""
        async with self._looking:
            self._times.begin(self._now_ms())
            due = await self._take_due()
            done = await self._look(due)
            self._history.keep(done)
        say = log.info if done.missing or done.error else log.debug
        say(
            "reconciler.swept",
            provider=self._gate.provider.name,
            compared=done.compared,
            missing=done.missing,
            pages=done.pages,
            error=done.error,
        )
        return done

    async def reconcile(self, *, since_ms: int = 0, dry_run: bool = False) -> Sweep:
        """Compare all jobs that were accepted since, however young; `dry_run`: ask for none."""
        async with self._looking:
            began_ms = self._now_ms()
            jobs = [job for job, c in self._watched.items() if c.accepted_at_ms >= since_ms]
            try:
                found = await self._found(jobs)
            except ProviderError as exc:
                done = self._done(began_ms, len(jobs), error=str(exc))
            else:
                gone = [job for job in found.missing if job in self._watched]
                done = self._done(began_ms, len(jobs), gone, found.pages)
                await self._ask_for([] if dry_run else gone)
            if not dry_run:
                self._history.keep(done)
        return done

    async def _found(self, jobs: Collection[str]) -> Look:
        # Without a list nothing tells of jobs but they themselves; without jobs nothing is asked.
        if not jobs or not self._timing.facts.lists:
            return Look(missing=frozenset(jobs), pages=0, whole=True)
        return await look_for(self._gate.provider, jobs, look_ms_max=self._look_ms_max)

    async def _look(self, due: Sequence[str]) -> Sweep:
        count, began_ms = len(self._watched), self._times.began_ms
        try:
            found = await self._found(self._watched)
        except ProviderError as exc:
            done = self._done(began_ms, count, error=str(exc))
            await self._put_list_off(due, exc)
            return done
        self._times.read(found.pages)
        gone = [job for job in due if job in found.missing]
        await self._note_seen(due, found.missing)
        if found.whole:
            others = found.missing.difference(gone)
            gone += [job for job in others if self._is_told_of(job)]
        done = self._done(began_ms, count, gone, found.pages)
        await self._ask_for(gone)
        return done

    def _is_told_of(self, job: str) -> bool:
        """Tell whether a list that does not show a job that is not due means something.

        It may not show the youngest yet; and what no list ever shows has times of its own.
        """
        case = self._watched.get(job)
        if case is None or case.attempts.asks:
            return False
        old_ms = min(self._timing.settle_ms, self._timing.sweep_interval_ms)
        return case.accepted_at_ms + old_ms <= self._times.began_ms

    async def _put_list_off(self, due: Sequence[str], exc: ProviderError) -> None:
        """Put the list off; after a second failure, have what is due asked for itself."""
        told_ms, asked = getattr(exc, "retry_in_ms", None), not isinstance(exc, ProviderHeldBack)
        if self._times.failed(self._now_ms(), told_ms or 0, asked=asked):
            await self._ask_for(due)
            return
        for job in due:
            if job in self._watched:
                self._put(job, self._now_ms())

    async def _note_seen(self, due: Sequence[str], missing: Collection[str]) -> None:
        now_ms = self._now_ms()
        for number, job in enumerate(due, 1):
            case = None if job in missing else self._watched.get(job)
            if case is not None:
                case.attempts = seen_in_list(case.attempts, now_ms)
                wait_ms = look_interval_ms(case.attempts, self._timing)
                self._put(job, now_ms + sooner_ms(wait_ms, case.attempts.spread))
            if not number % AT_ONCE_MAX:
                await asyncio.sleep(0)

    async def _ask_for(self, jobs: Sequence[str]) -> None:
        for number, job in enumerate(jobs, 1):
            case = self._watched.get(job)
            if case is None:
                continue
            case.unwatch()
            case.attempts = missing_in_list(case.attempts)
            self._wake(case.id, case.attempts.woken or self._timing.unasked)
            if not number % AT_ONCE_MAX:
                await asyncio.sleep(0)

    async def _take_due(self) -> Sequence[str]:
        """Take the jobs off that are due now."""
        due, now_ms = list[str](), self._now_ms()
        while (job := self._due.take(now_ms)) is not None:
            due.append(job)
            if not len(due) % AT_ONCE_MAX:
                await asyncio.sleep(0)
        return due

    def _put(self, job: str, due_ms: int) -> None:
        if self._due.put(job, due_ms):
            self._stirred.set()

    def _done(
        self,
        began_ms: int,
        compared: int,
        gone: Sized = (),
        pages: int = 0,
        error: str = "",
    ) -> Sweep:
        return Sweep(
            began_ms=began_ms,
            took_ms=max(0, self._now_ms() - began_ms),
            compared=compared,
            missing=len(gone),
            pages=pages,
            error=error,
        )
