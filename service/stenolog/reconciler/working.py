"""Work on one open transcription: one action after another, until nothing is due."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from sys import intern

import structlog

from stenolog.backoff import later_ms
from stenolog.clock import NowMs
from stenolog.errors import (
    KeyLost,
    OutcomeUnknown,
    ProviderError,
    ProviderHeldBack,
    RecordDamaged,
    SchemaTooNew,
    StoreError,
    StoreUnavailable,
    WrongExpectedVersion,
)
from stenolog.log.events.vocabulary import ProviderName
from stenolog.reconciler.acting import Actor
from stenolog.reconciler.actions import (
    Confirm,
    Done,
    Fetch,
    GiveUp,
    Search,
    Settle,
    Submit,
    Wait,
)
from stenolog.reconciler.attempts import RETRY_MS_MAX, Attempts, put_off
from stenolog.reconciler.attempts_clock import not_in_future
from stenolog.reconciler.case import Case
from stenolog.reconciler.clock_shift import ClockShift
from stenolog.reconciler.erasing import Step, asked_at, next_action
from stenolog.reconciler.failover import ELSEWHERE_MS
from stenolog.reconciler.pools import Pools
from stenolog.reconciler.sweepers import Sweepers
from stenolog.reconciler.timing import Timing
from stenolog.reconciler.trouble import sentence_of
from stenolog.reconciler.turns import Load, Turns
from stenolog.side_process import SideProcessEnded

STEPS_MAX = 16  # actions for one transcription before others have their turn
HELD_MS = 1_000  # when a provider wants to be left alone, and does not say for how long
INTERRUPTED_MS_MAX = 600_000  # between two tries of what ends a process of ours
TURN_MS_MAX = 600_000  # a turn that comes wakes; this only bounds what a mistake would cost

log = structlog.get_logger()


class Worker:
    """Does what the plan says for one case at a time; many cases may be under way at once.

    When `stopping`, each piece of work ends with the action that is under way.
    """

    def __init__(
        self,
        load: Load,
        actor: Actor,
        timings: Mapping[ProviderName, Timing],
        turns: Turns,
        pools: Pools,
        sweepers: Sweepers,
        now_ms: NowMs,
    ) -> None:
        self._load = load
        self._actor = actor
        self._timings = {name: replace(one, others=timings) for name, one in timings.items()}
        self._names = {name: name for name in timings}  # one string, and not one for each case
        self._turns = turns
        self._pools = pools
        self._sweepers = sweepers
        self._now_ms = now_ms
        self._clock_shift = ClockShift()
        self.stopping = False

    async def work(self, case: Case) -> int | None:
        """Do what is due; returns when to look again, None: not before something wakes it.

        With `case.waits` it goes on once it is its turn in that pool. A failure is no reason to
        stop: the case is put off, and looked at again later.
        """
        structlog.contextvars.bind_contextvars(transcription_id=case.id)
        try:
            for _ in range(STEPS_MAX):
                match await self._step(case):
                    case None | Done():
                        return None
                    case Wait() as wait:
                        return wait.until_ms
                    case _ if self.stopping:
                        return None
                    case _:
                        pass
        except WrongExpectedVersion:
            pass  # somebody else was quicker: look again
        except (ProviderError, StoreError, SideProcessEnded) as exc:
            return self._put_off(case, exc)
        except Exception:
            # A fault of ours must not end the loop for all others.
            log.exception("reconciler.failed")
            return self._put_off(case, None)
        finally:
            case.leave()
        return self._now_ms()

    async def _step(self, case: Case) -> Step | None:
        """Carry out one action; None: it waits for its turn."""
        try:
            state = await self._load(case.id)
        except (RecordDamaged, SchemaTooNew):
            self._turns.drop(case.id)  # or the tenant would have one less until the record is back
            raise
        structlog.contextvars.bind_contextvars(correlation_id=state.correlation_id)
        now_ms = self._now_ms()
        state = self._clock_shift.as_of(state, now_ms)
        attempts = not_in_future(case.attempts, now_ms)
        timing = self._timings.get(state.provider) or next(iter(self._timings.values()))
        action = next_action(state, attempts, timing, now_ms, self._pools.away(state, now_ms))
        action = self._sweepers.heed(case, state, action, attempts)
        state = state.at(asked_at(action, state))
        timing, case.provider = timing.at(state.place), self._names.get(state.provider)
        pool = self._pools.of(action, state)
        lane = pool if isinstance(action, Submit) else None
        # Who is held back has no turn meanwhile: others of its tenant may go elsewhere.
        held = lane is not None and case.pool is not lane and lane.blocked(now_ms)
        if lane is None or held:
            self._turns.note(state)
        elif not self._turns.admit(state, lane, through=case.pool is lane):
            wait_ms = ELSEWHERE_MS if len(state.places) > 1 else TURN_MS_MAX
            return Wait(until_ms=now_ms + wait_ms)
        if isinstance(action, Done) and not case.woken_again:
            self._clock_shift.forget(case.id)
        if not case.may_go(state, pool, now_ms):
            if lane is None or not lane.blocked(now_ms):
                return None
            self._turns.note(state)  # another one probes
            return Wait(until_ms=now_ms + ELSEWHERE_MS) if len(state.places) > 1 else None
        if isinstance(action, Done | Wait):
            return action
        try:
            learned = await self._actor.do(action, state, attempts, timing)
        except ProviderHeldBack as exc:
            if case.pool is None:
                raise
            wait_ms = later_ms(exc.retry_in_ms or HELD_MS, attempts.spread)
            case.pool.hold(self._now_ms() + wait_ms)
            case.leave()
            return action  # the next look waits in the pool; nobody was asked, so nothing counts
        except (StoreUnavailable, OutcomeUnknown, WrongExpectedVersion):
            raise  # a claim may stand in the log: the next look tells
        except ProviderError as exc:
            self._turns.note(state)  # a turn that could not be used is another's
            return Wait(until_ms=self._put_off(case, exc, action, attempts))
        except Exception as exc:
            self._turns.note(state)
            if isinstance(exc, KeyLost):  # it waits until the key is back, and others may go
                self._turns.drop(case.id)
            raise
        if learned is not attempts:
            case.learn(learned)
        case.leave()
        case.note(intern(type(action).__name__.lower()))  # many remember what was done
        return action

    def _put_off(
        self,
        case: Case,
        exc: Exception | None,
        action: Step | None = None,
        attempts: Attempts | None = None,
    ) -> int:
        """Note a failure of the action that `attempts` led to; returns when to try again."""
        now_ms = self._now_ms()
        # A list that wants to be left alone has its own pause, and says nothing of who reads it.
        of_list = isinstance(action, Search | Settle)
        told_ms = None if of_list else getattr(exc, "retry_in_ms", None)
        # Whoever a callback had woken before has had its turn.
        unheard = attempts is not None and attempts.woken != "callback"
        case.attempts = put_off(
            case.attempts,
            now_ms,
            told_ms,
            beside=unheard and not isinstance(action, Confirm | Fetch | GiveUp),
            last_ask=isinstance(action, GiveUp),
            trouble=sentence_of(getattr(exc, "odd", "")),
            ceiling_ms=INTERRUPTED_MS_MAX if isinstance(exc, SideProcessEnded) else RETRY_MS_MAX,
        )
        retry_at_ms = case.attempts.retry_at_ms
        log.warning(
            "reconciler.put_off",
            error=str(exc or "see above"),
            retry_in_ms=retry_at_ms - now_ms,
        )
        return retry_at_ms
