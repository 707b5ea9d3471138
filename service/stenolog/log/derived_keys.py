"""Derive again the dedupe key that an event was appended with, from the event alone."""

from __future__ import annotations

from stenolog.log.catalogue import read_data
from stenolog.log.event import Event
from stenolog.log.events.api_keys import API_KEY, ApiKeyRevoked
from stenolog.log.events.callbacks import CallbackReceived
from stenolog.log.events.deliveries import DeliveryFailed, DeliverySucceeded
from stenolog.log.events.holds import HOLD, HoldApplied, HoldReleased
from stenolog.log.events.transcriptions import TRANSCRIPTION, ErasureRequested
from stenolog.log.events.uploads import UPLOAD, UploadReleased, UploadUsed
from stenolog.log.facts import (
    callback_key,
    delivery_key,
    erasure_key,
    hold_key,
    hold_release_key,
    release_key,
    revocation_key,
    use_key,
)


def derived_key(event: Event) -> str | None:
    """Return the key; None for a type that is not appended with one that can be derived.

    A request's key is the client's own, under a secret: it is not in the event.

    Raises:
        SchemaTooNew: The event's type or shape is not known to this version.
    """
    match read_data(event.type, event.data):
        case CallbackReceived() as called:
            return callback_key(event.stream.removeprefix(TRANSCRIPTION), called)
        case DeliverySucceeded() | DeliveryFailed() as ended:
            return delivery_key(
                event.causation_id or "",
                ended.kind,
                endpoint=ended.endpoint,
                round_number=ended.round,
            )
        case ErasureRequested():
            return erasure_key(event.stream.removeprefix(TRANSCRIPTION))
        case UploadUsed() as used:
            return use_key(used.transcription)
        case UploadReleased():
            return release_key(event.stream.removeprefix(UPLOAD))
        case HoldApplied() as applied:
            return hold_key(event.stream.removeprefix(TRANSCRIPTION), applied.hold)
        case HoldReleased():
            return hold_release_key(event.stream.removeprefix(HOLD))
        case ApiKeyRevoked():
            return revocation_key(event.stream.removeprefix(API_KEY))
        case _:
            return None
