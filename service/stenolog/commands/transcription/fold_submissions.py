"""Fold one more event into what is known of a transcription's submissions and their jobs. Pure."""

from __future__ import annotations

from dataclasses import replace

from stenolog.commands.transcription.state import Duplicate, Page, Submission, Transcription
from stenolog.log.event import Event
from stenolog.log.event_data import EventData
from stenolog.log.events.callbacks import CallbackReceived, CallbackUnmatched
from stenolog.log.events.submissions import (
    SubmissionAbandoned,
    SubmissionAccepted,
    SubmissionDelayed,
    SubmissionDuplicated,
    SubmissionFailed,
    SubmissionRefused,
    SubmissionRemoved,
    SubmissionSearched,
    SubmissionSuperseded,
    SubmissionUnanswered,
)

CALLBACK_JOBS_MAX = 8  # of one submission, those that were named first


def submissions_after(
    state: Transcription, number: int, event: Event, data: EventData, at_ms: int
) -> tuple[Submission, ...]:
    """Return the submissions after an event about the one with this number."""
    return tuple(
        _changed(state, one, event, data, at_ms) if one.number == number else one
        for one in state.submissions
    )


def duplicates_with(
    state: Transcription, event: Event, data: SubmissionDuplicated, at_ms: int
) -> tuple[Duplicate, ...]:
    """Return the duplicates with one more."""
    new = Duplicate(
        number=data.duplicate,
        submission=data.submission,
        provider_job=data.provider_job,
        position=event.position,
        at_ms=at_ms,
    )
    return (*state.duplicates, new)


def duplicates_after(state: Transcription, data: SubmissionRemoved) -> tuple[Duplicate, ...]:
    """Return the duplicates once one of them is gone."""
    return tuple(
        replace(one, removal=data.known) if one.number == data.duplicate else one
        for one in state.duplicates
    )


def _changed(
    state: Transcription, submission: Submission, event: Event, data: EventData, at_ms: int
) -> Submission:
    match data:
        case SubmissionAccepted():
            return replace(
                submission,
                outcome="accepted",
                provider_job=data.provider_job,
                accepted_at_ms=at_ms,
                accepted_position=event.position,
                accepted_at=event.time,
                search_owed=data.adopted,
            )
        case SubmissionRefused():
            return replace(
                submission,
                outcome="refused",
                refusal=data.reason,
                retry_at_ms=at_ms + (data.retry_in_ms or 0),
            )
        case SubmissionFailed():
            own = data.kind == "server-error"
            return replace(submission, outcome="failed", own_fault=own, retry_at_ms=at_ms)
        case SubmissionAbandoned():
            return replace(submission, outcome="abandoned", abandonment=data.reason)
        case SubmissionSuperseded():
            return replace(submission, outcome="superseded")
        case SubmissionSearched():
            return replace(submission, search_owed=False)
        case SubmissionRemoved():
            return replace(submission, outcome="removed", removal=data.known)
        case SubmissionUnanswered():
            return replace(
                submission,
                page=Page(
                    status=data.status,
                    request_bytes=data.request_bytes,
                    answer_bytes=data.answer_bytes,
                ),
            )
        case CallbackReceived():
            return replace(
                submission,
                called_back=submission.called_back | {data.kind},
                callback_jobs=_named(submission.callback_jobs, data.provider_job),
                called_back_at=submission.called_back_at or _heard(state, event, data),
            )
        case SubmissionDelayed():
            return replace(submission, delayed=True)
        case CallbackUnmatched():
            return replace(submission, unmatched=submission.unmatched | {data.kind})
        case _:
            return submission


def _named(before: tuple[str, ...], job: str | None) -> tuple[str, ...]:
    """Return the jobs that callbacks have named, with one more."""
    if job is None or job in before or len(before) >= CALLBACK_JOBS_MAX:
        return before
    return (*before, job)


def _heard(state: Transcription, event: Event, data: CallbackReceived) -> str | None:
    """Return the time of a callback that is about the transcript and comes before the end."""
    return None if state.terminal or data.kind == "redacted_audio" else event.time
