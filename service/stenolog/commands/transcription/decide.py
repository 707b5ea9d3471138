"""Decide which facts a command leads to, from the transcription's state. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from stenolog.commands.transcription.asked import asked_in_events, failed, named_in_events
from stenolog.commands.transcription.commands import (
    AbandonSubmission,
    AcceptSubmission,
    ClaimSubmission,
    Command,
    Complete,
    CompleteErasure,
    Fail,
    FailSubmission,
    RecordDelay,
    RecordDuplicate,
    RecordRemoval,
    RecordSearch,
    RecordUnanswered,
    RecordUnmatched,
    RefuseSubmission,
    RequestTranscription,
    Supersede,
)
from stenolog.commands.transcription.decide_jobs import (
    decide_abandonment,
    decide_completed_erasure,
    decide_duplicate,
    decide_noted,
    decide_removal,
    decide_supersession,
    decide_unanswered,
)
from stenolog.commands.transcription.state import OPEN_OUTCOMES, Transcription
from stenolog.log.event_data import EventData
from stenolog.log.events.enrichments import TranscriptEnriched
from stenolog.log.events.holds import HoldApplied
from stenolog.log.events.retention import RetentionAssigned
from stenolog.log.events.submissions import (
    SubmissionAccepted,
    SubmissionClaimed,
    SubmissionFailed,
    SubmissionRefused,
)
from stenolog.log.events.transcriptions import (
    TranscriptionCompleted,
    TranscriptionCompletedLate,
    TranscriptionRequested,
)
from stenolog.log.events.vocabulary import Fallback

# DECISIONS 18: AssemblyAI says "resubmit on a server error".
RESUBMISSIONS_MAX = 3  # of one transcription, after server errors of the provider: four jobs in all


# What may still be said of an erased transcription: what becomes of its jobs.
_AFTER_ERASURE = (
    AcceptSubmission,
    RefuseSubmission,
    AbandonSubmission,
    RecordUnanswered,
    RecordDuplicate,
    RecordSearch,
    RecordRemoval,
    CompleteErasure,
)


def decide(command: Command, state: Transcription) -> Sequence[EventData]:
    """Return the events that the command leads to; none when it changes nothing any more."""
    if state.erasing and not isinstance(command, _AFTER_ERASURE):
        return ()
    match command:
        case RequestTranscription():
            return () if state.version else decide_request(command)
        case ClaimSubmission():
            return decide_claim(command, state)
        case AcceptSubmission():
            return decide_acceptance(command, state)
        case RefuseSubmission():
            return decide_refusal(command, state)
        case RecordUnanswered():
            return decide_unanswered(command, state)
        case AbandonSubmission():
            return decide_abandonment(command, state)
        case Complete():
            return decide_completion(command, state)
        case FailSubmission():
            return decide_failure(command, state)
        case Fail():
            return decide_end(command, state)
        case Supersede():
            return decide_supersession(command, state)
        case RecordDuplicate():
            return decide_duplicate(command, state)
        case RecordSearch() | RecordDelay() | RecordUnmatched():
            return decide_noted(command, state)
        case RecordRemoval():
            return decide_removal(command, state)
        case CompleteErasure():
            return decide_completed_erasure(state)
        case _:
            assert_never(command)


def decide_request(command: RequestTranscription) -> Sequence[EventData]:
    """Return the request, and what holds from its first moment on, in one append."""
    requested = TranscriptionRequested(
        provider=command.provider,
        region=command.region,
        surface=command.surface,
        upload=command.upload,
        fallbacks=[
            Fallback(provider=provider, region=region) for provider, region in command.fallbacks
        ],
    )
    days = command.retention_days
    kept = () if days is None else (RetentionAssigned(days=days),)
    return (requested, *kept, *(HoldApplied(hold=hold) for hold in command.holds))


def decide_claim(command: ClaimSubmission, state: Transcription) -> Sequence[EventData]:
    """Return a claim, only when no earlier submission may still have a job."""
    open_ones = [s for s in state.submissions if s.outcome in OPEN_OUTCOMES]
    if not state.version or state.terminal or open_ones:
        return ()
    if command.number != len(state.submissions) + 1:
        return ()
    place, known = command.place or state.place, state.places or (state.place,)
    if place not in known:
        return ()
    named = named_in_events(state, place)
    return (SubmissionClaimed(submission=command.number, kid=command.kid, provider=named),)


def decide_completion(command: Complete, state: Transcription) -> Sequence[EventData]:
    """Return the result, a late one when the transcription had been given up.

    What was made of it here comes first, in the same append: nobody sees the one without the other.
    """
    if state.outcome_of(command.number) != "accepted" or (state.terminal and not state.given_up):
        return ()
    completed = TranscriptionCompletedLate if state.given_up else TranscriptionCompleted
    result = completed(
        submission=command.number,
        reason=command.wake,
        audio_ms=command.audio_ms,
        words=command.words,
        enriched=bool(command.analyses),
        provider=asked_in_events(state, command.number),
    )
    if not command.analyses:
        return (result,)
    made = TranscriptEnriched(submission=command.number, analyses=list(command.analyses))
    return (made, result)


def decide_failure(command: FailSubmission, state: Transcription) -> Sequence[EventData]:
    """Another submission is owed, or, after enough of them, the end."""
    if state.terminal or state.outcome_of(command.number) != "accepted":
        return ()
    if state.failed_submissions < RESUBMISSIONS_MAX:
        return (SubmissionFailed(submission=command.number, kind=command.kind, wake=command.wake),)
    return (failed(state, command.number, "provider", command.wake),)


def decide_end(command: Fail, state: Transcription) -> Sequence[EventData]:
    """Return the end without a result, of what was submitted and has not ended."""
    if state.terminal or not state.submissions:
        return ()
    return (failed(state, command.number, command.reason, command.wake),)


def decide_refusal(command: RefuseSubmission, state: Transcription) -> Sequence[EventData]:
    """Return the refusal, and with a final one the end, in one append."""
    if state.outcome_of(command.number) != "unknown":
        return ()
    refused = SubmissionRefused(
        submission=command.number,
        status=command.status,
        reason=command.reason,
        retry_in_ms=command.retry_in_ms,
    )
    if not command.final or state.terminal:
        return (refused,)
    return (refused, failed(state, command.number, "refused", command.wake))


def decide_acceptance(command: AcceptSubmission, state: Transcription) -> Sequence[EventData]:
    """Return the job's handle, unless it could not be kept."""
    # Of one that was refused as well: an answer of 503 may have come from in between.
    if state.outcome_of(command.number) not in {"unknown", "abandoned", "refused"}:
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
