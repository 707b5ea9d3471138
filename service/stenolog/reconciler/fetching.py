"""Fetch what the provider has for a job, and record it once the job has ended."""

from __future__ import annotations

from typing import Protocol

import structlog

from stenolog.clock import NowMs
from stenolog.commands.transcription.commands import (
    AbandonSubmission,
    FailSubmission,
    RecordUnmatched,
)
from stenolog.commands.transcription.state import Submission, Transcription
from stenolog.log.events.request_payload import read_request
from stenolog.log.events.transcriptions import FailureReason
from stenolog.log.events.vocabulary import WakeReason
from stenolog.providers.oddities import odd_answer
from stenolog.providers.port import FetchedJob, UnknownJob
from stenolog.reconciler.attempts import Attempts, anew, asked_in_vain, denied, in_trouble
from stenolog.reconciler.completing import Completer
from stenolog.reconciler.evidence import Evidence, is_ours
from stenolog.reconciler.gates import Gates
from stenolog.reconciler.issuing import NO_SENTENCE, CommandIssuer, failure
from stenolog.reconciler.looking import overdue_at_ms
from stenolog.reconciler.reading import TranscriptionReader
from stenolog.reconciler.timing import Timing
from stenolog.reconciler.trouble import STOPPED, UNKNOWN, unknown_status
from stenolog.reconciler.unmatched import unmatched

LIFETIME_SENTENCE = "The provider did not finish within {lifetime}."
LOST_SENTENCE = "The provider lost the job repeatedly. Submit the audio again."
UNTOLD_SENTENCE = (
    "The provider did not say whether it took the audio, twice, and cannot be asked. Submit the "
    "audio again."
)
DENIALS_MIN = 2  # times that the provider itself says that it knows no such job

log = structlog.get_logger()


class Metrics(Protocol):
    """Counts reconciled jobs."""

    def unmatched(self, kind: str) -> None:
        """Count a callback that is not what was to be expected."""
        ...

    def reconciled(self, reason: str) -> None:
        """Count a job that ended, by the reason why we looked."""
        ...


