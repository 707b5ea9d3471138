"""Declare the events between us and a provider: every attempt to get a job."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from stenolog.log.event_data import Count, EventData, ProviderJob, SubmissionNumber
from stenolog.log.events.vocabulary import WakeReason
from stenolog.log.open_work import OpenWork

RefusalReason = Literal[
    "invalid", "credentials", "not-found", "setting", "throttled", "unavailable"
]
"""`setting`: what was refused held a value of the operator's, and is tried once more without."""
AbandonReason = Literal["not-listed", "forgotten"]
RetryableFailure = Literal["server-error", "download-server-error"]


class SubmissionClaimed(EventData):
    """We are about to ask the provider; written before the call, so that no job is paid twice."""

    type = "submission.claimed"
    public = False
    payload = "the exact body of the create request"

    submission: SubmissionNumber
    kid: Count

    def work_after(self, before: OpenWork) -> OpenWork:
        """Return it with a job that may be there."""
        return before.with_job(self.submission, urgent=True)


class SubmissionAccepted(EventData):
    """The provider has a job for this submission."""

    type = "submission.accepted"
    public = False
    payload = "a JSON object with `provider_job`, when `data` cannot hold it"

    submission: SubmissionNumber
    provider_job: ProviderJob | None
    adopted: bool

    def work_after(self, before: OpenWork) -> OpenWork:
        """Return it with a job; nothing is urgent while it runs."""
        return before.with_job(self.submission, urgent=False)


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


class SubmissionSuperseded(EventData):
    """Another submission finished first; this one's job is to be deleted at the provider."""

    type = "submission.superseded"
    public = False
    payload = ""

    submission: SubmissionNumber


class SubmissionRemoved(EventData):
    """The job is gone at the provider: it was superseded, or its transcription is erased."""

    type = "submission.removed"
    public = False
    payload = ""

    submission: SubmissionNumber

    def work_after(self, before: OpenWork) -> OpenWork:
        """Return it without this loose end."""
        return before.settled(self.submission)
