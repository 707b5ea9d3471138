"""Choose which of a provider's jobs may belong to a claim of unknown outcome."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from stenolog.commands.transcription.state import Submission
from stenolog.errors import ProviderUnavailable
from stenolog.providers.port import JobPage, ListedJob
from stenolog.reconciler.shared_list import PAGES_MAX

CLOCK_SLACK_MS = 300_000  # how far the provider's clock may be behind ours
# DECISIONS 72: the claim is dated by our clock, the list by the provider's.
BEHIND_MS_MAX = 86_400_000  # a wrong time zone is less; what shows more is no clock
PAGES_BEYOND = 2  # read after the page on which the claim's time lies
EARLIER_MAX = 50  # jobs from before the claim, newest first, that are taken all the same
LOOK_MS_MAX = 600_000  # four claims are settled at a time, and others wait


async def candidates(
    pages: AsyncIterator[JobPage],
    submission: Submission,
    audio_url: str | None,
    now_ms: int,
    *,
    look_ms_max: int = LOOK_MS_MAX,
) -> Sequence[ListedJob]:
    """Choose from `pages` the jobs since the claim with its audio URL, and a few from before it.

    With `audio_url` None any job since the claim is listed, and none from before it.

    The claim's time is by our clock, the jobs' by the provider's. A difference that the provider's
    answers show is allowed for; in case it was set right meanwhile, the nearest jobs from before
    the claim are taken as well. A claim from before our clock was set back says nothing of when
    its job was created: then the newest 100,000 jobs are looked through, and count as all.

    Raises:
        ProviderUnavailable: There are more jobs since the claim than can be looked through, or
            the list took longer than `look_ms_max`.
    """
    try:
        async with asyncio.timeout(look_ms_max / 1000):
            return await _found(pages, submission, audio_url, now_ms)
    except TimeoutError as exc:
        raise ProviderUnavailable(f"the list took over {look_ms_max} ms") from exc


async def _found(
    pages: AsyncIterator[JobPage], submission: Submission, audio_url: str | None, now_ms: int
) -> Sequence[ListedJob]:
    dated = not submission.ahead_ms and submission.claimed_at_ms <= now_ms
    found: list[ListedJob] = []
    earlier: list[ListedJob] = []
    pages_beyond = 0
    async for page in pages:
        oldest_ms = oldest_of(page, submission.claimed_at_ms, now_ms) if dated else 0
        before = [job for job in page.jobs if (job.created_at_ms or now_ms) < oldest_ms]
        since = [job for job in page.jobs if (job.created_at_ms or now_ms) >= oldest_ms]
        found += [job for job in since if audio_url in {None, job.audio_url}]
        earlier += [job for job in before if job.audio_url == audio_url]
        pages_beyond += bool(before)
        if page.older is None or pages_beyond > PAGES_BEYOND:
            return [*found, *earlier[:EARLIER_MAX]]
    if not dated:
        return found
    raise ProviderUnavailable(f"more than {PAGES_MAX} pages of jobs since the claim")


def oldest_of(page: JobPage, claimed_at_ms: int, now_ms: int) -> int:
    """Return the earliest time that a job of this claim can have, by the provider's clock."""
    behind_ms = min(max(0, now_ms - (page.told_at_ms or now_ms)), BEHIND_MS_MAX)
    return claimed_at_ms - CLOCK_SLACK_MS - behind_ms
