"""Find out which jobs are a submission's: one is adopted, others are to be deleted."""

from __future__ import annotations

import json
from typing import Protocol

import structlog

from stenolog.clock import NowMs
from stenolog.commands.transcription.commands import RecordDuplicate
from stenolog.commands.transcription.decide_jobs import duplicates_left
from stenolog.commands.transcription.state import Transcription
from stenolog.errors import ProviderRefused
from stenolog.log.event_data import is_provider_job
from stenolog.providers.port import FetchedJob, UnknownJob
from stenolog.reconciler.attempts import Attempts, anew, not_confirmed, refute
from stenolog.reconciler.evidence import Evidence, is_ours
from stenolog.reconciler.gates import Gates
from stenolog.reconciler.issuing import CommandIssuer
from stenolog.reconciler.reading import TranscriptionReader
from stenolog.reconciler.removing import Remover
from stenolog.reconciler.submitting import Submitter

ADOPTING = ("unknown", "refused", "abandoned")  # outcomes after which a job turns up

log = structlog.get_logger()


class Metrics(Protocol):
    """Counts adopted jobs."""

    def adopted(self) -> None:
        """Count a job that was paid for without our knowing, and was found."""
        ...


class Owner:
    """Asks for jobs that may be a submission's, and records those that are."""

    def __init__(
        self,
        gates: Gates,
        issuer: CommandIssuer,
        reader: TranscriptionReader,
        submitter: Submitter,
        remover: Remover,
        evidence: Evidence,
        metrics: Metrics,
        now_ms: NowMs,
    ) -> None:
        self._gates = gates
        self._issuer = issuer
        self._reader = reader
        self._submitter = submitter
        self._remover = remover
        self._evidence = evidence
        self._metrics = metrics
        self._now_ms = now_ms

    async def confirm(
        self, state: Transcription, number: int, job: str, attempts: Attempts
    ) -> Attempts:
        """Take the job that a callback named, if the provider says that it carries our token.

        Only one that was read and carries another is refuted. What the provider does not know, or
        refuses to look up, is asked for again later, and looked for in its list.
        """
        ours = await self.carries_token(state, number, job)
        if ours is None:
            return not_confirmed(attempts, number, job, self._now_ms())
        if not ours:
            return refute(attempts, number, [job])
        if await self.take(state, number, job):
            return anew(attempts, "callback")
        return not_confirmed(attempts, number, job, self._now_ms())  # known, or gone unnamed

    async def carries_token(self, state: Transcription, number: int, job: str) -> bool | None:
        """Tell whether the job is the submission's; None: it is not known there, or not yet.

        The answer is let go of here: kept while the next one is fetched, it would hold the bytes
        that the next one waits for.
        """
        try:
            found = await self._gates.gate(state).provider.fetch(job)
        except ProviderRefused as exc:
            if not exc.final:
                raise
            return None
        if isinstance(found, UnknownJob):
            return False if found.of_earlier_start else None
        return self._is_of(state, number, found)

    def _is_of(self, state: Transcription, number: int, found: FetchedJob) -> bool:
        ours, submission = is_ours(found, state.id, number), state.submission(number)
        if ours and submission is not None:
            self._evidence.saw(state, submission, found.id)
        return ours

    async def take(self, state: Transcription, number: int, job: str) -> bool:
        """Record a job of the submission: its own, or, where it has one, one to be deleted.

        Returns whether that changed anything.
        """
        if state.outcome_of(number) not in ADOPTING:
            return await self.take_duplicate(state, number, job)
        adopted = await self._submitter.accept(state, number, job, adopted=True)
        if adopted:
            self._metrics.adopted()
        return adopted

    async def take_duplicate(self, state: Transcription, number: int, job: str) -> bool:
        """Record that the submission has this job, too; it is deleted from then on.

        One that the log cannot name is deleted now: nobody would look for it later, and
        `erasure.completed` speaks of all jobs. Returns whether it was recorded.

        Raises:
            ProviderUnavailable: It cannot be named, and is not known to be gone.
        """
        if await self._is_known(state, number, job):
            return False
        plain = is_provider_job(job)
        if not duplicates_left(state, sealed=not plain):
            await self.delete_unnamed(state, number, job)
            return False
        command = RecordDuplicate(number=number, provider_job=job if plain else None)
        payload = json.dumps({"provider_job": job}).encode()
        payloads = {} if plain else {"submission.duplicated": payload}
        changed = await self._issuer.issue(command, state, payloads)
        if changed:
            log.warning(
                "submission.duplicated",
                submission=number,
                advice="the provider has two jobs for one create; the other one is deleted there",
            )
        return changed

    async def _is_known(self, state: Transcription, number: int, job: str) -> bool:
        """Tell whether the job is the submission's own, or a duplicate that is recorded."""
        own = state.submission(number)
        named = own is not None and own.accepted_position and own.outcome != "removed"
        if own is not None and named and await self._reader.job_of(own) == job:
            return True
        for known in state.duplicates:
            if known.provider_job is None and known.removal is not None:
                continue  # with the key its name may be gone; so is the job
            if await self._reader.handle_of(known.provider_job, known.position) == job:
                return True
        return False

    async def delete_unnamed(self, state: Transcription, number: int, job: str) -> None:
        """Delete a job of the submission of which nothing is recorded.

        Raises:
            ProviderUnavailable: It is not known to be gone.
        """
        proof = await self._remover.delete(state, job)
        log.warning(
            "submission.duplicate_unnamed",
            submission=number,
            known=proof,
            advice="none is needed: the job is gone at the provider, and no event counts it",
        )
