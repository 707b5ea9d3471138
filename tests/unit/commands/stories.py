"""Streams of one transcription, told event by event without a store."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from stenolog.clock import rfc3339
from stenolog.commands.transcription.fold import evolve
from stenolog.commands.transcription.state import Transcription, stream_of
from stenolog.log.event import Event
from stenolog.log.event_data import EventData
from stenolog.log.events.callbacks import CallbackKind, CallbackReceived
from stenolog.log.events.submissions import (
    AbandonReason,
    RefusalReason,
    RetryableFailure,
    SubmissionAbandoned,
    SubmissionAccepted,
    SubmissionClaimed,
    SubmissionFailed,
    SubmissionRefused,
    SubmissionRemoved,
    SubmissionSuperseded,
    SubmissionUnanswered,
)
from stenolog.log.events.transcriptions import (
    FailureReason,
    TranscriptionCompleted,
    TranscriptionCompletedLate,
    TranscriptionFailed,
    TranscriptionRequested,
)

ID = "11111111-2222-4333-8444-555555555555"
TENANT = "aaaaaaaa-2222-4333-8444-555555555555"
START_MS = 1_800_000_000_000

REQUESTED = TranscriptionRequested(provider="assemblyai", region="us", surface="v2", upload=None)


def claimed(number: int = 1) -> SubmissionClaimed:
    return SubmissionClaimed(submission=number, kid=1)


def accepted(number: int = 1, job: str | None = "job-1", adopted: bool = False) -> EventData:
    return SubmissionAccepted(submission=number, provider_job=job, adopted=adopted)


def refused(
    number: int = 1, retry_in_ms: int | None = None, reason: RefusalReason = "unavailable"
) -> EventData:
    return SubmissionRefused(submission=number, status=503, reason=reason, retry_in_ms=retry_in_ms)


def server_error(number: int = 1, kind: RetryableFailure = "server-error") -> EventData:
    return SubmissionFailed(submission=number, kind=kind, wake="callback")


def abandoned(number: int = 1, reason: AbandonReason = "not-listed") -> EventData:
    return SubmissionAbandoned(submission=number, reason=reason)


def unanswered(number: int = 1, status: int = 413) -> EventData:
    return SubmissionUnanswered(
        submission=number, status=status, request_bytes=300, answer_bytes=100
    )


def superseded(number: int = 1) -> EventData:
    return SubmissionSuperseded(submission=number)


def removed(number: int = 1) -> EventData:
    return SubmissionRemoved(submission=number, duplicate=None, known="deleted")


def called(
    number: int = 1, kind: CallbackKind = "completed", job: str | None = "job-1"
) -> EventData:
    return CallbackReceived(submission=number, kid=1, kind=kind, provider_job=job, body_bytes=60)


def completed(number: int = 1) -> EventData:
    return TranscriptionCompleted(submission=number, reason="callback", audio_ms=1_000, words=3)


def completed_late(number: int = 1) -> EventData:
    return TranscriptionCompletedLate(submission=number, reason="callback", audio_ms=1_000, words=3)


def failed(number: int = 1, reason: FailureReason = "provider") -> EventData:
    return TranscriptionFailed(submission=number, reason=reason, wake="callback")


def told(*facts: EventData, every_ms: int = 0) -> Transcription:
    """The transcription after these, the first at `START_MS`, the others `every_ms` apart."""
    return after(Transcription(id=ID), facts, START_MS, every_ms)


def after(
    state: Transcription, facts: Iterable[EventData], at_ms: int, every_ms: int = 0
) -> Transcription:
    """The transcription after more facts."""
    for number, data in enumerate(facts):
        version = state.version + 1
        event = Event(
            position=version,
            id=str(uuid.UUID(int=version)),
            stream=stream_of(ID),
            version=version,
            previous=version - 1,
            sequence=0,
            type=data.type,
            time=rfc3339((at_ms + number * every_ms) * 1_000),
            tenant=TENANT,
            actor=TENANT,
            correlation_id=TENANT,
            causation_id=None,
            data=data.model_dump(),
            commitment=None,
        )
        state = evolve(state, event)
    return state
