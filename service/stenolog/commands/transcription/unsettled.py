"""Find the submissions of a transcription that the provider may still have a job for. Pure."""

from __future__ import annotations

from stenolog.commands.transcription.state import Transcription
from stenolog.log.event_data import EventData
from stenolog.log.events.callbacks import CallbackReceived
from stenolog.log.events.submissions import (
    SubmissionAbandoned,
    SubmissionAccepted,
    SubmissionClaimed,
    SubmissionFailed,
    SubmissionRefused,
    SubmissionRemoved,
)
from stenolog.log.events.transcriptions import (
    ErasureCompleted,
    ErasureRequested,
    TranscriptionCompleted,
    TranscriptionCompletedLate,
    TranscriptionFailed,
)

ERASURE = 0  # among the numbers of submissions: the erasure is not completed


def unsettled_after(state: Transcription, data: EventData) -> frozenset[int]:
    """Return the numbers that are unsettled after one more event; `state` is the one before it."""
    numbers = state.unsettled
    match data:
        case ErasureRequested():
            return numbers | {ERASURE}
        case ErasureCompleted():
            return frozenset()
        case TranscriptionFailed(reason="deadline", submission=number):
            return numbers | {number}  # the provider may bring a result of it yet
        case SubmissionClaimed(submission=number) | SubmissionAccepted(submission=number):
            return numbers | {number}
        case (
            SubmissionRefused(submission=number)
            | SubmissionFailed(submission=number)
            | SubmissionAbandoned(submission=number)
            | SubmissionRemoved(submission=number)
            | TranscriptionCompleted(submission=number)
            | TranscriptionCompletedLate(submission=number)
            | TranscriptionFailed(submission=number)
        ):
            return numbers - {number}
        case CallbackReceived(kind="completed", submission=number) if (
            state.status == "error" and not state.erasing
        ):
            return numbers | {number}  # we may have given it up too early
        case CallbackReceived(submission=number, provider_job=str()) if number != state.finished_by:
            # It may name the job of a submission that was thought to have none.
            return numbers | {number}
        case _:
            return numbers
