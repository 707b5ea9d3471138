"""Sign links to redacted audio; whoever has one may use it for half an hour."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import uuid
from dataclasses import dataclass

from stenolog.errors import Forbidden

LIFETIME_MS = 30 * 60_000  # as long as the links that AssemblyAI makes
EXPIRY_BYTES = 8  # ms since the epoch
ID_BYTES = 16
CHARACTERS = 96  # base64url of 72 bytes: no spare bits, no padding
PATH = "/redacted-audio/"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedAudio:
    """What a link leads to.

    Attributes:
        actor: Who asked for the link, and so answers for what is done with it.
    """

    transcription: str
    actor: str


class BadLink(Forbidden, code="bad-link"):
    """A link is not one of ours, or is over, or its transcript was deleted."""


def redacted_link(
    key: bytes, public_url: str, transcription_id: str, now_ms: int, *, actor: str
) -> str:
    """Return the URL under which this audio can be had until half an hour after `now_ms`.

    `actor` is the id of who asks for it.
    """
    expiry = (now_ms + LIFETIME_MS).to_bytes(EXPIRY_BYTES, "big")
    raw = expiry + uuid.UUID(transcription_id).bytes + uuid.UUID(actor).bytes
    return f"{public_url}{PATH}{base64.urlsafe_b64encode(raw + _mac(key, raw)).decode()}"


def audio_of(key: bytes, link: str, now_ms: int) -> LinkedAudio | None:
    """Return what the last part of a link leads to; None when it is wrong or expired."""
    if len(link) != CHARACTERS or not link.isascii():
        return None
    try:
        decoded = base64.b64decode(link.encode(), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    at = EXPIRY_BYTES + ID_BYTES
    raw, mac = decoded[: at + ID_BYTES], decoded[at + ID_BYTES :]
    if not hmac.compare_digest(mac, _mac(key, raw)):
        return None
    if now_ms >= int.from_bytes(raw[:EXPIRY_BYTES], "big"):
        return None
    return LinkedAudio(
        transcription=str(uuid.UUID(bytes=raw[EXPIRY_BYTES:at])),
        actor=str(uuid.UUID(bytes=raw[at:])),
    )


def _mac(key: bytes, raw: bytes) -> bytes:
    return hmac.digest(key, b"stenolog redacted audio link\0" + raw, hashlib.sha256)
