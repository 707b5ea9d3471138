"""Every type of event: its name, its data, whether it is public, whether it carries a payload.

`data` is hashed for ever, so it holds nothing that describes a person: ids, enumerations, integers,
booleans, times. Everything else is a payload. A released type never changes shape, and its
publicity never changes (`sequence` counts on it): add a type, or an upcaster with a golden file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import ValidationError

from stenolog.errors import SchemaTooNew
from stenolog.log.event_data import (
    AttemptCount,
    Count,
    EventData,
    HttpStatus,
    Id,
    ProviderJob,
    SubmissionNumber,
)

ProviderName = Literal["assemblyai", "aimlapi", "local"]
Region = Literal["us", "eu"]
Surface = Literal["v2", "v1-stt", "native"]
CallbackKind = Literal["completed", "error", "redacted_audio", "unreadable", "oversized"]
WakeReason = Literal["callback", "poll", "silence", "start", "command"]
RefusalReason = Literal["invalid", "credentials", "not-found", "throttled", "unavailable"]
FailureReason = Literal["provider", "refused", "deadline", "lost"]
AbandonReason = Literal["not-listed", "forgotten"]
DeliveryKind = Literal["outcome", "redacted_audio"]
UndeliveredReason = Literal[
    "refused", "exhausted", "forbidden", "unsendable", "unreadable", "unavailable"
]
RetryableFailure = Literal["server-error", "download-server-error"]
ReleaseReason = Literal["erased", "unused"]


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


class SubmissionClaimed(EventData):
    """We are about to ask the provider; written before the call, so that no job is paid twice."""

    type = "submission.claimed"
    public = False
    payload = "the exact body of the create request"

    submission: SubmissionNumber
    kid: Count


class SubmissionAccepted(EventData):
    """The provider has a job for this submission."""

    type = "submission.accepted"
    public = False
    payload = "a JSON object with `provider_job`, when `data` cannot hold it"

    submission: SubmissionNumber
    provider_job: ProviderJob | None
    adopted: bool


class SubmissionRefused(EventData):
    """The provider said no, or was certainly not reached: this submission made no job."""

    type = "submission.refused"
    public = False
    payload = ""

    submission: SubmissionNumber
    status: Count
    reason: RefusalReason
    retry_in_ms: Count | None


class SubmissionFailed(EventData):
    """The provider's job ended in a server error of its own: the audio is submitted again."""

    type = "submission.failed"
    public = False
    payload = "a JSON object: `error`, the provider's sentence; `answer`, the provider's"

    submission: SubmissionNumber
    kind: RetryableFailure
    wake: WakeReason


class SubmissionAbandoned(EventData):
    """The provider has no job for it: never listed after an unknown outcome, or forgotten since."""

    type = "submission.abandoned"
    public = False
    payload = ""

    submission: SubmissionNumber
    reason: AbandonReason


class SubmissionSuperseded(EventData):
    """Another submission finished first; this one's job is to be deleted at the provider."""

    type = "submission.superseded"
    public = False
    payload = ""

    submission: SubmissionNumber


class SubmissionRemoved(EventData):
    """The job is gone at the provider: it was superseded, or its transcription is erased."""

    type = "submission.removed"
    public = False
    payload = ""

    submission: SubmissionNumber


class CallbackReceived(EventData):
    """The provider called; a hint, never the truth."""

    type = "callback.received"
    public = False
    payload = "a JSON object: `body` in base64, `headers`; only `headers` when oversized"

    submission: SubmissionNumber
    kid: Count
    kind: CallbackKind
    provider_job: ProviderJob | None
    body_bytes: Count


class DeliverySucceeded(EventData):
    """The customer's own webhook took what we had to tell."""

    type = "delivery.succeeded"
    public = False
    payload = ""

    kind: DeliveryKind
    attempts: AttemptCount
    status: HttpStatus


class DeliveryFailed(EventData):
    """The customer's webhook will not be told; `status` is the last that it answered, if any."""

    type = "delivery.failed"
    public = False
    payload = ""

    kind: DeliveryKind
    attempts: AttemptCount
    status: HttpStatus | None
    reason: UndeliveredReason


class UploadStored(EventData):
    """A customer's file is durable on our disk, encrypted under its own key."""

    type = "upload.stored"
    public = False
    payload = ""

    bytes: Count


class UploadReleased(EventData):
    """No transcription needs the file any more; from here on its key and the file go."""

    type = "upload.released"
    public = False
    payload = ""

    reason: ReleaseReason


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


EVENT_TYPES: Mapping[str, type[EventData]] = {
    data.type: data
    for data in (
        TranscriptionRequested,
        TranscriptionCompleted,
        TranscriptionFailed,
        TranscriptionCompletedLate,
        SubmissionClaimed,
        SubmissionAccepted,
        SubmissionRefused,
        SubmissionFailed,
        SubmissionAbandoned,
        SubmissionSuperseded,
        SubmissionRemoved,
        CallbackReceived,
        UploadStored,
        DeliverySucceeded,
        DeliveryFailed,
        UploadReleased,
        ErasureRequested,
        ErasureCompleted,
    )
}

TRANSCRIPTION = "transcription-"
UPLOAD = "upload-"


def is_public(event_type: str) -> bool:
    """Whether events of this type count in their tenant's `sequence`."""
    return EVENT_TYPES[event_type].public


def read_data(event_type: str, data: Mapping[str, Any]) -> EventData:
    """The typed data of a stored event.

    Raises:
        SchemaTooNew: The type, or its shape, is not known to this version.
    """
    known = EVENT_TYPES.get(event_type)
    if known is None:
        raise SchemaTooNew(f"event type {event_type} is not known to this version: upgrade")
    try:
        return known.model_validate(dict(data))
    except ValidationError as exc:
        raise SchemaTooNew(f"an event of type {event_type} has a shape unknown here") from exc
