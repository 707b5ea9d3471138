"""Wrap text by the columns that it takes on a terminal: a Chinese character takes two."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

WIDE = frozenset("WF")
NO_WIDTH = frozenset({"Mn", "Me", "Cf"})


def width_of(text: str) -> int:
    """Return how many columns a text takes."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def wrap(text: str, *, width: int, first: str = "", indent: int = 0) -> Iterator[str]:
    """Yield lines of at most `width` columns; `first` begins the first, blanks all others.

    What is longer than a line is broken where the line ends, as Chinese is.
    """
    line, used, empty = first, width_of(first), True
    for word in text.split():
        rest = word
        while rest:
            gap = "" if empty else " "
            room = width - used - len(gap)
            if width_of(rest) <= room:
                line += gap + rest
                used += len(gap) + width_of(rest)
                rest, empty = "", False
                continue
            piece = _fitting(rest, room) if empty or width_of(rest) > width - indent else ""
            yield (line + gap + piece).rstrip()
            rest = rest[len(piece) :]
            line, used, empty = " " * indent, indent, True
    if not empty or line.strip():
        yield line.rstrip()


def _fitting(text: str, room: int) -> str:
    """Return as much of the beginning as has room: at least one character with its marks."""
    used = 0
    for at, character in enumerate(text):
        used += _columns(character)
        if used > room and at:
            return text[:at]
    return text


def _columns(character: str) -> int:
    if unicodedata.category(character) in NO_WIDTH:
        return 0
    return 2 if unicodedata.east_asian_width(character) in WIDE else 1
