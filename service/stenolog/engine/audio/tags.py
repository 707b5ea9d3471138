"""Find the tags in a file of raw frames: ID3v1 and v2, APEv2, Lyrics3, alone or in a row.

They hold titles, pictures and words of songs, never sound: whoever stitches MP3 files together
leaves them in the middle.
Sources: id3.org, "ID3v2.4.0 Main Structure" and "ID3v1"; the Hydrogenaudio wiki, "APEv2" and
"Lyrics3v2".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import BinaryIO

from stenolog.engine.audio.sniff import SNIFF_BYTES, is_container
from stenolog.engine.audio.spliced import Span, bytes_at, size_of
from stenolog.engine.techniques import Heartbeat

TAGS_MAX = 65_536  # what is behind them is read as it is; packed AAC has one every ten seconds
LEADING_TAGS_MAX = 4_096
HEARTBEAT_TAGS = 1_000
BLOCK_BYTES = 4 << 20
FIRST_LOOK_BYTES = 64  # then twice as many, and so on: a look costs as much as it finds
PADDING_BYTES_MAX = 16 << 20  # zeros behind a tag; more are a hole in the file
LENGTH_ZEROS_MAX = 3
LYRICS_BYTES_MAX = 1 << 20
ID3_HEADER, APE_HEADER = 10, 32
ID3V1_BYTES, ID3V1_LONG_BYTES = 128, 227  # the second is "enhanced", in front of the first
ID3_FOOTER_FLAG = 0x10
APE_HAS_HEADER, APE_IS_HEADER = 1 << 31, 1 << 29
FRAME_ID = re.compile(rb"[A-Z0-9]{3}|\0\0\0")  # of ID3v2: a frame, or padding
MARKS = (b"ID3", b"APETAGEX", b"TAG", b"LYRICSBEGIN")
MARK_BYTES_MAX = max(map(len, MARKS))


def leading_tags_end(file: BinaryIO, alive: Heartbeat) -> int:
    """Return where the file itself begins, behind ID3v2 tags and their padding; 0 without.

    At most `LEADING_TAGS_MAX` are passed.
    """
    at, size = 0, size_of(file)
    for number in range(LEADING_TAGS_MAX):
        if number % HEARTBEAT_TAGS == 0:
            alive()
        end = _id3v2_end(file, at)
        if end is None or at >= size:
            break
        end = min(end, size)
        at = _behind_zeros(file, end)
        # The first of these zeros may be the beginning of a length.
        for back in range(min(LENGTH_ZEROS_MAX, at - end), 0, -1):
            if is_container(bytes_at(file, at - back, SNIFF_BYTES)):
                return at - back
    return at


def tags_in(file: BinaryIO, start: int, alive: Heartbeat) -> tuple[Span, ...]:
    """Return where the tags of raw frames are from `start` on, in order, padding included."""
    found: list[Span] = []
    size, passed = size_of(file), start
    for number, (mark, place) in enumerate(_marks(file, start, size, alive)):
        if number % HEARTBEAT_TAGS == 0:
            alive()
        if place < passed:
            continue
        tag = _tag(file, mark, place, size)
        if tag is None or tag.start < passed:
            continue
        found.append(tag)
        passed = tag.end
        if len(found) == TAGS_MAX:
            break
    return tuple(found)


def _marks(file: BinaryIO, start: int, size: int, alive: Heartbeat) -> Iterator[tuple[bytes, int]]:
    """Yield where a tag may begin, in order."""
    for begin in range(start, size, BLOCK_BYTES):
        alive()
        block = bytes_at(file, begin, BLOCK_BYTES + MARK_BYTES_MAX - 1)
        places = []
        for mark in MARKS:
            at = block.find(mark)
            while 0 <= at < BLOCK_BYTES:
                places.append((begin + at, mark))
                at = block.find(mark, at + 1)
        for place, mark in sorted(places):
            yield mark, place


def _tag(file: BinaryIO, mark: bytes, place: int, size: int) -> Span | None:
    """Return the tag that this mark belongs to, with zeros behind it; None when it is chance."""
    start, end = place, READERS[mark](file, place)
    if mark == b"APETAGEX" and end is None:
        # An old one has no header: the mark is in its footer.
        before = _ape_begin(file, place)
        start, end = (place, None) if before is None else (before, place + APE_HEADER)
    if end is None or (end > size and mark != b"ID3"):
        return None
    end = _behind_zeros(file, min(end, size))
    sure = mark != b"TAG" or end == size or _is_followed(file, end)
    return Span(start=start, end=end) if sure else None


def _id3v2_end(file: BinaryIO, place: int) -> int | None:
    header = bytes_at(file, place, ID3_HEADER + 3)
    if len(header) < ID3_HEADER or not header.startswith(b"ID3"):
        return None
    version, revision, flags, *sizes = header[3:ID3_HEADER]
    if not 2 <= version <= 4 or revision == 0xFF or flags & 0x0F or any(s & 0x80 for s in sizes):
        return None
    length = sizes[0] << 21 | sizes[1] << 14 | sizes[2] << 7 | sizes[3]
    if length and not flags & 0x40 and FRAME_ID.match(header, ID3_HEADER) is None:
        return None  # an extended header has no name
    return place + ID3_HEADER + length + (ID3_HEADER if flags & ID3_FOOTER_FLAG else 0)


def _ape_end(file: BinaryIO, place: int) -> int | None:
    length, flags = _ape(file, place)
    return place + APE_HEADER + length if length and flags & APE_IS_HEADER else None


def _ape_begin(file: BinaryIO, place: int) -> int | None:
    """Return where a tag begins whose footer is at `place` and that has no header."""
    length, flags = _ape(file, place)
    begin = place + APE_HEADER - length
    if not length or flags & (APE_IS_HEADER | APE_HAS_HEADER) or begin < 0:
        return None
    key = bytes_at(file, begin + 8, 1)
    return begin if key.isalnum() else None


def _ape(file: BinaryIO, place: int) -> tuple[int, int]:
    """Return length, footer included, and flags of a header or footer; 0 when it is none."""
    block = bytes_at(file, place, APE_HEADER)
    if len(block) < APE_HEADER or block[24:] != bytes(8):
        return 0, 0
    version, length, _, flags = (
        int.from_bytes(block[at : at + 4], "little") for at in range(8, 24, 4)
    )
    return (length, flags) if version in (1_000, 2_000) and length >= APE_HEADER else (0, 0)


def _id3v1_end(file: BinaryIO, place: int) -> int | None:
    if bytes_at(file, place, 4) == b"TAG+":
        long = place + ID3V1_LONG_BYTES
        return long + ID3V1_BYTES if bytes_at(file, long, 3) == b"TAG" else None
    return place + ID3V1_BYTES


def _lyrics_end(file: BinaryIO, place: int) -> int | None:
    content = _up_to_lyrics_end(file, place)
    for mark in (b"LYRICS200", b"LYRICSEND"):
        at = content.find(mark)
        if at < 0:
            continue
        if mark == b"LYRICSEND" or content[at - 6 : at] == b"%06d" % (at - 6):
            return place + at + len(mark)
    return None


def _up_to_lyrics_end(file: BinaryIO, place: int) -> bytes:
    """Return the words that begin here, up to the next that begin and `LYRICS_BYTES_MAX`."""
    content, wanted = b"", FIRST_LOOK_BYTES
    while len(content) < wanted:
        content = bytes_at(file, place, wanted)
        other = content.find(b"LYRICSBEGIN", 1)
        if other > 0:
            return content[:other]
        if b"LYRICS200" in content or len(content) < wanted:
            return content
        wanted = min(2 * wanted, LYRICS_BYTES_MAX)
    return content


READERS: dict[bytes, Callable[[BinaryIO, int], int | None]] = {
    b"ID3": _id3v2_end,
    b"APETAGEX": _ape_end,
    b"TAG": _id3v1_end,
    b"LYRICSBEGIN": _lyrics_end,
}


def _behind_zeros(file: BinaryIO, place: int) -> int:
    """Return the first place that has no zero; `place` itself when there are too many."""
    at, wanted = place, FIRST_LOOK_BYTES
    while at - place < PADDING_BYTES_MAX:
        block = bytes_at(file, at, wanted)
        wanted = min(2 * wanted, BLOCK_BYTES)
        kept = len(block.lstrip(b"\0"))
        at += len(block) - kept
        if kept or not block:
            return at
    return place


def _is_followed(file: BinaryIO, place: int) -> bool:
    """Tell whether sound or another tag begins here."""
    head = bytes_at(file, place, MARK_BYTES_MAX)
    return is_raw_frame(head) or is_tag(head)


def is_tag(head: bytes) -> bool:
    """Tell whether bytes begin as a tag does."""
    return head.startswith(MARKS)


def is_raw_frame(head: bytes) -> bool:
    """Tell whether bytes begin as a frame of MPEG audio, ADTS AAC or AC-3 does."""
    if len(head) < 2:
        return False
    return (head[0] == 0xFF and head[1] & 0xE0 == 0xE0) or head[:2] == b"\x0b\x77"
