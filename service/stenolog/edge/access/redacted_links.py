"""Sign links to redacted audio; whoever has one may use it for half an hour."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import uuid

from stenolog.errors import Forbidden

LIFETIME_MS = 30 * 60_000  # as long as the links that AssemblyAI makes
EXPIRY_BYTES = 6  # ms since the epoch, for some thousand years
ID_BYTES = 16
CHARACTERS = 72  # base64url of 54 bytes: no spare bits, no padding
PATH = "/redacted-audio/"


class BadLink(Forbidden, code="bad-link"):
    """A link is not one of ours, or is over, or its transcript was deleted."""


def redacted_link(key: bytes, public_url: str, transcription_id: str, now_ms: int) -> str:
    """Return the URL under which this audio can be had until half an hour after `now_ms`."""
    expiry = (now_ms + LIFETIME_MS).to_bytes(EXPIRY_BYTES, "big")
    raw = expiry + uuid.UUID(transcription_id).bytes
    return f"{public_url}{PATH}{base64.urlsafe_b64encode(raw + _mac(key, raw)).decode()}"


def audio_of(key: bytes, link: str, now_ms: int) -> str | None:
    """Return the transcription's id from the last part of a link; None when wrong or expired."""
    if len(link) != CHARACTERS or not link.isascii():
        return None
    try:
        decoded = base64.b64decode(link.encode(), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    raw, mac = decoded[: EXPIRY_BYTES + ID_BYTES], decoded[EXPIRY_BYTES + ID_BYTES :]
    if not hmac.compare_digest(mac, _mac(key, raw)):
        return None
    expiry = int.from_bytes(raw[:EXPIRY_BYTES], "big")
    return str(uuid.UUID(bytes=raw[EXPIRY_BYTES:])) if now_ms < expiry else None


def _mac(key: bytes, raw: bytes) -> bytes:
    return hmac.digest(key, b"stenolog redacted audio link\0" + raw, hashlib.sha256)
