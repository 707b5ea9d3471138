"""The reconciler: who is open, when to look next, and doing what the plan says.

It keeps nothing that the log does not have: after a restart every open transcription is due at
once, and the plan starts from its stream.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Protocol, assert_never

import structlog

from service.backoff import exponential_ms
from service.clock import NowMs
from service.commands.transcription import Transcription
from service.errors import ProviderError, StoreError, WrongExpectedVersion
from service.log.catalogue import TRANSCRIPTION, ProviderName, WakeReason
from service.log.store import EventStore
from service.providers.port import Provider
from service.reconciler.fetching import Fetcher, seen_running
from service.reconciler.plan import (
    RETRY_FIRST_MS,
    RETRY_MS_MAX,
    Action,
    Attempts,
    Check,
    Confirm,
    Done,
    Fetch,
    GiveUp,
    Remove,
    Settle,
    Submit,
    Supersede,
    Timing,
    Wait,
    next_action,
)
from service.reconciler.recording import Recorder
from service.reconciler.settle import Settler
from service.reconciler.submitting import Submitter
from service.reconciler.sweep import Sweep

AT_ONCE_MAX = 64  # transcriptions worked on at the same time
STEPS_MAX = 16  # actions for one transcription before others have their turn
START_SPREAD_MS = 20  # between two open jobs after a start: 50 a second, 15,000 in five minutes
WAKING_TYPES = frozenset({"transcription.requested", "callback.received"})

log = structlog.get_logger()


class OpenTranscriptions(Protocol):
    """What is open, as of a position of the log: a view."""

    async def open_ids(self, after: str, limit: int) -> tuple[Sequence[str], int]:
        """Ids behind `after` in order, and the position that they hold for."""
        ...


class Reconciler:
    """Runs until cancelled; `wake` may be called at any time on its loop."""

    def __init__(
        self,
        events: EventStore,
        recorder: Recorder,
        submitter: Submitter,
        fetcher: Fetcher,
        settler: Settler,
        timings: Mapping[ProviderName, Timing],
        now_ms: NowMs,
    ) -> None:
        self._events = events
        self._recorder = recorder
        self._submitter = submitter
        self._fetcher = fetcher
        self._settler = settler
        self._timings = timings
        self._now_ms = now_ms
        self._attempts: dict[str, Attempts] = {}
        self._due: list[tuple[int, str]] = []
        self._due_at: dict[str, int] = {}
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._stirred = asyncio.Event()
        self._sweeps: dict[str, Sweep] = {}

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
        else:
            self._schedule(transcription_id, self._now_ms() + in_ms)

    def wake_all(self, provider: str, reason: WakeReason) -> None:
        """Look at everything that is open; used when the engine has come back."""
        for number, transcription_id in enumerate(list(self._attempts)):
            self.wake(transcription_id, reason, in_ms=number * START_SPREAD_MS)
        log.info("reconciler.woken", provider=provider, reason=reason, open=len(self._attempts))

    async def run(self, open_ones: OpenTranscriptions) -> None:
        """Take up everything that is open, follow the log, and do what falls due."""
        position = await self._take_up(open_ones)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow(position))
            group.create_task(self._dispatch())

    async def _take_up(self, open_ones: OpenTranscriptions) -> int:
        after, position, count = "", 0, 0
        while True:
            ids, seen = await open_ones.open_ids(after, 1_000)
            # Later pages may hold for later positions; following from the first misses nothing.
            position = position or seen
            for transcription_id in ids:
                self.wake(transcription_id, "start", in_ms=count * START_SPREAD_MS)
                count += 1
            if not ids:
                break
            after = ids[-1]
        if count:
            log.info("reconciler.resumed", open=count)
        return position

    async def _follow(self, position: int) -> None:
        while True:
            try:
                for event in await self._events.read(after=position):
                    position = event.position
                    if event.type in WAKING_TYPES:
                        reason: WakeReason = (
                            "callback" if event.type == "callback.received" else "command"
                        )
                        self.wake(event.stream.removeprefix(TRANSCRIPTION), reason)
                await self._events.wait(after=position)
            except StoreError as exc:
                log.warning("reconciler.store_failed", error=str(exc))
                await asyncio.sleep(RETRY_FIRST_MS / 1000)

    async def _dispatch(self) -> None:
        try:
            while True:
                self._start_due()
                await self._sleep()
        finally:
            for task in list(self._busy.values()):
                task.cancel()
            await asyncio.gather(*self._busy.values(), return_exceptions=True)

    def _start_due(self) -> None:
        now = self._now_ms()
        while self._due and self._due[0][0] <= now and len(self._busy) < AT_ONCE_MAX:
            due_ms, transcription_id = heapq.heappop(self._due)
            if self._due_at.get(transcription_id) != due_ms:
                continue  # it was scheduled anew since
            del self._due_at[transcription_id]
            task = asyncio.create_task(self._work(transcription_id))
            self._busy[transcription_id] = task
            task.add_done_callback(partial(self._ended, transcription_id))

    async def _sleep(self) -> None:
        self._stirred.clear()
        timeout = None
        if self._due and len(self._busy) < AT_ONCE_MAX:
            timeout = max(0, self._due[0][0] - self._now_ms()) / 1000
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stirred.wait(), timeout)

    def _schedule(self, transcription_id: str, due_ms: int) -> None:
        before = self._due_at.get(transcription_id)
        if before is None or due_ms < before:
            self._due_at[transcription_id] = due_ms
            heapq.heappush(self._due, (due_ms, transcription_id))
            self._stirred.set()

    def _ended(self, transcription_id: str, _: asyncio.Task[None]) -> None:
        del self._busy[transcription_id]
        if transcription_id in self._again:
            self._again.discard(transcription_id)
            self._schedule(transcription_id, self._now_ms())
        self._stirred.set()

    async def _work(self, transcription_id: str) -> None:
        structlog.contextvars.bind_contextvars(transcription_id=transcription_id)
        try:
            for _ in range(STEPS_MAX):
                if not await self._step(transcription_id):
                    return
            self._schedule(transcription_id, self._now_ms())
        except WrongExpectedVersion:
            self._schedule(transcription_id, self._now_ms())  # the loser looks again
        except (ProviderError, StoreError) as exc:
            self._put_off(transcription_id, exc)
        except Exception:
            # A fault of ours must not end the loop for everybody else: it is recorded, and this
            # transcription is looked at again.
            log.exception("reconciler.failed")
            self._put_off(transcription_id, None)

    def _put_off(self, transcription_id: str, exc: Exception | None) -> None:
        attempts = self._attempts.get(transcription_id, Attempts())
        failures = attempts.failures + 1
        wait_ms = exponential_ms(failures, first_ms=RETRY_FIRST_MS, ceiling_ms=RETRY_MS_MAX)
        wait_ms = max(wait_ms, getattr(exc, "retry_in_ms", None) or 0)
        retry_at_ms = self._now_ms() + wait_ms
        self._attempts[transcription_id] = replace(
            attempts, failures=failures, retry_at_ms=retry_at_ms
        )
        self._schedule(transcription_id, retry_at_ms)
        log.warning("reconciler.put_off", error=str(exc or "see above"), retry_in_ms=wait_ms)

    async def _step(self, transcription_id: str) -> bool:
        """One action; whether there may be another at once."""
        state = await self._recorder.handler.load(transcription_id)
        attempts = self._attempts.get(transcription_id, Attempts())
        structlog.contextvars.bind_contextvars(correlation_id=state.correlation_id)
        timing = self._timings.get(state.provider) or next(iter(self._timings.values()))
        action = next_action(state, attempts, timing, self._now_ms())
        match action:
            case Done():
                if transcription_id not in self._again:
                    self._attempts.pop(transcription_id, None)
                return False
            case Wait():
                self._schedule(transcription_id, action.until_ms)
                return False
            case _:
                after = await self._do(action, state, attempts, timing)
                if after is not attempts:
                    # What woke it meanwhile is newer than what the action knew.
                    newer = transcription_id in self._again
                    now = self._attempts.get(transcription_id, Attempts())
                    self._attempts[transcription_id] = (
                        replace(after, woken=now.woken) if newer else after
                    )
                log.info("reconciler.acted", action=type(action).__name__.lower())
                return True

    async def _do(
        self, action: Action, state: Transcription, attempts: Attempts, timing: Timing
    ) -> Attempts:
        match action:
            case Submit():
                return await self._submitter.submit(state, action.number, attempts)
            case Settle():
                submission = state.submission(action.number)
                assert submission is not None
                return await self._settler.settle(state, submission, attempts)
            case Confirm():
                return await self._fetcher.confirm(state, action.number, action.job, attempts)
            case Fetch():
                return await self._fetcher.fetch(state, action.number, action.wake, attempts)
            case Check():
                return await self._check(action, state, attempts)
            case Supersede():
                await self._fetcher.supersede(state, action.number)
            case Remove():
                await self._fetcher.remove(state, action.number)
            case GiveUp():
                hours = timing.job_lifetime_ms / 3_600_000
                return await self._fetcher.give_up(
                    state, action.number, attempts, lost=action.lost, hours=hours
                )
            case Wait() | Done():
                pass
            case _:
                assert_never(action)
        return attempts

    async def _check(self, action: Check, state: Transcription, attempts: Attempts) -> Attempts:
        submission = state.submission(action.number)
        assert submission is not None
        sweep = self._sweep_of(state.provider, self._recorder.gate(state).provider)
        if await sweep.is_running(await self._recorder.job_of(submission)):
            return seen_running(attempts, self._now_ms())
        return await self._fetcher.fetch(state, action.number, action.wake, attempts)

    def _sweep_of(self, name: str, provider: Provider) -> Sweep:
        if name not in self._sweeps:
            self._sweeps[name] = Sweep(provider)
        return self._sweeps[name]
