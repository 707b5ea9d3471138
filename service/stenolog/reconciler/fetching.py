"""Fetch what the provider has for a job, and record it once the job has ended."""

from __future__ import annotations

from typing import Protocol

from stenolog.clock import NowMs
from stenolog.commands.callback_tokens import read_registration
from stenolog.commands.transcription.commands import (
    AbandonSubmission,
    Complete,
    FailSubmission,
    RecordRemoval,
    Supersede,
)
from stenolog.commands.transcription.state import Transcription
from stenolog.errors import BadToken, ProviderRefused
from stenolog.log.events.transcriptions import FailureReason
from stenolog.log.events.vocabulary import WakeReason
from stenolog.providers.port import FetchedJob
from stenolog.reconciler.attempts import Attempts, anew, asked_in_vain, refute
from stenolog.reconciler.gates import Gates
from stenolog.reconciler.issuing import NO_SENTENCE, CommandIssuer, failure
from stenolog.reconciler.reading import TranscriptionReader
from stenolog.reconciler.submitting import Submitter

COMPLETED = ("transcription.completed", "transcription.completed_late")
LIFETIME_SENTENCE = "The provider did not finish within {lifetime}."
LOST_SENTENCE = "The provider lost the job repeatedly. Submit the audio again."


class Metrics(Protocol):
    """Counts adopted and reconciled jobs."""

    def adopted(self) -> None:
        """Count a job that was paid for without our knowing, and was found."""
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
        submitter: Submitter,
        metrics: Metrics,
        now_ms: NowMs,
    ) -> None:
        self._gates = gates
        self._issuer = issuer
        self._reader = reader
        self._submitter = submitter
        self._metrics = metrics
        self._now_ms = now_ms

    async def confirm(
        self, state: Transcription, number: int, job: str, attempts: Attempts
    ) -> Attempts:
        """Adopt the job that a callback named, if the provider says that it carries our token.

        When the provider refuses to look the job up, the callback's hint is dropped, and the job is
        looked for in the provider's list.
        """
        try:
            found = await self._gates.gate(state).provider.fetch(job)
        except ProviderRefused as exc:
            if not exc.final:
                raise
            found = None
        if found is not None and is_ours(found, state.id, number):
            await self.adopt(state, number, job)
            return anew(attempts, "callback")
        return refute(attempts, number, [job])

    async def adopt(self, state: Transcription, number: int, job: str) -> None:
        """Record that this job, made without our knowing, belongs to the submission."""
        if await self._submitter.accept(state, number, job, adopted=True):
            self._metrics.adopted()

    async def fetch(
        self,
        state: Transcription,
        number: int,
        wake: WakeReason,
        attempts: Attempts,
        *,
        believed_at_ms: int,
    ) -> Attempts:
        """Ask for the job, and record its end if it has ended.

        Before `believed_at_ms` a job that the provider does not know is asked for again, because
        its reads may lag behind its writes.
        """
        submission = state.submission(number)
        assert submission is not None
        job = await self._gates.gate(state).provider.fetch(await self._reader.job_of(submission))
        now_ms = self._now_ms()
        if job is None and now_ms < believed_at_ms:
            return asked_in_vain(attempts, now_ms, missing=True)
        if job is None:
            await self._issuer.issue(AbandonSubmission(number=number, reason="forgotten"), state)
            return anew(attempts)
        if job.status == "completed" or (job.status == "error" and not state.terminal):
            await self._finish(state, number, job, wake)
            return anew(attempts)
        return asked_in_vain(attempts, now_ms, missing=False)

    async def supersede(self, state: Transcription, number: int) -> None:
        """Record that another submission finished first."""
        await self._issuer.issue(Supersede(number=number), state)

    async def remove(self, state: Transcription, number: int) -> None:
        """Delete the submission's job at the provider, unless it is gone by itself."""
        submission = state.submission(number)
        assert submission is not None
        if self._gates.is_gone(state) or not self._gates.facts(state).deletes:
            await self._issuer.issue(RecordRemoval(number=number), state)
            return
        await self.remove_job(state, number, await self._reader.job_of(submission))

    async def remove_job(self, state: Transcription, number: int, job: str) -> None:
        """Delete a job that turned out to belong to this submission."""
        await self._gates.gate(state).provider.delete(job)
        await self._issuer.issue(RecordRemoval(number=number), state)

    async def give_up(
        self, state: Transcription, number: int, *, lost: bool, lifetime_ms: int
    ) -> None:
        """Fail the transcription, unless it has ended."""
        sentence = LOST_SENTENCE if lost else LIFETIME_SENTENCE.format(lifetime=span(lifetime_ms))
        reason: FailureReason = "lost" if lost else "deadline"
        await self._issuer.fail(state, number, reason=reason, sentence=sentence)

    async def _finish(
        self, state: Transcription, number: int, job: FetchedJob, wake: WakeReason
    ) -> None:
        if job.status == "completed":
            command = Complete(number=number, wake=wake, audio_ms=job.audio_ms, words=job.words)
            changed = await self._issuer.issue(command, state, dict.fromkeys(COMPLETED, job.raw))
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


def is_ours(job: FetchedJob, transcription_id: str, submission: int) -> bool:
    """Tell whether the provider says that this job was created with our registration.

    The MAC is not checked: only the provider, or who has its key, can create jobs under our
    account. Transcription and submission must be these.
    """
    try:
        registered = read_registration((job.webhook_url or "").rpartition("/")[2])
    except BadToken:
        return False
    return (registered.transcription_id, registered.submission) == (transcription_id, submission)
