"""Declare the events between us and a provider: every attempt to get a job."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from stenolog.log.event_data import Count, EventData, HttpStatus, ProviderJob, SubmissionNumber
from stenolog.log.events.vocabulary import ProviderName, WakeReason
from stenolog.log.open_work import OpenWork

RefusalReason = Literal[
    "invalid", "credentials", "not-found", "setting", "throttled", "unavailable"
]
"""`setting`: what was refused held a value of the operator's, and is tried once more without."""
AbandonReason = Literal["not-listed", "forgotten", "restarted"]
"""How we know that there is no job: two lists did not show it; the provider says twice that it
knows no such job; it was started anew, and its jobs do not outlive it."""
RemovalProof = Literal["deleted", "unknown", "expired", "ended"]
"""How we know that a job is gone: the provider deleted it and answered with what is left of it; it
says of itself, to a DELETE and to a GET, that it knows no such job; it keeps no job for so long; it
has ended, and its jobs with it."""
RetryableFailure = Literal["server-error", "download-server-error"]


class SubmissionClaimed(EventData):
    """We are about to ask the provider; written before the call, so that no job is paid twice.

    `provider` is who is asked, where that is a fallback; null: the one that the request named.
    """

    type = "submission.claimed"
    public = False
    payload = "the exact body of the create request; none when nobody is asked"
    payload_is = "optional"

    submission: SubmissionNumber
    kid: Count
    provider: ProviderName | None = None

    def work_after(self, before: OpenWork) -> OpenWork:
        """Return it with a job that may be there."""
        return before.with_job(self.submission, urgent=True)


class SubmissionAccepted(EventData):
    """The provider has a job for this submission."""

    type = "submission.accepted"
    public = False
    payload = "a JSON object with `provider_job`, when `data` cannot hold it"
    payload_is = "without a job"

    submission: SubmissionNumber
    provider_job: ProviderJob | None
    adopted: bool

    def work_after(self, before: OpenWork) -> OpenWork:
        """Return it with a job; nothing is urgent while it runs."""
        after = before.with_job(self.submission, urgent=False)
        return after.with_search(self.submission) if self.adopted else after


class SubmissionRefused(EventData):
    """The provider said no, or was certainly not reached: this submission made no job."""

    type = "submission.refused"
    public = False
    payload = ""

    submission: SubmissionNumber
    status: Count
    reason: RefusalReason
    retry_in_ms: Count | None

    def work_after(self, before: OpenWork) -> OpenWork:
        """Return it without a job of this submission."""
        return before.without_job(self.submission)


class SubmissionFailed(EventData):
    """The provider's job ended in a server error of its own; the audio is submitted again."""

    type = "submission.failed"
    public = False
    payload = "a JSON object: `error`, the provider's sentence; `answer`, the provider's"

    submission: SubmissionNumber
    kind: RetryableFailure
    wake: WakeReason

    def work_after(self, before: OpenWork) -> OpenWork:
        """Return it with another submission owed."""
        return replace(before.settled(self.submission), urgent=before.outcome_owed)


class SubmissionUnanswered(EventData):
    """The create was answered by something that is not the provider: its outcome is unknown."""

    type = "submission.unanswered"
    public = False
    payload = ""

    submission: SubmissionNumber
    status: HttpStatus
    request_bytes: Count
    answer_bytes: Count


class SubmissionAbandoned(EventData):
    """The provider has no job for it: never listed after an unknown outcome, or lost since."""

    type = "submission.abandoned"
    public = False
    payload = ""

    submission: SubmissionNumber
    reason: AbandonReason

    def work_after(self, before: OpenWork) -> OpenWork:
        """Return it without a job of this submission."""
        return before.without_job(self.submission)


class SubmissionDelayed(EventData):
    """Half of the time has passed within which the job's result can be fetched, and it runs."""

    type = "submission.delayed"
    public = False
    payload = ""

    submission: SubmissionNumber


class SubmissionSuperseded(EventData):
    """Another submission finished first; this one's job is to be deleted at the provider."""

    type = "submission.superseded"
    public = False
    payload = ""

    submission: SubmissionNumber


class SubmissionDuplicated(EventData):
    """The submission has another job at the provider, which is superseded, and to be deleted.

    `duplicate` counts those of the transcription from 1.
    """

    type = "submission.duplicated"
    public = False
    payload = "a JSON object with `provider_job`, when `data` cannot hold it"
    payload_is = "without a job"

    submission: SubmissionNumber
    duplicate: SubmissionNumber
    provider_job: ProviderJob | None

    def work_after(self, before: OpenWork) -> OpenWork:
        """Return it with a job that is to be deleted."""
        return before.with_duplicate(self.duplicate)


class SubmissionSearched(EventData):
    """The provider's list was looked through for other jobs of an adopted submission.

    Each that carries its token is `submission.duplicated` by then. Where the provider has no list,
    or is no more, there is nothing to look through.
    """

    type = "submission.searched"
    public = False
    payload = ""

    submission: SubmissionNumber

    def work_after(self, before: OpenWork) -> OpenWork:
        """Return it without this loose end."""
        return before.without_search(self.submission)


class SubmissionRemoved(EventData):
    """A job is gone at the provider: it was superseded, or its transcription is erased.

    `duplicate`: it was that one; None: it was the submission's own.
    """

    type = "submission.removed"
    public = False
    payload = ""

    submission: SubmissionNumber
    duplicate: SubmissionNumber | None
    known: RemovalProof

    def work_after(self, before: OpenWork) -> OpenWork:
        """Return it without this loose end."""
        if self.duplicate is not None:
            return before.without_duplicate(self.duplicate)
        return before.settled(self.submission)
