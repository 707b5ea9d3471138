"""Finding a job that was created while we were not listening, instead of paying twice."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from stenolog.clock import NowMs
from stenolog.commands.transcription.commands import AbandonSubmission
from stenolog.commands.transcription.state import Submission, Transcription
from stenolog.errors import ProviderUnavailable
from stenolog.providers.paging import pages_of
from stenolog.providers.port import ListedJob, Provider
from stenolog.reconciler.fetching import Fetcher, is_ours
from stenolog.reconciler.plan import EMPTY_SWEEPS, Attempts, anew
from stenolog.reconciler.recording import Recorder

CLOCK_SLACK_MS = 300_000  # how far the provider's clock may be behind ours
BEHIND_MS_MAX = 86_400_000  # a wrong time zone is less; what shows more is no clock
PAGES_BEYOND = 2  # behind the page on which the claim's time lies
EARLIER_MAX = 50  # jobs from before the claim, newest first, that are taken all the same
PAGES_MAX = 500  # 100,000 jobs since the claim
QUESTIONS_MAX = 50  # jobs with the claim's audio URL that are asked for in one go


class Settler:
    """Settles claims of unknown outcome."""

    def __init__(self, recorder: Recorder, fetcher: Fetcher, now_ms: NowMs) -> None:
        self._recorder = recorder
        self._fetcher = fetcher
        self._now_ms = now_ms

    async def settle(
        self, state: Transcription, submission: Submission, attempts: Attempts
    ) -> Attempts:
        """The job is adopted, or not found once more; after the second time it is abandoned.

        Raises:
            ProviderUnavailable: The list could not be read to the claim: nothing was learned.
        """
        if self._recorder.is_gone(state):
            await self._fetcher.remove(state, submission.number)
            return anew(attempts)
        provider = self._recorder.gate(state).provider
        audio_url = None  # of an erased transcription nobody knows it: every job is asked for
        if not state.erasing:
            claim = await self.claim_of(submission)
            audio_url = str(claim.get("audio_url"))
        listed = await self.candidates(provider, submission, audio_url)
        number, refuted = submission.number, set(attempts.refuted)
        unasked = [job.id for job in listed if (number, job.id) not in refuted]
        for candidate in _turned(unasked, attempts.failures)[:QUESTIONS_MAX]:
            job = await provider.fetch(candidate)
            if job is not None and is_ours(job, state.id, number):
                if state.erasing:
                    await self._fetcher.remove_job(state, number, candidate)
                else:
                    await self._fetcher.adopt(state, number, candidate)
                return anew(attempts, "start")
            # Not known may mean not yet; of so many it would be asked for ever.
            if job is not None or len(unasked) > QUESTIONS_MAX:
                refuted.add((number, candidate))
        attempts = replace(attempts, refuted=frozenset(refuted), failures=0, retry_at_ms=0)
        if len(unasked) > QUESTIONS_MAX:
            return attempts  # the others have their turn before this sweep is over
        if attempts.sweeps + 1 < EMPTY_SWEEPS:
            return replace(attempts, sweeps=attempts.sweeps + 1, swept_at_ms=self._now_ms())
        await self._recorder.run(
            AbandonSubmission(number=submission.number, reason="not-listed"), state
        )
        return anew(attempts)

    async def claim_of(self, submission: Submission) -> Mapping[str, Any]:
        """The create body of a claim, as it was sent."""
        payload = await self._recorder.handler.payload_at(submission.claimed_position)
        body = json.loads(payload or b"{}")
        assert isinstance(body, dict)
        return body

    async def candidates(
        self, provider: Provider, submission: Submission, audio_url: str | None
    ) -> Sequence[ListedJob]:
        """The jobs since the claim that have its audio URL, or any, and a few from before it.

        The claim's time is by our clock, theirs by the provider's. A difference that its answers
        show counts; for one that is over, the nearest jobs from before are taken as well. A
        claim from before the clock was set back says nothing of when its job was created: then
        the newest 100,000 are looked through, and count as all.

        Raises:
            ProviderUnavailable: There are more jobs since the claim than can be looked through.
        """
        now_ms = self._now_ms()
        dated = not submission.ahead_ms and submission.claimed_at_ms <= now_ms
        found: list[ListedJob] = []
        earlier: list[ListedJob] = []
        pages_beyond = 0
        async for page in pages_of(provider, status=None, pages_max=PAGES_MAX):
            behind_ms = min(max(0, now_ms - (page.told_at_ms or now_ms)), BEHIND_MS_MAX)
            oldest_ms = submission.claimed_at_ms - CLOCK_SLACK_MS - behind_ms if dated else 0
            since = [job for job in page.jobs if (job.created_at_ms or now_ms) >= oldest_ms]
            found += [job for job in since if audio_url in {None, job.audio_url}]
            if len(since) < len(page.jobs):
                earlier += [j for j in page.jobs if j not in since and j.audio_url == audio_url]
                pages_beyond += 1
            if page.older is None or pages_beyond > PAGES_BEYOND:
                return [*found, *earlier[:EARLIER_MAX]]
        if not dated:
            return found
        raise ProviderUnavailable(f"more than {PAGES_MAX} pages of jobs since the claim")


def _turned(jobs: Sequence[str], by: int) -> Sequence[str]:
    """The same in another order each time: one that cannot be read does not hide those behind."""
    first = by % len(jobs) if jobs else 0
    return [*jobs[first:], *jobs[:first]]
