"""Encrypt an upload as a header and frames.

A frame is 1 MiB of plaintext (the last one may be shorter). Its nonce is made of its number and of
whether it is the last, so a frame that was changed, moved, added or cut off does not decrypt, and
none does behind another header.
"""

from __future__ import annotations

from typing import BinaryIO

from stenolog.encryption import TAG_BYTES, Cipher, derived_key
from stenolog.errors import PayloadDamaged
from stenolog.stores.files.upload_header import HEADER_BYTES

FRAME_BYTES = 1 << 20
SEALED_FRAME_BYTES = FRAME_BYTES + TAG_BYTES


def plain_size(stored: int) -> int:
    """Return how many bytes a file of `stored` bytes holds.

    Raises:
        PayloadDamaged: No upload has this size.
    """
    sealed = stored - HEADER_BYTES
    frames = -(-sealed // SEALED_FRAME_BYTES)
    if sealed <= TAG_BYTES or not sealed - (frames - 1) * SEALED_FRAME_BYTES - TAG_BYTES > 0:
        raise PayloadDamaged("an upload has lost its end")
    return sealed - frames * TAG_BYTES


class UploadFrames:
    """Encrypts and decrypts the frames of one upload."""

    def __init__(self, data_key: bytes, header: bytes) -> None:
        """Take the secret of the upload's data key, and what its file begins with."""
        self._header = header
        # Not the data key itself: that one seals payloads, with nonces drawn at random.
        self._cipher = Cipher(derived_key(data_key, b"stenolog upload"))

    def write(
        self, stream: BinaryIO, number: int, frame: bytes | bytearray | memoryview, *, last: bool
    ) -> None:
        """Append a frame, numbered from 0; raises whatever the stream raises."""
        rest = memoryview(self._cipher.encrypt(_nonce(number, last=last), frame, self._header))
        while rest:  # a raw file may take less than it is given
            rest = rest[stream.write(rest) :]

    def open(self, number: int, sealed: bytes, *, last: bool) -> bytes:
        """Decrypt the frame with this number.

        Raises:
            PayloadDamaged: It is another frame, or was changed.
        """
        try:
            return self._cipher.decrypt(_nonce(number, last=last), sealed, self._header)
        except PayloadDamaged as exc:
            raise PayloadDamaged("an upload does not open under its key") from exc


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
