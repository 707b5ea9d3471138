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

ZSTD_LEVEL = 3
PLAINTEXT_BYTES_MAX = 256 << 20  # ten hours of speech with every feature are under 64 MiB


def seal_with(key: DataKey, event_id: str, plaintext: bytes) -> SealedPayload:
    """Compressed, encrypted, and committed to under the key's salt."""
    packed = _zstd.compressor.compress(plaintext)
    box = Cipher(key.secret).box(packed, bound_to(event_id, key.key_id))
    return SealedPayload(key_id=key.key_id, box=box, commitment=commitment(key, plaintext))


def open_with(key: DataKey, event_id: str, sealed: SealedPayload) -> bytes:
    """Decrypt a payload and check its commitment; return the plaintext.

    Raises:
        PayloadDamaged: It is not what was sealed for this event under this key.
    """
    try:
        packed = Cipher(key.secret).unbox(sealed.box, bound_to(event_id, key.key_id))
        plaintext = _zstd.decompressor.decompress(packed, max_output_size=PLAINTEXT_BYTES_MAX)
    except (PayloadDamaged, zstandard.ZstdError) as exc:
        raise PayloadDamaged("a payload does not open under its key") from exc
    if not hmac.compare_digest(commitment(key, plaintext).encode(), sealed.commitment.encode()):
        raise PayloadDamaged("a payload is not what its event committed to")
    return plaintext


def commitment(key: DataKey, plaintext: bytes) -> str:
    """HMAC-SHA256(salt, plaintext) in hex."""
    # Not `hmac.digest`: it gives up the interpreter's lock, even for a plaintext of a few bytes.
    return hmac.new(key.salt, plaintext, "sha256").hexdigest()


class _Zstd(threading.local):
    """One compressor and decompressor a thread: their contexts cost more than a payload."""

    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor(level=ZSTD_LEVEL)
        self.decompressor = zstandard.ZstdDecompressor()


_zstd = _Zstd()
