"""Hide where a CAF, AIFF or MP4 file names its speakers in an order of its own.

PyAV 18 frees such an order twice and the process ends. The sound is then mixed as that of speakers
without names. What names no more than FFmpeg's own orders stays.
Sources: "Apple Core Audio Format Specification 1.0", channel layout chunk; "QuickTime File Format
Specification", channel layout atom; ISO/IEC 14496-12, channel layout box.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from stenolog.engine.audio.chunks import Chunk
from stenolog.engine.audio.spliced import Span, bytes_at
from stenolog.engine.techniques import Heartbeat

NAMES = (b"chan", b"CHAN")
BOX_NAMES = (b"chan", b"chnl")
HIDDEN = b"free"  # is passed over in each of these forms
BITMAP_TAG = 1
# Apple's numbers for orders that are FFmpeg's own: mono, stereo, quad, MPEG 3.0 A to 5.1 A.
SAFE_TAGS = frozenset({BITMAP_TAG, 100, 101, 102, 103, 104, 105, 106, 108, 113, 115, 117, 121, 133})
FULL_BOX_BYTES = 4  # version and flags, in front of a box's content
BOX_HEADER_BYTES = 16
BOXES_MAX = 1_000_000
HEARTBEAT_BOXES = 10_000
INDEX_BYTES_MAX = 256 << 20  # of a movie box, which counts every packet of days
BLOCK_BYTES = 1 << 20
LOOK_BYTES = 12  # a name, version and flags, the tag
HIDDEN_MAX = 10_000


def odd_chunks(file: BinaryIO, chunks: Iterable[Chunk]) -> Iterator[int]:
    """Yield where the names of chunks stand that are to be hidden."""
    for chunk in chunks:
        if chunk.name in NAMES and not _is_safe(bytes_at(file, chunk.begin, 4)):
            yield chunk.length_at - len(chunk.name)


def odd_boxes(file: BinaryIO, start: int, end: int, alive: Heartbeat) -> Iterator[int]:
    """Yield where the names of boxes stand that are to be hidden, in each movie box."""
    at = start
    for number in range(BOXES_MAX):
        if number % HEARTBEAT_BOXES == 0:
            alive()
        header = bytes_at(file, at, BOX_HEADER_BYTES)
        length = int.from_bytes(header[:4], "big")
        if length == 1:
            length = int.from_bytes(header[8:16], "big")
        behind = end if length == 0 else min(end, at + length)
        if header[4:8] == b"moov":
            yield from _in_index(file, at, min(behind, at + INDEX_BYTES_MAX), alive)
        if behind < at + 8 or behind >= end:
            return
        at = behind


def _in_index(file: BinaryIO, start: int, end: int, alive: Heartbeat) -> Iterator[int]:
    for begin in range(start, end, BLOCK_BYTES):
        alive()
        block = bytes_at(file, begin, BLOCK_BYTES + LOOK_BYTES - 1)
        for name in BOX_NAMES:
            at = block.find(name)
            while 0 <= at < BLOCK_BYTES and begin + at < end:
                tag = block[at + len(name) + FULL_BOX_BYTES :][:4]
                if name != b"chan" or not _is_safe(tag):
                    yield begin + at
                at = block.find(name, at + 1)


def hidden(spans: Iterable[Span], places: Iterable[int]) -> tuple[Span, ...]:
    """Return the spans with `HIDDEN` at these places, at most `HIDDEN_MAX` of them."""
    kept = list(spans)
    for place in sorted(set(places))[:HIDDEN_MAX]:
        behind = place + len(HIDDEN)
        for number in reversed(range(len(kept))):
            span = kept[number]
            if span.instead is None and span.start <= place and behind <= span.end:
                kept[number : number + 1] = [
                    Span(start=span.start, end=place),
                    Span(start=place, end=behind, instead=HIDDEN),
                    Span(start=behind, end=span.end),
                ]
                break
    return tuple(kept)


def _is_safe(tag: bytes) -> bool:
    return int.from_bytes(tag[:2], "big") in SAFE_TAGS
