"""Declare what can be asked of a transcription: imperatives, as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stenolog.commands.transcription.state import Place
from stenolog.log.events.callbacks import UnmatchedKind
from stenolog.log.events.enrichments import AnalysisMade
from stenolog.log.events.submissions import (
    AbandonReason,
    RefusalReason,
    RemovalProof,
    RetryableFailure,
)
from stenolog.log.events.transcriptions import FailureReason
from stenolog.log.events.vocabulary import ProviderName, Region, Surface, WakeReason


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestTranscription:
    """Begin a transcription: its customer's request was validated.

    `fallbacks` are asked in their order where the provider before cannot be had. It begins on these
    `holds`, and goes after `retention_days`; None: it stays.
    """

    provider: ProviderName
    region: Region | None
    surface: Surface
    upload: str | None
    fallbacks: Sequence[Place] = ()
    holds: Sequence[str] = ()
    retention_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimSubmission:
    """Claim a submission, because the provider is about to be called.

    `place` is one of the request's; None: the one that its last submission was made at.
    """

    number: int
    kid: int
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptSubmission:
    """Record the submission's job: the provider named it, or it was found."""

    number: int
    provider_job: str | None
    adopted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseSubmission:
    """Record that the provider said no, or was not reached; `final` ends the transcription."""

    number: int
    status: int
    reason: RefusalReason
    retry_in_ms: int | None
    final: bool
    wake: WakeReason


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordUnanswered:
    """Record that a create was answered by something that is not the provider."""

    number: int
    status: int
    request_bytes: int
    answer_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AbandonSubmission:
    """Record that the provider has no job for the submission."""

    number: int
    reason: AbandonReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Complete:
    """Record the provider's result, which was fetched, and what was made of it here."""

    number: int
    wake: WakeReason
    audio_ms: int | None
    words: int
    analyses: tuple[AnalysisMade, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FailSubmission:
    """Record that the job ended in a server error, which another attempt may not meet."""

    number: int
    kind: RetryableFailure
    wake: WakeReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Fail:
    """End the transcription without a result."""

    number: int
    reason: FailureReason
    wake: WakeReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Supersede:
    """Record that another submission finished first."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDuplicate:
    """Record that the submission has this job, too, which is to be deleted."""

    number: int
    provider_job: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSearch:
    """Record that other jobs of an adopted submission were looked for."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDelay:
    """Record that half of the time has passed within which a job's result can be fetched."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordUnmatched:
    """Record that what we have of a callback is not what was to be expected."""

    number: int
    kind: UnmatchedKind
    status: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRemoval:
    """Record that a job is gone at the provider: the submission's own, or this duplicate."""

    number: int
    known: RemovalProof
    duplicate: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteErasure:
    """Record that everything is erased, here and at the provider."""


Command = (
    RequestTranscription
    | ClaimSubmission
    | AcceptSubmission
    | RefuseSubmission
    | RecordUnanswered
    | AbandonSubmission
    | Complete
    | FailSubmission
    | Fail
    | Supersede
    | RecordDuplicate
    | RecordSearch
    | RecordDelay
    | RecordUnmatched
    | RecordRemoval
    | CompleteErasure
)
