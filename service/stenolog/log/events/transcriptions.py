"""Declare the events of a transcription that its customer sees: request, outcome, erasure."""

from __future__ import annotations

from typing import Literal

from stenolog.log.event_data import Count, EventData, Id, SubmissionNumber
from stenolog.log.events.vocabulary import ProviderName, Region, Surface, WakeReason

FailureReason = Literal["provider", "refused", "deadline", "lost"]


class TranscriptionRequested(EventData):
    """A customer asked for a transcription; from now on it completes or fails visibly."""

    type = "transcription.requested"
    public = True
    payload = "the request's JSON object, and what the native API adds to it"

    provider: ProviderName
    region: Region | None
    surface: Surface
    upload: Id | None


class TranscriptionCompleted(EventData):
    """The provider's result was fetched."""

    type = "transcription.completed"
    public = True
    payload = "the provider's answer, byte for byte"

    submission: SubmissionNumber
    reason: WakeReason
    audio_ms: Count | None
    words: Count


class TranscriptionFailed(EventData):
    """The transcription ended without a result."""

    type = "transcription.failed"
    public = True
    payload = "a JSON object: `error`, the sentence for the customer; `answer`, the provider's"

    submission: SubmissionNumber
    reason: FailureReason
    wake: WakeReason


class TranscriptionCompletedLate(EventData):
    """A result came after the transcription had been given up; it replaces the failure."""

    type = "transcription.completed_late"
    public = True
    payload = "the provider's answer, byte for byte"

    submission: SubmissionNumber
    reason: WakeReason
    audio_ms: Count | None
    words: Count


class ErasureRequested(EventData):
    """A customer deleted the transcription; from now on nothing is sealed for its stream.

    It is public, so that everyone who keeps a copy learns that it must be deleted.
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
