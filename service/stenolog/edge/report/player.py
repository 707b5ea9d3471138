"""Put a recording into the page, as its player plays it: nothing is loaded from elsewhere."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator

# The first bytes of what browsers play, where they stand, and its media type.
BEGINNINGS = (
    (8, b"WAVE", "audio/wav"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xf3", "audio/mpeg"),
    (0, b"\xff\xf1", "audio/aac"),
    (0, b"\xff\xf9", "audio/aac"),
    (0, b"fLaC", "audio/flac"),
    (0, b"OggS", "audio/ogg"),
    (4, b"ftyp", "audio/mp4"),
    (0, b"\x1a\x45\xdf\xa3", "audio/webm"),
)
BYTES_PER_GROUP = 3  # of which base64 makes four characters


async def player_of(pieces: AsyncIterator[bytes]) -> bytes:
    """Return the player of a recording; nothing of one that no browser is known to play.

    Raises:
        Exception: Whatever `pieces` raises.
    """
    media_type: str | None = None
    written: list[bytes] = []
    rest = b""
    async for piece in pieces:
        rest += piece
        media_type = media_type or media_type_of(rest)
        whole = len(rest) - len(rest) % BYTES_PER_GROUP
        written.append(base64.b64encode(rest[:whole]))
        rest = rest[whole:]
    if media_type is None:
        return b""
    begin = f'<div class="player"><audio controls preload="metadata" src="data:{media_type};base64,'
    return b"".join([begin.encode(), *written, base64.b64encode(rest), b'"></audio></div>'])


def media_type_of(head: bytes) -> str | None:
    """Return what a recording that begins so is; None where it is not known."""
    for at, mark, kind in BEGINNINGS:
        if head[at : at + len(mark)] == mark:
            return kind
    return None
