"""Read the lengths in WAV, AIFF, 8SVX and CAF files, and mend a data length that is too small.

Some writers count samples where bytes are meant, or never come back to write the length. A length
that is too large needs no mending: FFmpeg reads to the end of the file.
Sources: "Multimedia Programming Interface and Data Specifications 1.0" (RIFF); EBU Tech 3306
(RF64); "EA IFF 85"; "Apple Core Audio Format Specification 1.0".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Literal

from stenolog.engine.audio.spliced import Span, bytes_at
from stenolog.engine.audio.tags import is_tag

CHUNKS_MAX = 10_000
LENGTH_32_MAX = 0xFFFF_FFFF  # "unknown" too, as is 0
UNKNOWN_BYTES_MIN = 2_000_000_000  # writers to pipes say so much and more
UNKNOWN_64 = 1 << 63  # -1 of 64 bits
# What may be cut at the end of a file and is a chunk all the same.
KNOWN_NAMES = frozenset(
    b"LIST,id3 ,ID3 ,fact,cue ,bext,JUNK,junk,PAD ,FLLR,iXML,aXML,_PMX,smpl,inst,acid,DISP,PEAK,"
    b"afsp,levl,umid,NAME,AUTH,(c) ,ANNO,COMT,COMM,MARK,APPL,CHAN,FVER,MIDI,info,free,strg,mark,"
    b"chan,kuki,pakt,uuid,desc".split(b",")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How a family of files is made: `data` are the names of the chunk with the samples."""

    marks: tuple[bytes, ...]
    first: int
    length_bytes: int
    order: Literal["little", "big"]
    data: tuple[bytes, ...]
    padded: bool = True


RIFF = Form(marks=(b"RIFF", b"RF64"), first=12, length_bytes=4, order="little", data=(b"data",))
IFF = Form(marks=(b"FORM",), first=12, length_bytes=4, order="big", data=(b"SSND", b"BODY"))
CAF = Form(marks=(b"caff",), first=8, length_bytes=8, order="big", data=(b"data",), padded=False)
FORMS = (RIFF, IFF, CAF)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """One chunk: where its length stands, its content begins, and ends by its own word."""

    name: bytes
    length_at: int
    begin: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunked:
    """What is known of such a file.

    Attributes:
        end: Where it ends: at the next file of its kind, or at the end of all.
        spans: Its bytes, with the data's length mended.
        declared_share: What the header declares, as a share of the data that is there; above 1 it
            was cut. None when the length is not known to its writer.
        mended: The length was too small.
    """

    end: int
    spans: tuple[Span, ...]
    declared_share: float | None
    mended: bool


def form_of(head: bytes) -> Form | None:
    """Return how a file is made that begins so; None when it is of another family."""
    return next((form for form in FORMS if head.startswith(form.marks)), None)


def chunked(file: BinaryIO, form: Form, start: int, size: int) -> Chunked:
    """Read the chunks from `start` on; `size` is that of the whole file."""
    whole = Span(start=start, end=size)
    sample_chunk: Chunk | None = None
    wide: Chunk | None = None
    for chunk in chunks_of(file, form, start, size):
        if chunk.name == b"ds64":
            wide = chunk
        if chunk.name in form.data:
            sample_chunk = chunk
            break
    if sample_chunk is None:
        return Chunked(end=size, spans=(whole,), declared_share=None, mended=False)
    length_at, length_bytes = sample_chunk.length_at, form.length_bytes
    declared = sample_chunk.end - sample_chunk.begin
    if wide is not None and declared == LENGTH_32_MAX:
        length_at, length_bytes = wide.begin + 8, 8
        declared = int.from_bytes(bytes_at(file, length_at, 8), "little")
    limit = UNKNOWN_BYTES_MIN if length_bytes == 4 else UNKNOWN_64
    unknown = not 0 < declared < limit
    there = size - sample_chunk.begin
    if unknown or declared >= there or there <= 0:
        share = None if unknown or there <= 0 else declared / there
        return Chunked(end=size, spans=(whole,), declared_share=share, mended=False)
    end = _end_of_chunks(file, form, start, sample_chunk.begin + declared, size)
    if end is not None:
        span = Span(start=start, end=end)
        return Chunked(end=end, spans=(span,), declared_share=1.0, mended=False)
    length = min(there, (1 << 8 * length_bytes) - 1).to_bytes(length_bytes, form.order)
    after = length_at + length_bytes
    spans = (
        Span(start=start, end=length_at),
        Span(start=length_at, end=after, instead=length),
        Span(start=after, end=size),
    )
    return Chunked(end=size, spans=spans, declared_share=declared / there, mended=True)


def _end_of_chunks(file: BinaryIO, form: Form, start: int, behind: int, size: int) -> int | None:
    """Return where a file ends whose data end at `behind`; None when they surely go on."""
    # Some writers do not pad.
    for at in dict.fromkeys((_even(form, start, behind), behind)):
        end = _walked(file, form, start, at, size)
        if end is not None:
            return end
    return None


def _walked(file: BinaryIO, form: Form, start: int, at: int, size: int) -> int | None:
    """Return where chunks end that begin at `at`; None when something else stands there."""
    for _ in range(CHUNKS_MAX):
        left = bytes_at(file, at, 16)
        if len(left) < 4 + form.length_bytes or is_tag(left):
            return size
        if left.startswith(form.marks):
            return at  # the next file
        length = int.from_bytes(left[4 : 4 + form.length_bytes], form.order)
        end = at + 4 + form.length_bytes + length
        if end > size + 1:  # one may lack its padding
            return size if left[:4] in KNOWN_NAMES else None
        if not _is_name(left[:4]):
            return None
        at = _even(form, start, end)
    return None


def chunks_of(file: BinaryIO, form: Form, start: int, size: int) -> Iterator[Chunk]:
    """Yield the chunks in order, at most `CHUNKS_MAX`, by their own lengths."""
    at = start + form.first
    for _ in range(CHUNKS_MAX):
        header = bytes_at(file, at, 4 + form.length_bytes)
        if len(header) < 4 + form.length_bytes:
            return
        begin = at + len(header)
        end = begin + int.from_bytes(header[4:], form.order)
        yield Chunk(name=header[:4], length_at=at + 4, begin=begin, end=end)
        at = _even(form, start, end)
        if at >= size:
            return


def _even(form: Form, start: int, end: int) -> int:
    return end + ((end - start) & 1 if form.padded else 0)


def _is_name(name: bytes) -> bool:
    return all(0x20 <= letter < 0x7F for letter in name) and name != b"    "
