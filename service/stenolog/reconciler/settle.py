"""Find a job whose creation was not confirmed, instead of paying for another one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from stenolog.clock import NowMs
from stenolog.commands.transcription.commands import AbandonSubmission
from stenolog.commands.transcription.state import Submission, Transcription
from stenolog.reconciler.attempts import Attempts, anew, refute, swept
from stenolog.reconciler.candidates import candidates
from stenolog.reconciler.fetching import Fetcher, is_ours
from stenolog.reconciler.gates import Gates
from stenolog.reconciler.issuing import CommandIssuer
from stenolog.reconciler.reading import TranscriptionReader

EMPTY_SWEEPS = 2  # lists in a row without the job; only then may the next submission be claimed
QUESTIONS_MAX = 50  # candidates that are asked for in one go


class Settler:
    """Settles claims of unknown outcome."""

    def __init__(
        self,
        gates: Gates,
        issuer: CommandIssuer,
        reader: TranscriptionReader,
        fetcher: Fetcher,
        now_ms: NowMs,
    ) -> None:
        self._gates = gates
        self._issuer = issuer
        self._reader = reader
        self._fetcher = fetcher
        self._now_ms = now_ms

    async def settle(
        self, state: Transcription, submission: Submission, attempts: Attempts
    ) -> Attempts:
        """Adopt the claim's job, or note one more list without it; abandon it after the second.

        Where the provider has no list it is abandoned at once: nobody can tell.

        Raises:
            ProviderUnavailable: The list could not be read to the claim: nothing was learned.
        """
        number = submission.number
        if self._gates.is_gone(state):
            await self._fetcher.remove(state, number)
            return anew(attempts)
        if not self._gates.facts(state).lists:
            return await self._abandon(state, number, attempts)
        unasked = await self._unasked(state, submission, attempts)
        asked = rotated(unasked, attempts.failures)[:QUESTIONS_MAX]
        job, denied = await self._find(state, number, asked)
        if job is not None:
            await self._take(state, number, job)
            return anew(attempts, "start")
        if len(unasked) > QUESTIONS_MAX:
            # What is not known now is not asked for again: the others come first, and this list
            # counts once all were asked for.
            return refute(attempts, number, asked)
        attempts = swept(refute(attempts, number, denied), self._now_ms())
        if attempts.sweeps < EMPTY_SWEEPS:
            return attempts
        return await self._abandon(state, number, attempts)

    async def claim_of(self, submission: Submission) -> Mapping[str, Any]:
        """Read the create body of a claim, as it was sent."""
        payload = await self._reader.payload_at(submission.claimed_position)
        body = json.loads(payload or b"{}")
        assert isinstance(body, dict)
        return body

    async def _abandon(self, state: Transcription, number: int, attempts: Attempts) -> Attempts:
        await self._issuer.issue(AbandonSubmission(number=number, reason="not-listed"), state)
        return anew(attempts)

    async def _unasked(
        self, state: Transcription, submission: Submission, attempts: Attempts
    ) -> Sequence[str]:
        """Return the candidates that the provider has not denied yet."""
        audio_url = None  # unknown once erasure was requested: every job since is asked for
        if not state.erasing:
            audio_url = str((await self.claim_of(submission)).get("audio_url"))
        provider = self._gates.gate(state).provider
        listed = await candidates(provider, submission, audio_url, self._now_ms())
        # A callback may name its job before the provider's reads know it, and it is denied then:
        # once it is listed it is asked for again, or it would be paid for twice.
        denied = attempts.refuted - {(submission.number, submission.callback_job)}
        return [job.id for job in listed if (submission.number, job.id) not in denied]

    async def _find(
        self, state: Transcription, number: int, jobs: Sequence[str]
    ) -> tuple[str | None, Sequence[str]]:
        """Find the job that carries our token among these, and those that carry another.

        What the provider does not know is neither: it may only not know it yet.
        """
        denied: list[str] = []
        for candidate in jobs:
            ours = await self._carries_our_token(state, number, candidate)
            if ours:
                return candidate, denied
            if ours is not None:
                denied.append(candidate)
        return None, denied

    async def _carries_our_token(
        self, state: Transcription, number: int, candidate: str
    ) -> bool | None:
        """Say whether the job is ours; None: the provider does not know it.

        Its answer is let go of here: kept while the next one is fetched, it would hold the bytes
        that the next one waits for.
        """
        job = await self._gates.gate(state).provider.fetch(candidate)
        return None if job is None else is_ours(job, state.id, number)

    async def _take(self, state: Transcription, number: int, job: str) -> None:
        """Adopt the job, or delete it when the transcription is to be erased."""
        if state.erasing and self._gates.facts(state).deletes:
            await self._fetcher.remove_job(state, number, job)
        else:
            await self._fetcher.adopt(state, number, job)


def rotated(jobs: Sequence[str], by: int) -> Sequence[str]:
    """Begin elsewhere each time, so that one unreadable job does not block the rest."""
    first = by % len(jobs) if jobs else 0
    return [*jobs[first:], *jobs[:first]]
