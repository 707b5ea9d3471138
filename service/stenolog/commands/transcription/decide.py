"""Decide which facts a command leads to, from the transcription's state. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from stenolog.commands.transcription.commands import (
    AbandonSubmission,
    AcceptSubmission,
    ClaimSubmission,
    Command,
    Complete,
    CompleteErasure,
    Fail,
    FailSubmission,
    RecordRemoval,
    RefuseSubmission,
    RequestTranscription,
    Supersede,
)
from stenolog.commands.transcription.state import OPEN_OUTCOMES, Transcription
from stenolog.log.event_data import EventData
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
    TranscriptionCompleted,
    TranscriptionCompletedLate,
    TranscriptionFailed,
    TranscriptionRequested,
)

# DECISIONS 18: AssemblyAI says "resubmit on a server error".
RESUBMISSIONS_MAX = 3  # of one transcription, after server errors of the provider: four jobs in all


# What may still be said of an erased transcription: what becomes of its jobs.
_AFTER_ERASURE = (
    AcceptSubmission,
    RefuseSubmission,
    AbandonSubmission,
    RecordRemoval,
    CompleteErasure,
)


def decide(command: Command, state: Transcription) -> Sequence[EventData]:
    """Return the events that the command leads to; none when it changes nothing any more."""
    if state.erasing and not isinstance(command, _AFTER_ERASURE):
        return ()
    match command:
        case RequestTranscription():
            if state.version:
                return ()
            return (
                TranscriptionRequested(
                    provider=command.provider,
                    region=command.region,
                    surface=command.surface,
                    upload=command.upload,
                ),
            )
        case ClaimSubmission():
            return decide_claim(command, state)
        case AcceptSubmission():
            return decide_acceptance(command, state)
        case RefuseSubmission():
            return decide_refusal(command, state)
        case AbandonSubmission():
            if _outcome(state, command.number) not in OPEN_OUTCOMES:
                return ()
            return (SubmissionAbandoned(submission=command.number, reason=command.reason),)
        case Complete():
            return decide_completion(command, state)
        case FailSubmission():
            return decide_failure(command, state)
        case Fail():
            if state.terminal or not state.submissions:
                return ()
            return (
                TranscriptionFailed(
                    submission=command.number, reason=command.reason, wake=command.wake
                ),
            )
        case Supersede():
            return decide_supersession(command, state)
        case RecordRemoval():
            return decide_removal(command, state)
        case CompleteErasure():
            return decide_completed_erasure(state)
        case _:
            assert_never(command)


def decide_claim(command: ClaimSubmission, state: Transcription) -> Sequence[EventData]:
    """Return a claim, only when no earlier submission may still have a job."""
    open_ones = [s for s in state.submissions if s.outcome in OPEN_OUTCOMES]
    if not state.version or state.terminal or open_ones:
        return ()
    if command.number != len(state.submissions) + 1:
        return ()
    return (SubmissionClaimed(submission=command.number, kid=command.kid),)


def decide_completion(command: Complete, state: Transcription) -> Sequence[EventData]:
    """Return the result; a late one when the transcription had been given up."""
    if _outcome(state, command.number) != "accepted" or (state.terminal and not state.given_up):
        return ()
    completed = TranscriptionCompletedLate if state.given_up else TranscriptionCompleted
    return (
        completed(
            submission=command.number,
            reason=command.wake,
            audio_ms=command.audio_ms,
            words=command.words,
        ),
    )


def decide_failure(command: FailSubmission, state: Transcription) -> Sequence[EventData]:
    """Another submission is owed, or, after enough of them, the end."""
    if state.terminal or _outcome(state, command.number) != "accepted":
        return ()
    if state.failed_submissions < RESUBMISSIONS_MAX:
        return (SubmissionFailed(submission=command.number, kind=command.kind, wake=command.wake),)
    return (TranscriptionFailed(submission=command.number, reason="provider", wake=command.wake),)


def decide_refusal(command: RefuseSubmission, state: Transcription) -> Sequence[EventData]:
    """Return the refusal, and with a final one the end, in one append."""
    if _outcome(state, command.number) != "unknown":
        return ()
    refused = SubmissionRefused(
        submission=command.number,
        status=command.status,
        reason=command.reason,
        retry_in_ms=command.retry_in_ms,
    )
    if not command.final or state.terminal:
        return (refused,)
    failed = TranscriptionFailed(submission=command.number, reason="refused", wake=command.wake)
    return (refused, failed)


def decide_acceptance(command: AcceptSubmission, state: Transcription) -> Sequence[EventData]:
    """Return the job's handle, unless it could not be kept."""
    # Of one that was refused as well: an answer of 503 may have come from in between.
    if _outcome(state, command.number) not in {"unknown", "abandoned", "refused"}:
        return ()
    # Nothing is sealed any more: found again by its token, the job is removed at once.
    if state.erasing and command.provider_job is None:
        return ()
    return (
        SubmissionAccepted(
            submission=command.number,
            provider_job=command.provider_job,
            adopted=command.adopted,
        ),
    )


def decide_supersession(command: Supersede, state: Transcription) -> Sequence[EventData]:
    """Only of a job that did not bring the outcome."""
    finished = state.terminal and command.number != state.finished_by
    if not finished or _outcome(state, command.number) != "accepted":
        return ()
    return (SubmissionSuperseded(submission=command.number),)


def decide_removal(command: RecordRemoval, state: Transcription) -> Sequence[EventData]:
    """Of a superseded job, or of any once the transcription is to be erased."""
    outcome = _outcome(state, command.number)
    if outcome in {"", "removed"} or not (state.erasing or outcome == "superseded"):
        return ()
    return (SubmissionRemoved(submission=command.number),)


def decide_completed_erasure(state: Transcription) -> Sequence[EventData]:
    """Once, and only after it was requested."""
    if not state.erasing or state.erased:
        return ()
    removed = sum(submission.outcome == "removed" for submission in state.submissions)
    return (ErasureCompleted(jobs=removed),)


def _outcome(state: Transcription, number: int) -> str:
    submission = state.submission(number)
    return submission.outcome if submission else ""
