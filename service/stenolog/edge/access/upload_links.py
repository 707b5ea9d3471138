"""Sign the URL of an upload: a random id for one tenant; nothing is served under it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import uuid

ID_BYTES = 16
CHARACTERS = 64  # base64url of 48 bytes: no spare bits, no padding
PATH = "/upload/"


def upload_url(key: bytes, public_url: str, tenant: str, upload_id: str) -> str:
    """Return the URL that only this tenant can use, as `audio_url`."""
    raw = uuid.UUID(upload_id).bytes
    capability = base64.urlsafe_b64encode(raw + _mac(key, tenant, raw)).decode()
    return f"{public_url}{PATH}{capability}"


def is_upload_url(public_url: str, url: str) -> bool:
    """Tell whether a URL claims to be an upload of ours."""
    return url.startswith(public_url + PATH)


def upload_of(key: bytes, tenant: str, url: str) -> str | None:
    """Return the upload's id when the URL is one that was made for this tenant.

    The host does not count: our public URL may have changed since.
    """
    _, found, capability = url.rpartition(PATH)
    if not found or len(capability) != CHARACTERS or not capability.isascii():
        return None
    try:
        decoded = base64.b64decode(capability.encode(), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    raw, mac = decoded[:ID_BYTES], decoded[ID_BYTES:]
    return str(uuid.UUID(bytes=raw)) if hmac.compare_digest(mac, _mac(key, tenant, raw)) else None


def _mac(key: bytes, tenant: str, raw: bytes) -> bytes:
    signed = b"stenolog upload url\0" + tenant.encode() + b"\0" + raw
    return hmac.digest(key, signed, hashlib.sha256)
