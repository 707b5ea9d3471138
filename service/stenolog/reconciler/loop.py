"""The reconciler: who is open, when to look next, and having done what the plan says.

It keeps nothing that the log does not have: after a restart every open transcription is due at
once, and the plan starts from its stream.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial

import structlog

from stenolog.backoff import exponential_ms
from stenolog.clock import NowMs
from stenolog.errors import (
    OutcomeUnknown,
    ProviderError,
    StoreError,
    StoreUnavailable,
    WrongExpectedVersion,
)
from stenolog.log.events.vocabulary import ProviderName, WakeReason
from stenolog.log.store import EventStore
from stenolog.reconciler.acting import Actor
from stenolog.reconciler.actions import Done, Submit, Wait
from stenolog.reconciler.agenda import Agenda
from stenolog.reconciler.attempts import RETRY_FIRST_MS, RETRY_MS_MAX, Attempts, not_in_future
from stenolog.reconciler.clock_shift import SLEW_MS, Reckoning
from stenolog.reconciler.erasing import Step, next_action
from stenolog.reconciler.following import START_SPREAD_MS, Follower, OpenTranscriptions
from stenolog.reconciler.recording import Recorder
from stenolog.reconciler.timing import Timing
from stenolog.reconciler.turns import Turns

AT_ONCE_MAX = 64  # transcriptions worked on at the same time
STEPS_MAX = 16  # actions for one transcription before others have their turn
BEHIND_MAX = 2_000  # due transcriptions before a reader that is far behind the log waits
BEHIND_WAIT_MS = 50
TURN_MS_MAX = 600_000  # a turn that comes wakes; this only bounds what a mistake would cost
DRAIN_MS = 3_000  # for calls under way when the service stops; the edge has had four seconds
log = structlog.get_logger()


class Reconciler:
    """Runs until cancelled; `wake` may be called at any time on its loop."""

    def __init__(
        self,
        events: EventStore,
        recorder: Recorder,
        actor: Actor,
        timings: Mapping[ProviderName, Timing],
        now_ms: NowMs,
        *,
        tenant_concurrency: int = 0,
    ) -> None:
        """`tenant_concurrency`: how many of a tenant's may run at once; 0: no limit."""
        self._turns = Turns(tenant_concurrency, lambda one: self.wake(one, "command"))
        self._follower = Follower(
            events, self._turns, recorder.handler.load, self.wake, self._catch_up
        )
        self._reckoning = Reckoning()
        self._read_ms = 0
        self._recorder = recorder
        self._actor = actor
        self._timings = timings
        self._now_ms = now_ms
        self._attempts: dict[str, Attempts] = {}
        self._providers: dict[str, ProviderName] = {}
        self._agenda = Agenda()
        self._busy: dict[str, asyncio.Task[int | None]] = {}
        self._again: set[str] = set()
        self._stirred = asyncio.Event()
        self._stopping = False

    @property
    def turns(self) -> Turns:
        """Who waits for a turn at the provider."""
        return self._turns

    @property
    def open_count(self) -> int:
        """How many transcriptions are being looked after."""
        return len(self._attempts)

    def wake(self, transcription_id: str, reason: WakeReason, *, in_ms: int = 0) -> None:
        """Look at this transcription now, or in a while; repeating costs nothing."""
        attempts = self._attempts.get(transcription_id, Attempts())
        if attempts.woken != "callback":
            attempts = replace(attempts, woken=reason)
        self._attempts[transcription_id] = attempts
        if transcription_id in self._busy:
            self._again.add(transcription_id)
        elif self._agenda.put(transcription_id, self._now_ms() + in_ms):
            self._stirred.set()

    def wake_all(self, provider: ProviderName, reason: WakeReason) -> None:
        """Look at everything that is open at a provider that has come back."""
        self._recorder.started_anew(provider)
        waiting = [i for i in self._attempts if self._providers.get(i, provider) == provider]
        for number, transcription_id in enumerate(waiting):
            self._attempts[transcription_id] = replace(
                self._attempts[transcription_id], failures=0, retry_at_ms=0
            )
            self.wake(transcription_id, reason, in_ms=number * START_SPREAD_MS)
        log.info("reconciler.woken", provider=provider, reason=reason, open=len(waiting))

    async def run(self, open_ones: OpenTranscriptions) -> None:
        """Take up everything that is open, follow the log, and do what falls due.

        When cancelled, calls that are under way have three seconds to be answered.
        """
        self._stopping = False
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follower.run(open_ones))
            group.create_task(self._dispatch())

    async def _catch_up(self) -> None:
        """Views that are far behind, or new, must not bring the whole log into memory."""
        while self._agenda.due_count(self._now_ms()) > BEHIND_MAX:  # noqa: ASYNC110 - a count
            await asyncio.sleep(BEHIND_WAIT_MS / 1000)

    async def _dispatch(self) -> None:
        try:
            while True:
                self._start_due()
                await self._sleep()
        finally:
            await self._drain()

    def _look_at_clock(self) -> int:
        """The time; once it was set back, no time reckoned before holds: all are looked at."""
        now = self._now_ms()
        if now < self._read_ms - SLEW_MS:
            log.warning("reconciler.clock_set_back", by_ms=self._read_ms - now)
            self._recorder.clock_set_back()
            for number, one in enumerate(list(self._attempts)):
                self._attempts[one] = replace(self._attempts[one], retry_at_ms=0)
                if one in self._busy:
                    self._again.add(one)
                else:
                    self._agenda.put(one, now + number * START_SPREAD_MS)
        self._read_ms = now
        return now

    def _start_due(self) -> None:
        now = self._look_at_clock()
        while len(self._busy) < AT_ONCE_MAX:
            transcription_id = self._agenda.take(now)
            if transcription_id is None:
                return
            task = asyncio.create_task(self._work(transcription_id))
            self._busy[transcription_id] = task
            task.add_done_callback(partial(self._ended, transcription_id))

    async def _sleep(self) -> None:
        self._stirred.clear()
        timeout, next_ms = None, self._agenda.next_ms()
        if next_ms is not None and len(self._busy) < AT_ONCE_MAX:
            timeout = max(0, next_ms - self._now_ms()) / 1000
        with suppress(TimeoutError):
            # Not `wait_for`: CPython 3.11's forgets a cancellation that comes with the wake-up.
            async with asyncio.timeout(timeout):
                await self._stirred.wait()

    async def _drain(self) -> None:
        """An answer that is on its way is recorded; what takes longer is settled after a start."""
        self._stopping = True
        tasks = set(self._busy.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=DRAIN_MS / 1000)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._actor.close()

    def _ended(self, transcription_id: str, task: asyncio.Task[int | None]) -> None:
        del self._busy[transcription_id]
        due_ms = None if task.cancelled() else task.result()
        if transcription_id in self._again:
            self._again.discard(transcription_id)
            due_ms = self._now_ms()
        if due_ms is not None:
            self._agenda.put(transcription_id, due_ms)
        self._stirred.set()

    async def _work(self, transcription_id: str) -> int | None:
        """Do what is due; when to look again, None: not before something wakes it."""
        structlog.contextvars.bind_contextvars(transcription_id=transcription_id)
        try:
            for _ in range(STEPS_MAX):
                match await self._step(transcription_id):
                    case Done():
                        return None
                    case Wait() as wait:
                        return wait.until_ms
                    case _ if self._stopping:
                        return None
                    case _:
                        pass
        except WrongExpectedVersion:
            pass  # the loser looks again
        except (ProviderError, StoreError) as exc:
            return self._put_off(transcription_id, exc)
        except Exception:
            # A fault of ours must not end the loop for everybody else: it is recorded, and this
            # transcription is looked at again.
            log.exception("reconciler.failed")
            return self._put_off(transcription_id, None)
        return self._now_ms()

    async def _step(self, transcription_id: str) -> Step:
        """One action, which is done when this returns."""
        state = await self._recorder.handler.load(transcription_id)
        now_ms = self._now_ms()
        state = self._reckoning.as_of(state, now_ms)
        attempts = not_in_future(self._attempts.get(transcription_id, Attempts()), now_ms)
        structlog.contextvars.bind_contextvars(correlation_id=state.correlation_id)
        timing = self._timings.get(state.provider) or next(iter(self._timings.values()))
        action = next_action(state, attempts, timing, now_ms)
        if not isinstance(action, Submit):
            self._turns.note(state)
        elif not self._turns.admit(state):
            action = Wait(until_ms=self._now_ms() + TURN_MS_MAX)
        match action:
            case Done():
                if transcription_id not in self._again:
                    self._attempts.pop(transcription_id, None)
                    self._providers.pop(transcription_id, None)
                    self._reckoning.forget(transcription_id)
            case Wait():
                self._providers[transcription_id] = state.provider
            case _:
                self._providers[transcription_id] = state.provider
                try:
                    after = await self._actor.do(action, state, attempts, timing)
                except (StoreUnavailable, OutcomeUnknown, WrongExpectedVersion):
                    raise  # a claim may stand in the log: the next look tells
                except Exception:
                    self._turns.note(state)  # a turn that could not be used is another's
                    raise
                self._learn(transcription_id, attempts, after)
                log.info("reconciler.acted", action=type(action).__name__.lower())
        return action

    def _learn(self, transcription_id: str, before: Attempts, after: Attempts) -> None:
        """Keep what an action has learned; what woke it meanwhile is newer than that."""
        now = self._attempts.get(transcription_id, before)
        if after is before:
            return
        newer = transcription_id in self._again
        self._attempts[transcription_id] = replace(after, woken=now.woken) if newer else after

    def _put_off(self, transcription_id: str, exc: Exception | None) -> int:
        """When to try again what did not work."""
        attempts = self._attempts.get(transcription_id, Attempts())
        failures = attempts.failures + 1
        wait_ms = exponential_ms(failures, first_ms=RETRY_FIRST_MS, ceiling_ms=RETRY_MS_MAX)
        wait_ms = max(wait_ms, getattr(exc, "retry_in_ms", None) or 0)
        retry_at_ms = self._now_ms() + wait_ms
        self._attempts[transcription_id] = replace(
            attempts, failures=failures, retry_at_ms=retry_at_ms
        )
        log.warning("reconciler.put_off", error=str(exc or "see above"), retry_in_ms=wait_ms)
        return retry_at_ms
