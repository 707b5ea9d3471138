"""Find where files begin that were written one behind the other: Ogg, FLAC, WAV, MP4.

Internet radio and `cat` make them. FFmpeg reads the first only, or reads on with its parameters.
Sources: RFC 3533 (Ogg pages); RFC 9639 (FLAC); ISO/IEC 14496-12 (boxes).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from stenolog.engine.audio.spliced import bytes_at
from stenolog.engine.techniques import Heartbeat

LINKS_MAX = 4_096  # a day of songs; what is behind them belongs to the last
BLOCK_BYTES = 1 << 20
HEARTBEAT_PAGES = 10_000
OGG_HEADER_BYTES = 27  # and a byte for each segment
OGG_BEGINS = 0x02
# How the first packet of a stream begins: a flag that damage has set begins none.
OGG_CODECS = (
    b"OpusHead",
    b"\x01vorbis",
    b"\x7fFLAC",
    b"fLaC",
    b"Speex   ",
    b"fishead\0",
    b"\x80theora",
    b"OVP80",
    b"BBCD",
)
# The mark of a stream, and the header of a STREAMINFO block, which is first and has 34 bytes.
FLAC_BEGINS = re.compile(rb"fLaC[\x00\x80]\x00\x00\x22")
FLAC_BEGIN_BYTES = 8
BOX_HEADER_BYTES = 16
BOXES_MAX = 1_000_000


def ogg_links(file: BinaryIO, start: int, size: int, alive: Heartbeat) -> Iterator[int]:
    """Yield where the links of a chain begin behind the first: pages that begin a stream."""
    at, in_headers, pages = start, True, 0
    while at < size:
        pages += 1
        if pages % HEARTBEAT_PAGES == 0:
            alive()
        header = bytes_at(file, at, OGG_HEADER_BYTES + 255 + 8)
        if not header.startswith(b"OggS") or len(header) < OGG_HEADER_BYTES:
            found = _next(file, at + 1, size, b"OggS", alive)
            if found is None:
                return
            at = found
            continue
        segments = header[26]
        packet = header[OGG_HEADER_BYTES + segments :]
        begins = bool(header[5] & OGG_BEGINS) and packet.startswith(OGG_CODECS)
        if begins and not in_headers:
            yield at
        in_headers = begins
        at += OGG_HEADER_BYTES + segments + sum(header[27 : 27 + segments])


def flac_links(file: BinaryIO, start: int, size: int, alive: Heartbeat) -> Iterator[int]:
    """Yield where further native FLAC streams begin."""
    for begin in range(start, size, BLOCK_BYTES):
        alive()
        block = bytes_at(file, begin, BLOCK_BYTES + FLAC_BEGIN_BYTES - 1)
        for found in FLAC_BEGINS.finditer(block):
            if found.start() < BLOCK_BYTES and begin + found.start() > start:
                yield begin + found.start()


def mp4_links(file: BinaryIO, start: int, size: int, alive: Heartbeat) -> Iterator[int]:
    """Yield where further files begin: a file type box behind others, with a movie box behind it.

    Fragments may repeat their file type; a second movie box does not belong to the first.
    """
    at, candidate = start, None
    for number in range(BOXES_MAX):
        if number % HEARTBEAT_PAGES == 0:
            alive()
        header = bytes_at(file, at, BOX_HEADER_BYTES)
        if len(header) < 8:
            return
        length, kind = int.from_bytes(header[:4], "big"), header[4:8]
        if length == 1:
            length = int.from_bytes(header[8:16], "big")
        if length < 8:
            return  # to the end of the file, or damage
        if kind == b"ftyp" and at > start:
            candidate = at
        elif kind == b"moov" and candidate is not None:
            yield candidate
            candidate = None
        at += length
        if at >= size:
            return


def _next(file: BinaryIO, start: int, size: int, mark: bytes, alive: Heartbeat) -> int | None:
    """Return where `mark` is next."""
    for begin in range(start, size, BLOCK_BYTES):
        alive()
        found = bytes_at(file, begin, BLOCK_BYTES + len(mark) - 1).find(mark)
        if found >= 0:
            return begin + found
    return None
