"""Make a transcription's row from its state and from what its payloads say. Pure.

Only here does a state become a row: for the view, and for a reader while the view lags.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from urllib.parse import urlsplit

from stenolog.commands.retention import erase_at_of
from stenolog.commands.transcription.state import Submission, Transcription
from stenolog.log.events.request_payload import RequestPayload
from stenolog.projections.documents import encode, text_or_none
from stenolog.projections.rows import NO_NAMES, StatusRow
from stenolog.wire.assemblyai.transcript_request import unknown_names

UNKNOWN_KEPT_MAX = 20  # names of parameters
UNREADABLE_SENTENCE = "The provider's result could not be read."


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadDetails:
    """What only payloads say of a transcription; an erasure removes all of it.

    Attributes:
        error: The sentence for the customer.
        sealed_job: The shown submission's handle, where the log has it in a payload.
        unreadable: The result came, and nobody can read it.
        erased: The request's key is gone.
    """

    audio_url: str = ""
    subject: str | None = None
    metadata: str | None = None
    webhook_address: str = ""
    unknown: str = NO_NAMES
    error: str | None = None
    sealed_job: str | None = None
    unreadable: bool = False
    erased: bool = False


def details_in(request: RequestPayload) -> PayloadDetails:
    """Read the payload of `transcription.requested`; whatever is odd in it counts as absent."""
    metadata = request.metadata
    return PayloadDetails(
        audio_url=text_or_none(request.params.get("audio_url")) or "",
        subject=text_or_none(request.subject),
        metadata=None if metadata is None else encode(metadata).decode(),
        webhook_address=_address(text_or_none(request.params.get("webhook_url")) or ""),
        unknown=encode(list(islice(unknown_names(request.params), UNKNOWN_KEPT_MAX))).decode(),
    )


def details_of(row: StatusRow, state: Transcription) -> PayloadDetails:
    """Carry over what an earlier row of the same transcription had taken from payloads."""
    shown = state.shown_submission
    same_job = shown is not None and shown.accepted_at == row.accepted_at
    return PayloadDetails(
        audio_url=row.audio_url,
        subject=row.subject,
        metadata=row.metadata,
        webhook_address=row.webhook_address,
        unknown=row.unknown,
        error=row.error,
        sealed_job=row.provider_job if same_job else None,
        unreadable=row.error == UNREADABLE_SENTENCE,
        erased=row.erased,
    )


def row_of(state: Transcription, details: PayloadDetails, *, position: int) -> StatusRow:
    """Return the row of a transcription; `position` is that of its last event."""
    shown = state.shown_submission
    gone = PayloadDetails(erased=True) if state.erasing else details
    unreadable = details.unreadable and state.status == "completed"
    status = "error" if unreadable else state.status
    return StatusRow(
        id=state.id,
        tenant=state.tenant,
        status="completed" if state.erasing else status,
        version=state.version,
        position=position,
        requested_position=state.request_position,
        provider=state.provider,
        region=state.region,
        surface=state.surface,
        correlation_id=state.correlation_id,
        provider_job=None if state.erasing else _job_of(shown, details),
        submission=state.claims,
        audio_ms=state.audio_ms,
        error=gone.error,
        audio_url=gone.audio_url,
        subject=gone.subject,
        metadata=gone.metadata,
        webhook_address=gone.webhook_address,
        unknown=gone.unknown,
        erased=gone.erased,
        finished_by=state.finished_by,
        created_at=state.requested_at,
        claimed_at=shown.claimed_at if shown else None,
        accepted_at=shown.accepted_at if shown else None,
        called_back_at=shown.called_back_at if shown else None,
        completed_at=state.ended_at,
        webhook_status_code=state.webhook_status,
        webhook_ended=state.webhook_ended,
        erase_at=None if state.erasing else erase_at_of(state),
    )


def _address(webhook_url: str) -> str:
    """Return the URL up to its path, which may be a secret."""
    try:
        parts = urlsplit(webhook_url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def _job_of(shown: Submission | None, details: PayloadDetails) -> str | None:
    if shown is None or shown.accepted_at is None:
        return None
    return shown.provider_job or details.sealed_job
