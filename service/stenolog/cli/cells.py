"""Wrap text by the columns that it takes on a terminal: a Chinese character takes two."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

PARTS = re.compile(r"(\s*)(\S+)")
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
    for blanks, word in PARTS.findall(text):
        at = 0
        while at < len(word):
            gap = "" if empty else " " * len(blanks)
            until = _fitting(word, at, width - used - len(gap))
            if until < len(word) and not empty and _fitting(word, at, width - indent) == len(word):
                until = at  # it has room on the next line
            if until == at and empty:
                until = at + 1  # a column for two-column characters: too wide is better than none
            if until > at:
                line += gap + word[at:until]
                used, empty = used + len(gap) + width_of(word[at:until]), False
            at = until
            if at < len(word):
                yield line.rstrip()
                line, used, empty = " " * indent, indent, True
    if line.strip():
        yield line.rstrip()


def _fitting(word: str, begin: int, room: int) -> int:
    """Return up to where the word has room, from `begin` on."""
    used = 0
    for at in range(begin, len(word)):
        used += _columns(word[at])
        if used > room:
            return at
    return len(word)


def _columns(character: str) -> int:
    if unicodedata.category(character) in NO_WIDTH:
        return 0
    return 2 if unicodedata.east_asian_width(character) in WIDE else 1
