"""Show a transcription's status as the native API has it."""

from __future__ import annotations

import orjson

from stenolog.edge.loops import QueuePlace
from stenolog.edge.transcriptions.webhook_address import ALLOWING
from stenolog.projections.rows import StatusRow, TranscriptHead

US_PER_MS = 1_000


def status_of(row: StatusRow) -> dict[str, object]:
    """Return what lists show; times are RFC 3339, durations milliseconds, unknown ones null."""
    return {
        "id": row.id,
        "status": row.status,
        "provider": row.provider,
        "provider_job": row.provider_job,
        "region": row.region,
        "submissions": row.submission,
        "created_at": row.created_at,
        "claimed_at": row.claimed_at,
        "accepted_at": row.accepted_at,
        "called_back_at": row.called_back_at,
        "completed_at": row.completed_at,
        "webhook_status_code": row.webhook_status_code,
        "webhook": _webhook(row),
        "audio_url": row.audio_url,
        "audio_ms": row.audio_ms,
        "error": row.error,
        "subject": row.subject,
        # As the customer wrote it: its integers may be larger than ours.
        "metadata": None if row.metadata is None else orjson.Fragment(row.metadata),
        "erased": row.erased,
        "erase_at": row.erase_at,
        "correlation_id": row.correlation_id,
    }


def warnings_of(row: StatusRow, transcript: TranscriptHead | None) -> list[dict[str, str]]:
    """Return what its customer should look at; each has a code and a sentence."""
    of_request = [
        {
            "code": "unknown-parameter",
            "message": f"{name} is not known here: it was forwarded to the provider as it is",
        }
        for name in orjson.loads(row.unknown)
    ]
    of_audio = [
        {"code": code, "message": message}
        for code, message in (transcript.warnings if transcript else ())
    ]
    return of_request + of_audio


def _webhook(row: StatusRow) -> dict[str, str | None] | None:
    """Return how the call of the customer's webhook ended; None before, or without one."""
    if row.webhook_ended is None:
        return None
    return {
        "outcome": row.webhook_ended,
        "address": row.webhook_address or None,
        "setting": ALLOWING if row.webhook_ended == "forbidden" else None,
    }


def detail_of(
    row: StatusRow,
    transcript: TranscriptHead | None,
    readable_ms: int | None,
    place: QueuePlace | None = None,
) -> dict[str, object]:
    """Return what one transcription shows.

    `readable_ms` is from its callback to its views, `place` where it stands at its provider.
    """
    return {
        **status_of(row),
        "warnings": warnings_of(row, transcript),
        "readable_ms": readable_ms,
        "queue": place,
        "text": transcript.text if transcript else None,
        "confidence": transcript.confidence if transcript else None,
        "language_code": transcript.language_code if transcript else None,
        "words": transcript.words if transcript else None,
        "audio": orjson.Fragment(transcript.audio) if transcript and transcript.audio else None,
    }
