"""Divide a file into what FFmpeg reads right: without tags, one part for each file in a chain."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import BinaryIO

from stenolog.engine.audio.chains import LINKS_MAX, flac_links, mp4_links, ogg_links
from stenolog.engine.audio.chunks import chunked, chunks_of, form_of
from stenolog.engine.audio.sniff import SNIFF_BYTES, is_container
from stenolog.engine.audio.speakers import hidden, odd_boxes, odd_chunks
from stenolog.engine.audio.spliced import Span, Spliced, bytes_at, size_of
from stenolog.engine.audio.tags import is_raw_frame, leading_tags_end, tags_in
from stenolog.engine.techniques import Heartbeat


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A piece of a file that is opened by itself.

    Attributes:
        spans: Its bytes.
        declared_share: See `Chunked`; None for all other containers.
        length_mended: The header's length of the data was too small.
    """

    spans: tuple[Span, ...]
    declared_share: float | None = None
    length_mended: bool = False

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return sum(span.size for span in self.spans)

    def open(self, file: BinaryIO) -> Spliced:
        """Return a reader of its bytes in `file`."""
        return Spliced(file, self.spans)


Links = Callable[[BinaryIO, int, int, Heartbeat], Iterable[int]]
CHAINS: tuple[tuple[int, bytes, Links], ...] = (
    (0, b"OggS", ogg_links),
    (0, b"fLaC", flac_links),
    (4, b"ftyp", mp4_links),
)
BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")  # how QuickTime begins


def parts_of(file: BinaryIO, alive: Heartbeat) -> tuple[Part, ...]:
    """Return the parts in order, at least one, at most `LINKS_MAX`; the file is left open."""
    size = size_of(file)
    start = leading_tags_end(file, alive)
    head = bytes_at(file, start, SNIFF_BYTES)
    if form_of(head) is not None:
        return tuple(islice(_forms(file, start, size), LINKS_MAX))
    for place, mark, links in CHAINS:
        if head[place:].startswith(mark):
            begins = islice(links(file, start, size, alive), LINKS_MAX - 1)
            return tuple(
                _part(file, one, other, alive) for one, other in pairwise([start, *begins, size])
            )
    if not is_container(head) and _has_raw_frames(head):
        return (Part(spans=_between(tags_in(file, start, alive), start, size)),)
    # A tag of which nothing else is left is shown to FFmpeg as it is.
    return (_part(file, start if start < size else 0, size, alive),)


def _part(file: BinaryIO, start: int, end: int, alive: Heartbeat) -> Part:
    spans: tuple[Span, ...] = (Span(start=start, end=end),)
    if bytes_at(file, start + 4, 4) in BOXES:
        spans = hidden(spans, odd_boxes(file, start, end, alive))
    return Part(spans=spans)


def _forms(file: BinaryIO, start: int, size: int) -> Iterator[Part]:
    while start < size:
        form = form_of(bytes_at(file, start, 4))
        if form is None:
            return
        found = chunked(file, form, start, size)
        odd = odd_chunks(file, chunks_of(file, form, start, found.end))
        yield Part(
            spans=hidden(found.spans, odd),
            declared_share=found.declared_share,
            length_mended=found.mended,
        )
        start = found.end


def _has_raw_frames(head: bytes) -> bool:
    return any(is_raw_frame(head[at : at + 2]) for at in range(len(head) - 1))


def _between(tags: Iterable[Span], start: int, size: int) -> tuple[Span, ...]:
    """Return what is not tags."""
    kept: list[Span] = []
    for tag in tags:
        if tag.start > start:
            kept.append(Span(start=start, end=tag.start))
        start = max(start, tag.end)
    if start < size:
        kept.append(Span(start=start, end=size))
    return tuple(kept)
