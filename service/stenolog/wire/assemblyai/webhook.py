"""Write AssemblyAI's callback bodies, and read what an incoming one claims to be."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

JOB_ID_CHARS_MAX = 64
REDACTED_AUDIO_READY = "redacted_audio_ready"
# How the service delivers (its page on webhooks).
ATTEMPTS_MAX = 10
ATTEMPT_TIMEOUT_MS = 10_000
ATTEMPT_SPACING_MS = 10_000

Kind = Literal["completed", "error", "redacted_audio", "unreadable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackClaim:
    """What the bytes of a callback claim; nothing in it has been verified.

    Attributes:
        kind: `unreadable` is any other shape or status word.
        job_id: The provider's job, when it names one in 1 to 64 characters.
    """

    kind: Kind
    job_id: str | None = None


def callback_body(transcript_id: str, status: str) -> bytes:
    """Return the two-key body, written as the service writes it: with a blank after `:` and `,`."""
    return json.dumps({"transcript_id": transcript_id, "status": status}).encode()


def redacted_audio_body(redacted_audio_url: str) -> bytes:
    """Return the body that says where the redacted audio is; it names no transcript."""
    body = {"status": REDACTED_AUDIO_READY, "redacted_audio_url": redacted_audio_url}
    return json.dumps(body).encode()


def is_delivered(status: int) -> bool:
    """Tell whether an endpoint's answer ends the delivery well."""
    return 200 <= status < 300


def is_retried(status: int | None) -> bool:
    """Tell whether AssemblyAI tries again: no answer (None), 5xx, or a redirect, but no 4xx."""
    return status is None or status >= 500 or 300 <= status < 400


def read_callback(body: bytes) -> CallbackClaim:
    """Return what a callback's body claims to be; any bytes have an answer."""
    try:
        claim = json.loads(body.decode())
    except (ValueError, RecursionError):
        return CallbackClaim(kind="unreadable")
    if not isinstance(claim, dict):
        return CallbackClaim(kind="unreadable")
    status = claim.get("status")
    if "transcript_id" in claim:
        job_id = _job_id(claim["transcript_id"])
        if status in ("completed", "error"):
            return CallbackClaim(
                kind="completed" if status == "completed" else "error", job_id=job_id
            )
        return CallbackClaim(kind="unreadable", job_id=job_id)
    if status == REDACTED_AUDIO_READY and isinstance(claim.get("redacted_audio_url"), str):
        return CallbackClaim(kind="redacted_audio")
    return CallbackClaim(kind="unreadable")


def _job_id(value: object) -> str | None:
    """Return the id, when it is text of a possible length that can be encoded again."""
    if not isinstance(value, str) or not 1 <= len(value) <= JOB_ID_CHARS_MAX:
        return None
    try:
        value.encode()
    except UnicodeEncodeError:
        return None
    return value
