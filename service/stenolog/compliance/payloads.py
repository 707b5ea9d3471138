"""Seal and open one payload: compress, encrypt, commit. Pure but for nonces."""

from __future__ import annotations

import hmac
import threading

import zstandard

from stenolog.compliance.data_keys import (
    DataKey,
    bound_to,
)
from stenolog.encryption import Cipher
from stenolog.errors import PayloadDamaged
from stenolog.log.event import SealedPayload

ZSTD_AES_256_GCM = b"\x01"
"""A payload's box begins with its format: this one is zstd, then nonce and AES-256-GCM."""

ZSTD_LEVEL = 3
PLAINTEXT_BYTES_MAX = 256 << 20  # ten hours of speech with every feature are under 64 MiB


def seal_with(key: DataKey, event_id: str, plaintext: bytes) -> SealedPayload:
    """Compressed, encrypted, and committed to under a salt of the event."""
    packed = _zstd.compressor.compress(plaintext)
    box = Cipher(key.secret).box(packed, _bound(key, event_id))
    return SealedPayload(
        key_id=key.key_id,
        box=ZSTD_AES_256_GCM + box,
        commitment=commitment(event_salt(key.salt, event_id), plaintext),
    )


def open_with(key: DataKey, event_id: str, sealed: SealedPayload) -> bytes:
    """Decrypt a payload and check its commitment; return the plaintext.

    Raises:
        PayloadDamaged: It is not what was sealed for this event under this key, or its box has a
            format that is not known here.
    """
    if sealed.box[:1] != ZSTD_AES_256_GCM:
        raise PayloadDamaged("a payload's box has a format that is not known here")
    try:
        packed = Cipher(key.secret).unbox(sealed.box[1:], _bound(key, event_id))
        plaintext = _zstd.decompressor.decompress(packed, max_output_size=PLAINTEXT_BYTES_MAX)
    except (PayloadDamaged, zstandard.ZstdError) as exc:
        raise PayloadDamaged("a payload does not open under its key") from exc
    known = commitment(event_salt(key.salt, event_id), plaintext)
    if not hmac.compare_digest(known.encode(), sealed.commitment.encode()):
        raise PayloadDamaged("a payload is not what its event committed to")
    return plaintext


def event_salt(stream_salt: bytes, event_id: str) -> bytes:
    """Derive the salt of one event: HMAC-SHA256(stream's salt, event id in ASCII), 32 bytes.

    Shown with a payload it proves that payload and helps to guess no other of its stream.
    """
    return hmac.new(stream_salt, event_id.encode(), "sha256").digest()


def commitment(salt: bytes, plaintext: bytes) -> str:
    """HMAC-SHA256(the event's salt, plaintext) in hex."""
    # Not `hmac.digest`: it gives up the interpreter's lock, even for a plaintext of a few bytes.
    return hmac.new(salt, plaintext, "sha256").hexdigest()


def _bound(key: DataKey, event_id: str) -> bytes:
    """Name what a box is bound to: its format, its event and its key."""
    return ZSTD_AES_256_GCM + bound_to(event_id, key.key_id)


class _Zstd(threading.local):
    """One compressor and decompressor a thread: their contexts cost more than a payload."""

    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor(level=ZSTD_LEVEL)
        self.decompressor = zstandard.ZstdDecompressor()


_zstd = _Zstd()
