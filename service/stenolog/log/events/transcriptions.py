"""What happens to a transcription as its customer knows it: request, outcome, erasure."""

from __future__ import annotations

from typing import Literal

from stenolog.log.event_data import Count, EventData, Id, SubmissionNumber
from stenolog.log.events.vocabulary import ProviderName, Region, Surface, WakeReason

FailureReason = Literal["provider", "refused", "deadline", "lost"]


class TranscriptionRequested(EventData):
    """A customer asked for a transcription; from here on it will be done or fail visibly."""

    type = "transcription.requested"
    public = True
    payload = "the request's JSON object, and what the native API adds to it"

    provider: ProviderName
    region: Region | None
    surface: Surface
    upload: Id | None


class TranscriptionCompleted(EventData):
    """The provider's result is here."""

    type = "transcription.completed"
    public = True
    payload = "the provider's answer, byte for byte"

    submission: SubmissionNumber
    reason: WakeReason
    audio_ms: Count | None
    words: Count


class TranscriptionFailed(EventData):
    """There will be no result."""

    type = "transcription.failed"
    public = True
    payload = "a JSON object: `error`, the sentence for the customer; `answer`, the provider's"

    submission: SubmissionNumber
    reason: FailureReason
    wake: WakeReason


class TranscriptionCompletedLate(EventData):
    """A result came although the transcription had been given up; it counts from here on."""

    type = "transcription.completed_late"
    public = True
    payload = "the provider's answer, byte for byte"

    submission: SubmissionNumber
    reason: WakeReason
    audio_ms: Count | None
    words: Count


class ErasureRequested(EventData):
    """A customer deleted the transcription; from here on nothing is sealed for its stream.

    Public, so that whoever keeps a copy hears that it must go.
    """

    type = "erasure.requested"
    public = True
    payload = ""

    surface: Surface


class ErasureCompleted(EventData):
    """Key, views and upload are gone here, and the jobs are gone at the provider."""

    type = "erasure.completed"
    public = True
    payload = ""

    jobs: Count


TRANSCRIPTION = "transcription-"
