"""Make the facts that need no decision, each with the dedupe key under which it is taken once."""

from __future__ import annotations

from stenolog.log.events.callbacks import CallbackReceived
from stenolog.log.events.deliveries import DeliveryFailed, DeliveryKind, DeliverySucceeded
from stenolog.log.events.holds import HoldApplied, HoldReleased
from stenolog.log.events.transcriptions import TRANSCRIPTION, ErasureRequested
from stenolog.log.events.uploads import (
    UPLOAD,
    ReleaseReason,
    UploadReleased,
    UploadStored,
    UploadUsed,
)
from stenolog.log.events.vocabulary import Surface
from stenolog.log.recorder import Fact

IDEMPOTENCY = "idempotency:"
"""How the dedupe key of a request begins; the client's own follows, as an HMAC in hex."""


def callback_key(transcription_id: str, called: CallbackReceived) -> str:
    """Name what a provider says once: one callback of each kind about each job that it names."""
    return f"{transcription_id}:{called.submission}:{called.kind}:{called.provider_job or ''}"


def callback_received(transcription_id: str, called: CallbackReceived, payload: bytes) -> Fact:
    """State that a provider called; a repeated callback is the same fact."""
    return Fact(data=called, payload=payload, dedupe_key=callback_key(transcription_id, called))


def erasure_key(transcription_id: str) -> str:
    """Name that a transcription is to be erased, so that the log tells it of a damaged stream."""
    return f"{transcription_id}:erasure"


def erasure_requested(transcription_id: str, surface: Surface, erasure: str | None = None) -> Fact:
    """State that this transcription is deleted, alone or by an `erasure` that was ordered."""
    data = ErasureRequested(surface=surface, erasure=erasure)
    return Fact(data=data, dedupe_key=erasure_key(transcription_id))


def forgetting_key(stream: str) -> str | None:
    """Name the event behind which the stream's key is destroyed; None: its category has none."""
    if stream.startswith(TRANSCRIPTION):
        return erasure_key(stream.removeprefix(TRANSCRIPTION))
    if stream.startswith(UPLOAD):
        return release_key(stream.removeprefix(UPLOAD))
    return None


def forgotten_by(key: str) -> tuple[str, str] | None:
    """Return the stream of which a key is the `forgetting_key`, and the type of the event.

    None: it is another's.
    """
    for category, event_type in (
        (TRANSCRIPTION, ErasureRequested.type),
        (UPLOAD, UploadReleased.type),
    ):
        stream = category + key.partition(":")[0]
        if forgetting_key(stream) == key:
            return stream, event_type
    return None


def hold_key(transcription_id: str, hold: str) -> str:
    """Name that a hold is on a transcription."""
    return f"{transcription_id}:hold:{hold}"


def hold_applied(transcription_id: str, hold: str) -> Fact:
    """State that a transcription is on hold."""
    return Fact(data=HoldApplied(hold=hold), dedupe_key=hold_key(transcription_id, hold))


def hold_release_key(hold: str) -> str:
    """Name that a hold is released, so that the log tells it without its stream."""
    return f"{hold}:hold-released"


def hold_released(hold: str) -> Fact:
    """State that a hold is in force no more."""
    return Fact(data=HoldReleased(), dedupe_key=hold_release_key(hold))


def revocation_key(key_id: str) -> str:
    """Name the revocation of an API key, so that a start finds it in the log."""
    return f"{key_id}:revoked"


def upload_stored(size_bytes: int) -> Fact:
    """State that a customer's file is durable."""
    return Fact(data=UploadStored(bytes=size_bytes))


def use_key(transcription_id: str) -> str:
    """Name the use of an upload by a transcription: it has one audio."""
    return f"{transcription_id}:upload"


def upload_used(transcription_id: str) -> Fact:
    """State that a transcription needs this file."""
    data = UploadUsed(transcription=transcription_id)
    return Fact(data=data, dedupe_key=use_key(transcription_id))


def release_key(upload: str) -> str:
    """Name that an upload is released."""
    return f"{upload}:released"


def upload_released(upload: str, reason: ReleaseReason) -> Fact:
    """State that no transcription needs this file any more."""
    return Fact(data=UploadReleased(reason=reason), dedupe_key=release_key(upload))


def delivery_key(
    told_id: str, kind: DeliveryKind, *, endpoint: str | None = None, round_number: int = 0
) -> str:
    """Name the end of a delivery, so that the log tells whether it has ended.

    Each round of deliveries that somebody asked for has ends of its own.
    """
    key = f"delivery-{told_id}"
    if endpoint is not None:
        key = f"{key}:{endpoint}"
    elif kind != "outcome":
        key = f"{key}:{kind}"
    return f"{key}:{round_number}" if round_number else key


def delivery_ended(told_id: str, ended: DeliverySucceeded | DeliveryFailed) -> Fact:
    """State how a delivery of the event `told_id` ended: one fact for each key."""
    key = delivery_key(told_id, ended.kind, endpoint=ended.endpoint, round_number=ended.round)
    return Fact(data=ended, dedupe_key=key)
