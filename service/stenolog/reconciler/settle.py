"""Find a job whose creation was not confirmed, instead of paying for another one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from stenolog.clock import NowMs
from stenolog.commands.transcription.commands import AbandonSubmission, RecordSearch
from stenolog.commands.transcription.decide_jobs import duplicates_left, pages_until
from stenolog.commands.transcription.state import Page, Submission, Transcription
from stenolog.errors import ProviderError
from stenolog.reconciler.attempts import (
    Attempts,
    anew,
    looked_through,
    refute,
    swept,
    swept_unsure,
    unread,
)
from stenolog.reconciler.candidates import candidates
from stenolog.reconciler.clearing import settle_due_ms
from stenolog.reconciler.gates import Gates, ProviderRegion, provider_region
from stenolog.reconciler.issuing import CommandIssuer, failure
from stenolog.reconciler.owning import Owner
from stenolog.reconciler.reading import TranscriptionReader
from stenolog.reconciler.removing import Remover
from stenolog.reconciler.shared_list import SharedList
from stenolog.reconciler.timing import Timing

EMPTY_SWEEPS = 2  # lists in a row without the job; only then may the next submission be claimed
UNSURE_MAX = 8  # lists with candidates that could not be read, until they count all the same
QUESTIONS_MAX = 50  # candidates that are asked for in one go


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What one look at the list has shown; `whole`: all that may be the submission's was read."""

    ours: Sequence[str]
    whole: bool
    attempts: Attempts


class Metrics(Protocol):
    """Counts claims that cannot be settled."""

    def ambiguous(self) -> None:
        """Count a create of which nobody can tell whether it made a job."""
        ...


