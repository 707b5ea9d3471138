"""Status and times of every transcription: a fold over its stream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from stenolog.log.event_data import EventData
from stenolog.log.events.callbacks import CallbackReceived
from stenolog.log.events.deliveries import DeliveryFailed, DeliverySucceeded
from stenolog.log.events.request_payload import request_in
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
    TranscriptionRequested,
)
from stenolog.projections.documents import ProjectionFailed, encode, text_or_none
from stenolog.projections.projection import (
    SECRET_HEADER,
    Content,
    Erased,
    Fact,
    Unreadable,
    params_of,
)
from stenolog.projections.rows import PutStatus, StatusRow, TranscriptRow

NAME = "transcriptions"
ERASURE = 0  # among the unsettled submissions: the erasure is not completed
UNREADABLE_SENTENCE = "The provider's result could not be read."
UNKNOWN_SENTENCE = "The reason of the failure is not known any more."


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcriptions:
    """Digests everything: whatever a payload holds, a transcription has a status."""

    name: str = NAME
    version: int = 4
    types: frozenset[str] | None = None
    opens: frozenset[str] = frozenset(
        {
            TranscriptionRequested.type,
            SubmissionAccepted.type,
            TranscriptionCompleted.type,
            TranscriptionCompletedLate.type,
            TranscriptionFailed.type,
        }
    )

    def project(self, fact: Fact, current: StatusRow | None) -> PutStatus:
        """The transcription's row after this event.

        Raises:
            ProjectionFailed: The stream does not begin with a request.
        """
        request = None
        if isinstance(fact.data, TranscriptionRequested):
            row = _requested(fact, fact.data)
            request = _without_secret(fact)
        elif current is None:
            raise ProjectionFailed("the stream does not begin with a request")
        else:
            row = replace(
                _evolved(current, fact),
                unsettled=_unsettled(current, fact.data),
                version=fact.event.version,
                position=fact.event.position,
            )
        return PutStatus(projection=self.name, row=row, request=request)

    def fallback(self, fact: Fact) -> TranscriptRow | None:
        """Nothing."""
        return None


def _without_secret(fact: Fact) -> bytes | None:
    """The request's payload, with `true` in the place of the value of the webhook's header.

    An answer says whether there is one, and nobody may read from a view what it is.
    """
    if not isinstance(fact.content, Mapping):
        return None
    params = params_of(fact.content)
    if params.get(SECRET_HEADER) is None:
        return fact.content_bytes
    return encode({**fact.content, "params": {**params, SECRET_HEADER: True}})


def _requested(fact: Fact, data: TranscriptionRequested) -> StatusRow:
    event, content = fact.event, fact.content
    request = request_in(content)
    return StatusRow(
        id=fact.transcription,
        tenant=event.tenant,
        status="queued",
        version=event.version,
        position=event.position,
        requested_position=event.position,
        provider=data.provider,
        region=data.region,
        surface=data.surface,
        upload=data.upload,
        correlation_id=event.correlation_id,
        audio_url=text_or_none(request.params.get("audio_url")) or "",
        subject=text_or_none(request.subject),
        metadata=None if request.metadata is None else encode(request.metadata).decode(),
        erased=isinstance(content, Erased),
        created_at=event.time,
    )


def _evolved(row: StatusRow, fact: Fact) -> StatusRow:
    if isinstance(fact.data, DeliverySucceeded | DeliveryFailed):
        if fact.data.kind != "outcome":  # AssemblyAI has one number, for the transcript
            return row
        return replace(row, webhook_status_code=fact.data.status)
    at = fact.event.time
    if isinstance(fact.data, ErasureRequested):
        return _erased(row, at)
    if isinstance(fact.data, TranscriptionCompletedLate):
        # The one event that turns an outcome: the result is here, whatever was said before.
        row = replace(row, error=None, webhook_status_code=None)
    elif not row.open or fact.data is None:
        return row
    match fact.data:
        case TranscriptionCompleted() | TranscriptionCompletedLate() | TranscriptionFailed():
            ended = _ended(row, fact.data, fact.content)
            return replace(ended, finished_by=fact.data.submission, completed_at=at)
        case data:
            return _under_way(row, data, fact.content, at)


def _erased(row: StatusRow, at: str) -> StatusRow:
    """The same whatever could be read of it before: a rebuild can read nothing any more."""
    return replace(
        row,
        status="completed",
        erased=True,
        error=None,
        audio_url="",
        subject=None,
        metadata=None,
        provider_job=None,
        completed_at=row.completed_at or at,
    )


def _unsettled(row: StatusRow, data: EventData | None) -> str:
    numbers = {int(number) for number in row.unsettled.split(",") if number}
    match data:
        case ErasureRequested():
            numbers.add(ERASURE)
        case ErasureCompleted():
            numbers.clear()
        case TranscriptionFailed(reason="deadline", submission=number):
            numbers.add(number)  # the provider may bring a result of it yet
        case SubmissionClaimed(submission=number) | SubmissionAccepted(submission=number):
            numbers.add(number)
        case (
            SubmissionRefused(submission=number)
            | SubmissionFailed(submission=number)
            | SubmissionAbandoned(submission=number)
            | SubmissionRemoved(submission=number)
            | TranscriptionCompleted(submission=number)
            | TranscriptionCompletedLate(submission=number)
            | TranscriptionFailed(submission=number)
        ):
            numbers.discard(number)
        case CallbackReceived(kind="completed", submission=number) if row.status == "error":
            # We may have given it up too early.
            numbers.add(number)
        case CallbackReceived(submission=number, provider_job=str()) if number != row.finished_by:
            # It may name the job of a submission that was thought to have none.
            numbers.add(number)
        case _:
            pass
    return ",".join(map(str, sorted(numbers)))


def _ended(
    row: StatusRow,
    data: TranscriptionCompleted | TranscriptionCompletedLate | TranscriptionFailed,
    content: Content,
) -> StatusRow:
    if isinstance(data, TranscriptionFailed):
        error = text_or_none(content.get("error")) if isinstance(content, Mapping) else None
        return replace(row, status="error", error=error or UNKNOWN_SENTENCE)
    if content is None or isinstance(content, Unreadable):
        # The other views fail on it, and a reader must not see `completed` without a transcript.
        return replace(row, status="error", error=UNREADABLE_SENTENCE, audio_ms=data.audio_ms)
    return replace(row, status="completed", audio_ms=data.audio_ms)


def _under_way(row: StatusRow, data: EventData, content: Content, at: str) -> StatusRow:
    match data:
        case SubmissionClaimed(submission=number):
            return replace(
                row,
                submission=max(row.submission, number),
                claimed_at=at,
                accepted_at=None,
                called_back_at=None,
                provider_job=None,
            )
        case SubmissionAccepted(submission=number) if number >= row.submission:
            job = data.provider_job
            if job is None and isinstance(content, Mapping):
                job = text_or_none(content.get("provider_job"))
            return replace(
                row, status="processing", submission=number, provider_job=job, accepted_at=at
            )
        case CallbackReceived(submission=number) if (
            number == row.submission and row.called_back_at is None
        ):
            return row if data.kind == "redacted_audio" else replace(row, called_back_at=at)
        case _:
            return row