class Fetcher:
    """Learns from the provider how a job ended."""

    def __init__(
        self,
        gates: Gates,
        issuer: CommandIssuer,
        reader: TranscriptionReader,
        evidence: Evidence,
        completer: Completer,
        metrics: Metrics,
        now_ms: NowMs,
    ) -> None:
        self._completer = completer
        self._gates = gates
        self._issuer = issuer
        self._reader = reader
        self._evidence = evidence
        self._metrics = metrics
        self._now_ms = now_ms

    async def fetch(
        self,
        state: Transcription,
        number: int,
        wake: WakeReason,
        attempts: Attempts,
        timing: Timing,
    ) -> Attempts:
        """Ask for the job, and record its end if it has ended.

        Raises:
            ProviderUnavailable: Also when the answer is of a job that was not made for this
                submission: it has a `webhook_url`, and that has another token, or none of ours.
        """
        submission = state.submission(number)
        assert submission is not None
        gate, job = self._gates.gate(state), await self._reader.job_of(submission)
        found = await gate.provider.fetch(job)
        if isinstance(found, UnknownJob):
            return await self._denied(state, submission, job, found, attempts, timing)
        if found.emptied:
            gate.oddities.note("emptied", "fetch")
            raise odd_answer("emptied", "what the job held was deleted at the provider")
        if found.webhook_url is not None:
            if not is_ours(found, state.id, number):
                gate.oddities.note("not-ours", "fetch")
                raise odd_answer("not-ours", "the answer is of a job that has another token")
            self._evidence.saw(state, submission, job)
        unmet = await self._unmet(state, found)
        if unmet is not None and not state.terminal:
            await self._issuer.fail(
                state, number, reason="unmet", sentence=unmet, answer=found.raw, wake=wake
            )
            self._metrics.reconciled(wake)
            return anew(attempts)
        completed = found.status == "completed" and unmet is None
        if completed or (found.status == "error" and not state.terminal):
            if not timing.polled:
                state = await self._match(state, submission, found, wake, attempts, timing)
            await self._finish(state, number, found, wake)
            if completed:
                gate.durations.ended(submission, attempts.model, found.audio_ms)
            return anew(attempts)
        return asked_in_vain(attempts, self._now_ms(), unknown_status(found.odd_status))

    async def give_up(
        self, state: Transcription, number: int, *, lost: bool, lifetime_ms: int, trouble: str = ""
    ) -> None:
        """Fail the transcription, unless it has ended; `trouble` is a sentence more."""
        sentence = LIFETIME_SENTENCE.format(lifetime=span(lifetime_ms))
        if trouble:
            sentence = f"{sentence} {trouble}"
        reason: FailureReason = "lost" if lost else "deadline"
        if lost:
            last = state.submission(number)
            untold = last is not None and last.abandonment == "not-listed"
            sentence = UNTOLD_SENTENCE if untold else LOST_SENTENCE
        await self._issuer.fail(state, number, reason=reason, sentence=sentence)

    async def _unmet(self, state: Transcription, found: FetchedJob) -> str | None:
        """Return the condition of the request that a completed job does not meet."""
        if found.status != "completed" or found.speech_share is None:
            return None
        request = read_request(await self._reader.payload_at(state.request_position))
        return self._gates.gate(state).provider.unmet(request.asked_of(state.provider), found)

    async def _match(
        self,
        state: Transcription,
        submission: Submission,
        found: FetchedJob,
        wake: WakeReason,
        attempts: Attempts,
        timing: Timing,
    ) -> Transcription:
        """Record what is wrong with the callback of a job that has ended; return the state then."""
        overdue = self._now_ms() >= overdue_at_ms(submission, attempts, timing)
        kind = unmatched(submission, found, overdue=overdue)
        if kind is None or state.terminal:
            return state
        if kind == "missing" and wake == "silence":
            self._gates.gate(state).calling_back.missed()
        command = RecordUnmatched(number=submission.number, kind=kind, status=found.webhook_status)
        if not await self._issuer.issue(command, state):
            return state
        self._metrics.unmatched(kind)
        return await self._reader.load(state.id)

    async def _denied(
        self,
        state: Transcription,
        submission: Submission,
        job: str,
        unknown: UnknownJob,
        attempts: Attempts,
        timing: Timing,
    ) -> Attempts:
        """Give up a job that certainly is not there; one of which nobody knows stays accepted.

        It certainly is not when the provider says so twice, a sweep interval apart and after the
        time that its reads may lag, and the place has shown another job of ours since: so it is the
        account that the job was made in. Where many are gone at once, none is given up.
        """
        number, now_ms = submission.number, self._now_ms()
        if unknown.of_earlier_start:
            await self._issuer.issue(AbandonSubmission(number=number, reason="restarted"), state)
            return anew(attempts)
        settled = now_ms >= submission.accepted_at_ms + timing.settle_ms
        apart = now_ms >= attempts.denied_at_ms + timing.sweep_interval_ms
        attempts = denied(attempts, now_ms, counts=settled and apart)
        if attempts.denials < DENIALS_MIN:
            return attempts
        proven = await self._evidence.vouches(
            state,
            submission,
            job,
            since_ms=attempts.denied_at_ms,
            every_ms=timing.sweep_interval_ms,
        )
        if not proven:
            return self._undecided(attempts, UNKNOWN)
        gate = self._gates.gate(state)
        if not state.terminal and not gate.forgotten.may_pay(gate.provider.name, now_ms):
            return self._undecided(attempts, STOPPED)
        await self._issuer.issue(AbandonSubmission(number=number, reason="forgotten"), state)
        return anew(attempts)

    def _undecided(self, attempts: Attempts, trouble: str) -> Attempts:
        if attempts.trouble != trouble:
            log.warning(
                "submission.unknown_to_provider",
                reason=trouble,
                advice="the job stays accepted, and is asked for at growing intervals; see whether "
                "key, base URL and region are those that it was made with",
            )
        return in_trouble(attempts, trouble)

    async def _finish(
        self, state: Transcription, number: int, job: FetchedJob, wake: WakeReason
    ) -> None:
        if job.status == "completed":
            changed = await self._completer.complete(state, number, job, wake)
        else:
            changed = await self._failed(state, number, job, wake)
        if changed:
            self._metrics.reconciled(wake)

    async def _failed(
        self, state: Transcription, number: int, job: FetchedJob, wake: WakeReason
    ) -> bool:
        """Record the failure; after a server error the audio is submitted again, a few times."""
        sentence = job.error or NO_SENTENCE
        if job.server_error is None:
            return await self._issuer.fail(
                state, number, reason="provider", sentence=sentence, answer=job.raw, wake=wake
            )
        told = failure(sentence, job.raw)
        command = FailSubmission(number=number, kind=job.server_error, wake=wake)
        payloads = {"submission.failed": told, "transcription.failed": told}
        return await self._issuer.issue(command, state, payloads)


def span(ms: int) -> str:
    """Write a duration in the largest unit in which it is whole: `24 h`, `90 min`, else `0.3 s`."""
    for unit_ms, unit in ((3_600_000, "h"), (60_000, "min")):
        if ms % unit_ms == 0:
            return f"{ms // unit_ms} {unit}"
    return f"{ms / 1000:.12g} s"
