"""Read pieces of an open file, and bytes in their midst, as if they were one file."""

from __future__ import annotations

import bisect
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Bytes of the file from `start` up to before `end`; `instead` stands in their place."""

    start: int
    end: int
    instead: bytes | None = None

    @property
    def size(self) -> int:
        """How many bytes a reader gets."""
        return self.end - self.start if self.instead is None else len(self.instead)


class Spliced(io.RawIOBase):
    """A seekable view of `file`, not for concurrent use; closing it leaves the file open."""

    def __init__(self, file: BinaryIO, spans: Sequence[Span]) -> None:
        self._file = file
        self._spans = [span for span in spans if span.size > 0]
        self._begins: list[int] = []
        self._at = 0
        self.size = 0
        for span in self._spans:
            self._begins.append(self.size)
            self.size += span.size

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the place of the next byte."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to a place; behind the end nothing is read."""
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        self._at = max(0, origin + offset)
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        """Read up to the end of the piece that the place is in."""
        view = memoryview(buffer)
        if self._at >= self.size or not view:
            return 0
        number = bisect.bisect_right(self._begins, self._at) - 1
        span, within = self._spans[number], self._at - self._begins[number]
        wanted = min(len(view), span.size - within)
        if span.instead is not None:
            content = span.instead[within : within + wanted]
        else:
            self._file.seek(span.start + within)
            content = self._file.read(wanted)
        view[: len(content)] = content
        self._at += len(content)
        return len(content)


def size_of(file: BinaryIO) -> int:
    """Return how many bytes an open file has."""
    return file.seek(0, io.SEEK_END)


def bytes_at(file: BinaryIO, place: int, count: int) -> bytes:
    """Return up to `count` bytes from `place` on; fewer at the end."""
    file.seek(place)
    return file.read(count)