class Settler:
    """Settles claims of unknown outcome."""

    def __init__(
        self,
        gates: Gates,
        issuer: CommandIssuer,
        reader: TranscriptionReader,
        owner: Owner,
        remover: Remover,
        now_ms: NowMs,
        metrics: Metrics,
    ) -> None:
        self._gates = gates
        self._issuer = issuer
        self._reader = reader
        self._owner = owner
        self._remover = remover
        self._now_ms = now_ms
        self._metrics = metrics
        self._lists: dict[ProviderRegion, SharedList] = {}

    async def settle(
        self, state: Transcription, submission: Submission, attempts: Attempts, timing: Timing
    ) -> Attempts:
        """Adopt the claim's job, or note one more list without it; abandon it after the second.

        Where the provider has no list it is abandoned at once: nobody can tell.

        Raises:
            ProviderUnavailable: The list could not be read to the claim: nothing was learned.
        """
        number = submission.number
        if self._gates.is_gone(state):
            await self._remover.remove(state, number)
            return anew(attempts)
        if not self._gates.facts(state).lists:
            attempts = await self._abandon(state, number, attempts)
            self._metrics.ambiguous()
            return attempts
        look = await self._look(state, submission, attempts, timing)
        if look.ours:
            await self._take(state, number, look.ours, whole=look.whole)
            return anew(attempts, "start")
        if not look.whole:
            return look.attempts
        attempts = swept(look.attempts, self._now_ms())
        if attempts.sweeps < EMPTY_SWEEPS:
            return attempts
        return await self._abandon(state, number, attempts)

    async def search(
        self, state: Transcription, submission: Submission, attempts: Attempts, timing: Timing
    ) -> Attempts:
        """Record the other jobs of an adopted submission that the provider's list shows.

        Raises:
            ProviderUnavailable: The list could not be read to the claim: nothing was learned.
        """
        number = submission.number
        if not self._gates.is_gone(state) and self._gates.facts(state).lists:
            look = await self._look(state, submission, attempts, timing)
            await self._take_others(state, number, look.ours)
            if not look.whole:
                return look.attempts
            attempts = looked_through(look.attempts)
        await self._searched(state, number)
        return attempts

    async def claim_of(self, submission: Submission) -> Mapping[str, Any]:
        """Read the create body of a claim, as it was sent."""
        payload = await self._reader.payload_at(submission.claimed_position)
        body = json.loads(payload or b"{}")
        assert isinstance(body, dict)
        return body

    async def _abandon(self, state: Transcription, number: int, attempts: Attempts) -> Attempts:
        payloads, submission = dict[str, bytes](), state.submission(number)
        if submission is not None and submission.page is not None:
            sentence = pages_sentence(submission.page, pages_until(state, number))
            payloads = {"transcription.failed": failure(sentence)}
        command = AbandonSubmission(number=number, reason="not-listed")
        await self._issuer.issue(command, state, payloads)
        return anew(attempts)

    def _list_of(self, state: Transcription) -> SharedList:
        where = provider_region(state)
        if where not in self._lists:
            self._lists[where] = SharedList(self._gates.gate(state).provider, self._now_ms)
        return self._lists[where]

    async def _look(
        self, state: Transcription, submission: Submission, attempts: Attempts, timing: Timing
    ) -> _Look:
        """Look through the list once, and read what may be the submission's job."""
        number = submission.number
        possible = await self._possible(state, submission, attempts, timing)
        unasked = [job for job in possible if (number, job) not in attempts.unread]
        asked = rotated(unasked, attempts.failures)[:QUESTIONS_MAX]
        ours, denied = await self._find(state, number, asked)
        attempts = refute(attempts, number, denied)
        if len(unasked) > QUESTIONS_MAX:
            # The others come first, and this list counts once all were asked for.
            attempts = unread(attempts, number, set(asked).difference(denied))
            return _Look(ours=ours, whole=False, attempts=attempts)
        read = len(denied) + len(ours)
        if read < len(possible) and attempts.unsure < UNSURE_MAX:  # one of them may be ours
            attempts = swept_unsure(attempts, self._now_ms())
            return _Look(ours=ours, whole=False, attempts=attempts)
        return _Look(ours=ours, whole=True, attempts=attempts)

    async def _possible(
        self, state: Transcription, submission: Submission, attempts: Attempts, timing: Timing
    ) -> Sequence[str]:
        """Return the candidates that are not known, and that the provider has not denied yet."""
        audio_url = None  # unknown once erasure was requested: every job since is asked for
        if not state.erasing:
            audio_url = str((await self.claim_of(submission)).get("audio_url"))
        due_ms = settle_due_ms(submission, attempts, timing)
        pages = self._list_of(state).pages(not_before_ms=min(due_ms, self._now_ms()))
        listed = await candidates(pages, submission, audio_url, self._now_ms())
        number, known = submission.number, {one.provider_job for one in state.duplicates}
        if submission.accepted_position and not (state.erasing and not submission.provider_job):
            known.add(await self._reader.job_of(submission))
        others = (job.id for job in listed if job.id not in known)
        return [job for job in others if (number, job) not in attempts.refuted]

    async def _find(
        self, state: Transcription, number: int, jobs: Sequence[str]
    ) -> tuple[Sequence[str], Sequence[str]]:
        """Find the jobs that carry our token among these, and those that carry another.

        What the provider does not know is neither: it may only not know it yet.
        """
        ours, denied = list[str](), list[str]()
        for candidate in jobs:
            try:
                carries = await self._owner.carries_token(state, number, candidate)
            except ProviderError:
                if ours:  # another one that cannot be read now is no reason to leave it
                    break
                raise
            if carries is not None:
                (ours if carries else denied).append(candidate)
        return ours, denied

    async def _take(
        self, state: Transcription, number: int, jobs: Sequence[str], *, whole: bool
    ) -> None:
        """Adopt the first, or delete it when the transcription is to be erased; then the others.

        `whole`: all of the list was looked through, and no other needs to be looked for.

        What cannot be named as a duplicate is deleted before: as long as the claim is open, all
        of them are looked for again.
        """
        first, *others = jobs
        if state.erasing and self._gates.facts(state).deletes:
            await self._take_others(state, number, others)
            await self._remover.remove_job(await self._reader.again(state), number, first)
            return
        named = duplicates_left(state)
        for job in others[named:]:
            await self._owner.delete_unnamed(state, number, job)
        await self._owner.take(state, number, first)
        await self._take_others(state, number, others[:named])
        if whole:
            await self._searched(state, number)

    async def _take_others(self, state: Transcription, number: int, jobs: Sequence[str]) -> None:
        for job in jobs:
            await self._owner.take_duplicate(await self._reader.again(state), number, job)

    async def _searched(self, state: Transcription, number: int) -> None:
        await self._issuer.issue(RecordSearch(number=number), await self._reader.again(state))


def pages_sentence(page: Page, times: int) -> str:
    """Return what the customer is told when something in between keeps refusing the request."""
    return (
        f"The request to the provider, of {page.request_bytes} bytes, was refused {times} "
        f"times by something that is not the provider: status {page.status}, with "
        f"{page.answer_bytes} bytes that are not its words."
    )


def rotated(jobs: Sequence[str], by: int) -> Sequence[str]:
    """Begin elsewhere each time, so that one unreadable job does not block the rest."""
    first = by % len(jobs) if jobs else 0
    return [*jobs[first:], *jobs[:first]]
