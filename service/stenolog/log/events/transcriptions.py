"""Declare the events of a transcription that its customer sees: request, outcome, erasure."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from pydantic import Field

from stenolog.log.event_data import Count, EventData, Id, SubmissionNumber
from stenolog.log.events.vocabulary import Fallback, ProviderName, Region, Surface, WakeReason
from stenolog.log.open_work import ERASURE, NO_WORK, OpenWork

FailureReason = Literal["provider", "refused", "deadline", "lost", "unmet"]
"""`unmet`: the job completed, and a condition of the request, computed here, is not met."""


class TranscriptionRequested(EventData):
    """A customer asked for a transcription; from now on it completes or fails visibly.

    `fallbacks` are asked in their order where the provider before has no job and takes none; each
    provider is named once.
    """

    type = "transcription.requested"
    public = True
    payload = "the request's JSON object, and what the native API adds to it"
    opens_stream = True

    provider: ProviderName
    region: Region | None
    surface: Surface
    upload: Id | None
    fallbacks: list[Fallback] = Field(default_factory=list)

    def work_after(self, before: OpenWork) -> OpenWork:
        """Return it with an outcome owed."""
        return replace(before, outcome_owed=True, urgent=True)


class TranscriptionCompleted(EventData):
    """The provider's result was fetched.

    `enriched`: the event before it in the stream is `transcript.enriched`, and belongs to it.
    `provider` is whose, where that is a fallback; null: the one that the request named.
    """

    type = "transcription.completed"
    public = True
    payload = "the provider's answer, byte for byte"

    submission: SubmissionNumber
    reason: WakeReason
    audio_ms: Count | None
    words: Count
    enriched: bool = False
    provider: ProviderName | None = None

    def work_after(self, before: OpenWork) -> OpenWork:
        """Return what is left to do once there is a result: other jobs of the same audio."""
        return before.ended().settled(self.submission)


class TranscriptionFailed(EventData):
    """The transcription ended without a result; `provider` as in `transcription.completed`."""

    type = "transcription.failed"
    public = True
    payload = "a JSON object: `error`, the sentence for the customer; `answer`, the provider's"

    submission: SubmissionNumber
    reason: FailureReason
    wake: WakeReason
    provider: ProviderName | None = None

    def work_after(self, before: OpenWork) -> OpenWork:
        """Return what is left to do: after a deadline the provider may bring a result yet."""
        if self.reason == "deadline":
            return before.ended().with_job(self.submission, urgent=before.urgent)
        return before.ended().settled(self.submission)


class TranscriptionCompletedLate(EventData):
    """A result came after the transcription had been given up; it replaces the failure.

    `enriched` is as in `transcription.completed`.
    `provider` as in `transcription.completed`.
    """

    type = "transcription.completed_late"
    public = True
    payload = "the provider's answer, byte for byte"

    submission: SubmissionNumber
    reason: WakeReason
    audio_ms: Count | None
    words: Count
    enriched: bool = False
    provider: ProviderName | None = None

    def work_after(self, before: OpenWork) -> OpenWork:
        """Return what is left to do once there is a result: other jobs of the same audio."""
        return before.ended().settled(self.submission)


class ErasureRequested(EventData):
    """A customer deleted the transcription; from now on nothing is sealed for its stream.

    It is public, so that everyone who keeps a copy learns that it must be deleted. `erasure` is the
    id of the erasure that was ordered; null: the transcription alone was deleted.
    """

    type = "erasure.requested"
    public = True
    payload = ""

    surface: Surface
    erasure: Id | None = None

    def work_after(self, before: OpenWork) -> OpenWork:
        """Return it with an erasure owed, and no outcome any more."""
        return before.ended().with_job(ERASURE, urgent=True)


class ErasureCompleted(EventData):
    """Key, views and upload are gone here, and the jobs are gone at the provider.

    `jobs` is how many; the others say of how many of them it is known in which way, as
    `submission.removed` does.
    """

    type = "erasure.completed"
    public = True
    payload = ""

    jobs: Count
    deleted: Count
    unknown: Count
    expired: Count
    ended: Count

    def work_after(self, before: OpenWork) -> OpenWork:
        """Return nothing, but that a job may turn up which nobody knew of."""
        return replace(NO_WORK, jobless=before.jobless)


TRANSCRIPTION = "transcription-"
