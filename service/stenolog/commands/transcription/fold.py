"""Fold a transcription's events into its state. Pure, and the only fold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypedDict

from stenolog.clock import microseconds
from stenolog.commands.transcription.fold_submissions import (
    duplicates_after,
    duplicates_with,
    submissions_after,
)
from stenolog.commands.transcription.state import (
    Duplicate,
    Place,
    Status,
    Submission,
    Transcription,
)
from stenolog.log.catalogue import read_data
from stenolog.log.event import Event
from stenolog.log.event_data import EventData
from stenolog.log.events.callbacks import CallbackReceived, CallbackUnmatched
from stenolog.log.events.deliveries import DeliveryFailed, DeliverySucceeded, WebhookEnding
from stenolog.log.events.holds import HoldApplied
from stenolog.log.events.retention import RetentionAssigned
from stenolog.log.events.submissions import (
    SubmissionAbandoned,
    SubmissionAccepted,
    SubmissionClaimed,
    SubmissionDelayed,
    SubmissionDuplicated,
    SubmissionFailed,
    SubmissionRefused,
    SubmissionRemoved,
    SubmissionSearched,
    SubmissionSuperseded,
    SubmissionUnanswered,
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
from stenolog.log.events.vocabulary import ProviderName, Region, Surface


def fold(transcription_id: str, events: Iterable[Event]) -> Transcription:
    """Return the transcription after these events of its stream, from the first."""
    state = Transcription(id=transcription_id)
    for event in events:
        state = evolve(state, event)
    return state


def evolve(state: Transcription, event: Event) -> Transcription:
    """Return the transcription after one more event of its stream.

    Raises:
        SchemaTooNew: This version does not know the event's type or shape.
    """
    assert event.version == state.version + 1
    data = read_data(event.type, event.data)
    at_ms = microseconds(event.time) // 1000
    changed = _fields(state, event, data, at_ms)
    # Made anew once an event: every callback folds its stream.
    return replace(
        state,
        version=event.version,
        last_event_id=event.id,
        last_at_ms=at_ms,
        work=data.work_after(state.work),
        **changed,
    )


def passed_over(state: Transcription, event: Event) -> Transcription:
    """Return the transcription after an event of an unknown type: only its version moves."""
    at_ms = microseconds(event.time) // 1000
    return replace(state, version=event.version, last_event_id=event.id, last_at_ms=at_ms)


class _Fields(TypedDict, total=False):
    tenant: str
    correlation_id: str
    request_position: int
    status: Status
    provider: ProviderName
    region: Region | None
    places: tuple[Place, ...]
    upload: str | None
    surface: Surface
    finished_by: int
    failure: FailureReason | None
    submissions: tuple[Submission, ...]
    duplicates: tuple[Duplicate, ...]
    erasure_position: int
    erased: bool
    shown: int
    shown_at_end: Submission | None
    claims: int
    requested_at: str
    ended_at: str | None
    audio_ms: int | None
    webhook_status: int | None
    webhook_ended: WebhookEnding | None
    holds: frozenset[str]
    retention_days: int | None


def _fields(state: Transcription, event: Event, data: EventData, at_ms: int) -> _Fields:
    """Return the fields that this event changes, beside those that every event does."""
    match data:
        case TranscriptionRequested():
            return {
                "tenant": event.tenant,
                "correlation_id": event.correlation_id,
                "request_position": event.position,
                "provider": data.provider,
                "region": data.region,
                "places": (
                    (data.provider, data.region),
                    *((one.provider, one.region) for one in data.fallbacks),
                ),
                "upload": data.upload,
                "surface": data.surface,
                "requested_at": event.time,
            }
        case SubmissionClaimed():
            return _claimed(state, event, data, at_ms)
        case TranscriptionCompleted() | TranscriptionCompletedLate() | TranscriptionFailed():
            return _ended(state, event, data)
        case ErasureRequested():
            return {
                "erasure_position": event.position,
                "ended_at": state.ended_at or event.time,
                "shown_at_end": state.shown_submission,
            }
        case ErasureCompleted():
            return {"erased": True}
        case HoldApplied():
            return {"holds": state.holds | {data.hold}}
        case RetentionAssigned():
            return {"retention_days": data.days}
        case DeliverySucceeded(kind="outcome"):
            return {"webhook_status": data.status, "webhook_ended": "delivered"}
        case DeliveryFailed(kind="outcome"):
            return {"webhook_status": data.status, "webhook_ended": data.reason}
        case SubmissionAccepted():
            return _accepted(state, event, data, at_ms)
        case SubmissionDuplicated():
            return {"duplicates": duplicates_with(state, event, data, at_ms)}
        case SubmissionRemoved(duplicate=int()):
            return {"duplicates": duplicates_after(state, data)}
        case (
            CallbackReceived()
            | CallbackUnmatched()
            | SubmissionDelayed()
            | SubmissionUnanswered()
            | SubmissionRefused()
            | SubmissionFailed()
            | SubmissionAbandoned()
            | SubmissionSuperseded()
            | SubmissionSearched()
            | SubmissionRemoved()
        ):
            return {"submissions": submissions_after(state, data.submission, event, data, at_ms)}
        case _:
            return {}


def _claimed(state: Transcription, event: Event, data: SubmissionClaimed, at_ms: int) -> _Fields:
    place = _named(state, data.provider)
    new = Submission(
        number=data.submission,
        claimed_at_ms=at_ms,
        claimed_position=event.position,
        claimed_at=event.time,
        place=place if len(state.places) > 1 else None,
    )
    submissions = (*state.submissions, new)
    if state.terminal:
        return {"submissions": submissions}
    return {
        "submissions": submissions,
        "shown": new.number,
        "claims": new.number,
        **_asked_at(place),
    }


def _accepted(state: Transcription, event: Event, data: SubmissionAccepted, at_ms: int) -> _Fields:
    submissions = submissions_after(state, data.submission, event, data, at_ms)
    if state.terminal:
        return {"submissions": submissions}
    shown = state.submission(state.shown)
    taken = shown is not None and shown.outcome == "accepted" and shown.number > data.submission
    number = state.shown if taken else data.submission
    return {
        "submissions": submissions,
        "status": "processing",
        "shown": number,
        **_asked_at(state.place_of(number)),
    }


def _ended(
    state: Transcription,
    event: Event,
    data: TranscriptionCompleted | TranscriptionCompletedLate | TranscriptionFailed,
) -> _Fields:
    ended: _Fields = {
        "finished_by": data.submission,
        "shown": data.submission,
        "shown_at_end": state.submission(data.submission),
        "ended_at": event.time,
        **_asked_at(state.place_of(data.submission)),
    }
    if isinstance(data, TranscriptionFailed):
        return {**ended, "status": "error", "failure": data.reason}
    if isinstance(data, TranscriptionCompletedLate):
        # The customer's webhook is called once more.
        ended |= {"webhook_status": None, "webhook_ended": None}
    return {**ended, "status": "completed", "failure": None, "audio_ms": data.audio_ms}


def _named(state: Transcription, provider: ProviderName | None) -> Place:
    """Return the place of a provider that an event names; None: the request's first."""
    first, *others = state.places or (state.place,)
    return next((place for place in others if place[0] == provider), first)


def _asked_at(place: Place) -> _Fields:
    return {"provider": place[0], "region": place[1]}
