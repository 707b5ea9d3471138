"""A transcription from its events: the one fold, pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypedDict

from stenolog.clock import microseconds
from stenolog.commands.transcription.state import Status, Submission, Transcription
from stenolog.log.catalogue import read_data
from stenolog.log.event import Event
from stenolog.log.event_data import EventData
from stenolog.log.events.callbacks import CallbackReceived
from stenolog.log.events.submissions import (
    SubmissionAbandoned,
    SubmissionAccepted,
    SubmissionClaimed,
    SubmissionFailed,
    SubmissionRefused,
    SubmissionRemoved,
    SubmissionSuperseded,
)
from stenolog.log.events.transcriptions import (
    ErasureCompleted,
    ErasureRequested,
    FailureReason,
    TranscriptionCompleted,
    TranscriptionCompletedLate,
    TranscriptionFailed,
    TranscriptionRequested,
)
from stenolog.log.events.vocabulary import ProviderName, Region


def fold(transcription_id: str, events: Iterable[Event]) -> Transcription:
    """The transcription after these events of its stream, from the first."""
    state = Transcription(id=transcription_id)
    for event in events:
        state = evolve(state, event)
    return state


def evolve(state: Transcription, event: Event) -> Transcription:
    """The transcription after one more event of its stream."""
    assert event.version == state.version + 1
    data = read_data(event.type, event.data)
    at_ms = microseconds(event.time) // 1000
    changed = _fields(state, event, data, at_ms)
    # Made anew once an event: every callback folds its stream.
    return replace(
        state, version=event.version, last_event_id=event.id, last_at_ms=at_ms, **changed
    )


class _Fields(TypedDict, total=False):
    tenant: str
    correlation_id: str
    request_position: int
    status: Status
    provider: ProviderName
    region: Region | None
    upload: str | None
    finished_by: int
    failure: FailureReason | None
    submissions: tuple[Submission, ...]
    callbacks: int
    erasure_position: int
    erased: bool


def _fields(state: Transcription, event: Event, data: EventData, at_ms: int) -> _Fields:
    """The fields that this event changes, beside those that every event does."""
    match data:
        case TranscriptionRequested():
            return {
                "tenant": event.tenant,
                "correlation_id": event.correlation_id,
                "request_position": event.position,
                "provider": data.provider,
                "region": data.region,
                "upload": data.upload,
            }
        case SubmissionClaimed():
            new = Submission(
                number=data.submission, claimed_at_ms=at_ms, claimed_position=event.position
            )
            return {"submissions": (*state.submissions, new)}
        case TranscriptionCompleted() | TranscriptionCompletedLate():
            return {"status": "completed", "finished_by": data.submission, "failure": None}
        case TranscriptionFailed():
            return {
                "status": "error",
                "finished_by": data.submission,
                "failure": data.reason,
            }
        case ErasureRequested():
            return {"erasure_position": event.position}
        case ErasureCompleted():
            return {"erased": True}
        case CallbackReceived():
            submissions = _submissions(state, data.submission, event, data, at_ms)
            return {"submissions": submissions, "callbacks": state.callbacks + 1}
        case SubmissionAccepted():
            submissions = _submissions(state, data.submission, event, data, at_ms)
            if state.terminal:
                return {"submissions": submissions}
            return {"submissions": submissions, "status": "processing"}
        case (
            SubmissionRefused()
            | SubmissionFailed()
            | SubmissionAbandoned()
            | SubmissionSuperseded()
            | SubmissionRemoved()
        ):
            return {"submissions": _submissions(state, data.submission, event, data, at_ms)}
        case _:
            return {}


def _submissions(
    state: Transcription, number: int, event: Event, data: EventData, at_ms: int
) -> tuple[Submission, ...]:
    return tuple(
        _changed(submission, event, data, at_ms) if submission.number == number else submission
        for submission in state.submissions
    )


def _changed(submission: Submission, event: Event, data: EventData, at_ms: int) -> Submission:
    match data:
        case SubmissionAccepted():
            return replace(
                submission,
                outcome="accepted",
                provider_job=data.provider_job,
                accepted_at_ms=at_ms,
                accepted_position=event.position,
            )
        case SubmissionRefused():
            return replace(
                submission,
                outcome="refused",
                refusal=data.reason,
                retry_at_ms=at_ms + (data.retry_in_ms or 0),
            )
        case SubmissionFailed():
            return replace(submission, outcome="failed", retry_at_ms=at_ms)
        case SubmissionAbandoned():
            return replace(submission, outcome="abandoned", abandonment=data.reason)
        case SubmissionSuperseded():
            return replace(submission, outcome="superseded")
        case SubmissionRemoved():
            return replace(submission, outcome="removed")
        case CallbackReceived():
            return replace(
                submission,
                called_back=submission.called_back | {data.kind},
                callback_job=submission.callback_job or data.provider_job,
            )
        case _:
            return submission
