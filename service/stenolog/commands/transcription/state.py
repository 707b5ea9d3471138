"""A transcription as its stream tells it: folded, never stored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal, TypedDict

from stenolog.clock import microseconds
from stenolog.log.catalogue import read_data
from stenolog.log.event import Event
from stenolog.log.event_data import EventData
from stenolog.log.events.callbacks import CallbackKind, CallbackReceived
from stenolog.log.events.submissions import (
    AbandonReason,
    RefusalReason,
    SubmissionAbandoned,
    SubmissionAccepted,
    SubmissionClaimed,
    SubmissionFailed,
    SubmissionRefused,
    SubmissionRemoved,
    SubmissionSuperseded,
)
from stenolog.log.events.transcriptions import (
    TRANSCRIPTION,
    ErasureCompleted,
    ErasureRequested,
    FailureReason,
    TranscriptionCompleted,
    TranscriptionCompletedLate,
    TranscriptionFailed,
    TranscriptionRequested,
)
from stenolog.log.events.vocabulary import ProviderName, Region

Status = Literal["queued", "processing", "completed", "error"]
Outcome = Literal["unknown", "accepted", "refused", "failed", "abandoned", "superseded", "removed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One attempt to get a provider job, numbered from 1.

    Attributes:
        claimed_position: Where the claim stands in the log.
        ahead_ms: How far its times were ahead of the clock, and were moved back; 0 from a fold.
        outcome: `unknown` from the claim until the provider has said something.
        provider_job: Their handle; None before it is accepted, or when it is in the payload.
        accepted_position: Where the acceptance stands in the log; 0 before.
        retry_at_ms: For refused ones: not to be tried again before. For failed ones: their end.
        refusal: For refused ones: why.
        abandonment: For abandoned ones: how we know that there is no job.
        called_back: Kinds of callbacks that arrived for it.
        callback_job: The handle that a callback named; a hint until the provider confirms it.
    """

    number: int
    claimed_at_ms: int
    claimed_position: int = 0
    ahead_ms: int = 0
    outcome: Outcome = "unknown"
    provider_job: str | None = None
    accepted_at_ms: int = 0
    accepted_position: int = 0
    retry_at_ms: int = 0
    refusal: RefusalReason | None = None
    abandonment: AbandonReason | None = None
    called_back: frozenset[CallbackKind] = frozenset()
    callback_job: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcription:
    """What is known of one transcription after `version` events; version 0: nothing.

    Attributes:
        last_at_ms: The time of the last event; later than now when the clock was set back since.
        erasure_position: Where its erasure was requested; 0: it was not.
        erased: Everything is gone, here and at the provider.
    """

    id: str
    version: int = 0
    tenant: str = ""
    correlation_id: str = ""
    request_position: int = 0
    last_event_id: str = ""
    last_at_ms: int = 0
    status: Status = "queued"
    provider: ProviderName = "local"
    region: Region | None = None
    upload: str | None = None
    requested_at_ms: int = 0
    finished_by: int = 0
    failure: FailureReason | None = None
    submissions: tuple[Submission, ...] = ()
    callbacks: int = 0
    erasure_position: int = 0
    erased: bool = False

    @property
    def stream(self) -> str:
        """The name of its stream."""
        return stream_of(self.id)

    @property
    def terminal(self) -> bool:
        """Whether there is a result, or will be none."""
        return self.erasing or self.status in {"completed", "error"}

    @property
    def erasing(self) -> bool:
        """Whether its content must go, or is gone."""
        return self.erasure_position > 0

    @property
    def handle_sealed(self) -> bool:
        """Whether a job is known only by a payload: removing it comes before destroying the key."""
        return any(
            s.accepted_position and s.provider_job is None and s.outcome != "removed"
            for s in self.submissions
        )

    @property
    def given_up(self) -> bool:
        """Whether it failed although the provider never said so: a result may still come."""
        return self.failure in {"deadline", "lost"}

    @property
    def failed_submissions(self) -> int:
        """How many of the provider's jobs ended in a server error."""
        return sum(submission.outcome == "failed" for submission in self.submissions)

    @property
    def last(self) -> Submission | None:
        """The latest submission."""
        return self.submissions[-1] if self.submissions else None

    def submission(self, number: int) -> Submission | None:
        """The submission with this number."""
        return next((s for s in self.submissions if s.number == number), None)


def stream_of(transcription_id: str) -> str:
    """The stream of a transcription."""
    return f"{TRANSCRIPTION}{transcription_id}"


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
    requested_at_ms: int
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
                "requested_at_ms": at_ms,
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
