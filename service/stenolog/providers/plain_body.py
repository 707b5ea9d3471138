"""Undo what a proxy does to an answer's body although nobody asked for it."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

# DECISIONS 66: proxies compress although nobody asked.
GZIP = frozenset({"gzip", "x-gzip"})
GZIP_WINDOW = 31  # zlib's number for a body with gzip's head and checksum
BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # RFC 8259 lets a reader of JSON ignore it


def plain_body(headers: Mapping[str, str], body: bytes, bytes_max: int) -> bytes:
    """Return the body, decompressed where it came in gzip, and without a byte order mark.

    A body that cannot be decompressed, or would exceed `bytes_max`, is returned as it came; the
    caller then fails to parse it.
    """
    if headers.get("content-encoding", "").strip().lower() not in GZIP:
        return body.removeprefix(BYTE_ORDER_MARK)
    unpacking = zlib.decompressobj(GZIP_WINDOW)
    try:
        plain = unpacking.decompress(body, bytes_max)
    except zlib.error:
        return body
    return plain.removeprefix(BYTE_ORDER_MARK) if unpacking.eof else body
