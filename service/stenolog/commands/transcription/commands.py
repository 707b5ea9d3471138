"""Declare what can be asked of a transcription: imperatives, as data."""

from __future__ import annotations

from dataclasses import dataclass

from stenolog.log.events.submissions import AbandonReason, RefusalReason, RetryableFailure
from stenolog.log.events.transcriptions import FailureReason
from stenolog.log.events.vocabulary import ProviderName, Region, Surface, WakeReason


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestTranscription:
    """A customer's request was validated."""

    provider: ProviderName
    region: Region | None
    surface: Surface
    upload: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimSubmission:
    """We are about to call the provider."""

    number: int
    kid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptSubmission:
    """The provider named its job, or it was found."""

    number: int
    provider_job: str | None
    adopted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseSubmission:
    """The provider said no, or was not reached; `final` also ends the transcription."""

    number: int
    status: int
    reason: RefusalReason
    retry_in_ms: int | None
    final: bool
    wake: WakeReason


@dataclass(frozen=True, slots=True, kw_only=True)
class AbandonSubmission:
    """The provider has no job for it."""

    number: int
    reason: AbandonReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Complete:
    """The provider's result was fetched."""

    number: int
    wake: WakeReason
    audio_ms: int | None
    words: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FailSubmission:
    """The provider's job ended in a server error of its own; another attempt may succeed."""

    number: int
    kind: RetryableFailure
    wake: WakeReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Fail:
    """There will be no result."""

    number: int
    reason: FailureReason
    wake: WakeReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Supersede:
    """Another submission finished first."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRemoval:
    """The job is gone at the provider."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteErasure:
    """Everything is gone, here and at the provider."""


Command = (
    RequestTranscription
    | ClaimSubmission
    | AcceptSubmission
    | RefuseSubmission
    | AbandonSubmission
    | Complete
    | FailSubmission
    | Fail
    | Supersede
    | RecordRemoval
    | CompleteErasure
)
