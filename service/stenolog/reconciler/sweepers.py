"""Give each provider, in each of its regions, a sweeper, and tell it which jobs run there."""

from __future__ import annotations

from collections.abc import Mapping

from stenolog.clock import NowMs
from stenolog.commands.transcription.state import Transcription
from stenolog.log.events.vocabulary import ProviderName
from stenolog.reconciler.actions import Alarm, Check, Fetch, Wait
from stenolog.reconciler.attempts import Attempts
from stenolog.reconciler.case import Case
from stenolog.reconciler.erasing import Step
from stenolog.reconciler.following import Wake
from stenolog.reconciler.gates import Gates, ProviderRegion
from stenolog.reconciler.plan import followed
from stenolog.reconciler.sweep import SweepStanding
from stenolog.reconciler.sweeper import GATHER_MS, Sweeper
from stenolog.reconciler.timing import Timing


class Sweepers:
    """Every sweeper, by place."""

    def __init__(
        self,
        gates: Gates,
        timings: Mapping[ProviderName, Timing],
        wake: Wake,
        now_ms: NowMs,
        *,
        gather_ms: int = GATHER_MS,
    ) -> None:
        self._gates = gates
        self.at: Mapping[ProviderRegion, Sweeper] = {
            where: Sweeper(gate, timings[where[0]], wake, now_ms, gather_ms=gather_ms)
            for where, gate in gates.places.items()
        }

    def heed(self, case: Case, state: Transcription, action: Step, attempts: Attempts) -> Step:
        """Have a job compared with its place's list while it is waited for, and only then.

        Returns what to do: the action, but a question for the job itself where no list is read.
        """
        case.position, case.ended = state.request_position, state.terminal
        submission = followed(state)
        where = state.place if submission is None else state.place_of(submission.number)
        gate, sweeper = self._gates.at(where), self.at.get(where)
        if gate is not None and attempts.woken == "callback":
            gate.calling_back.arrived()
        job = None if submission is None else submission.provider_job
        if isinstance(action, Check):
            if sweeper is None or job is None:
                return Fetch(number=action.number, wake=action.wake)
            return action
        if isinstance(action, Alarm):
            return action
        waits = isinstance(action, Wait) and attempts.in_list != "missing"
        if sweeper is None or submission is None or job is None or not waits:
            case.unwatch()
            return action
        if case.job != job:
            case.unwatch()
        case.watch, case.job, case.accepted_at_ms = sweeper, job, submission.accepted_at_ms
        sweeper.watch(job, case)
        if attempts.in_list == "asked" and not sweeper.is_asked(job):
            sweeper.ask(job, hurry=attempts.woken is not None)
        return action

    def clock_set_back(self) -> None:
        """Read every list now: no time that was noted holds."""
        for sweeper in self.at.values():
            sweeper.clock_set_back()

    def standing(self) -> Mapping[ProviderRegion, SweepStanding]:
        """Tell what is known of the jobs at each place."""
        return {where: one.standing() for where, one in self.at.items()}
