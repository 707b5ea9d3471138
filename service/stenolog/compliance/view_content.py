"""Seal and open content of views under the data key of its stream. Pure but for nonces.

Views are made of payloads, so they are sealed as payloads are: once the stream's key is destroyed,
what is left of them on a disk tells nothing.
"""

from __future__ import annotations

import threading

import zstandard

from stenolog.compliance.data_keys import DataKey
from stenolog.encryption import Cipher
from stenolog.errors import PayloadDamaged

STORED, PACKED = b"\x00", b"\x01"  # a box's first byte: whether its content is compressed
ZSTD_LEVEL = 1  # half the time of level 3, and a tenth more bytes
STORED_BYTES_MAX = 128  # what is shorter does not get smaller
CONTENT_BYTES_MAX = 256 << 20  # of one box, as of one payload


def seal_content(key: DataKey, name: bytes, content: bytes) -> bytes:
    """Return the content in a box that opens with the same key and name alone.

    A box is its format (0: as it is, 1: zstd), a nonce and AES-256-GCM's output; associated data:
    the format and `name`.
    """
    form, packed = STORED, content
    if len(content) > STORED_BYTES_MAX:
        form, packed = PACKED, _zstd.compressor.compress(content)
    return form + Cipher(key.secret).box(packed, form + name)


def open_content(key: DataKey, name: bytes, box: bytes) -> bytes:
    """Return what `seal_content` was given.

    Raises:
        PayloadDamaged: Key, name or box is another.
    """
    form = box[:1]
    packed = Cipher(key.secret).unbox(box[1:], form + name)
    if form == STORED:
        return packed
    try:
        return _zstd.decompressor.decompress(packed, max_output_size=CONTENT_BYTES_MAX)
    except zstandard.ZstdError as exc:
        raise PayloadDamaged("what a view holds is not what was sealed") from exc


class _Zstd(threading.local):
    """One compressor and decompressor a thread: their contexts cost more than a small view."""

    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor(level=ZSTD_LEVEL)
        self.decompressor = zstandard.ZstdDecompressor()


_zstd = _Zstd()
