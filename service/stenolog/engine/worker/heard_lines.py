"""Know the lines that were recognised, and how exact the times of their words are. Pure."""

from __future__ import annotations

import bisect
from collections.abc import Iterator

from stenolog.intelligence.redaction import HeardLine

NO_LINE = HeardLine(start_ms=0, end_ms=0, margin_ms=0)


class HeardLines:
    """Finds the line that a word is in, by when the word begins."""

    def __init__(self) -> None:
        self._lines: list[HeardLine] = []

    def add(self, line: HeardLine) -> None:
        """Take a line more; it begins behind all before."""
        assert not self._lines or self._lines[-1].start_ms <= line.start_ms, "they come in order"
        self._lines.append(line)

    def at(self, start_ms: int) -> HeardLine:
        """Return the last line that begins until then, else the first, else one of no length."""
        place = bisect.bisect_right(self._lines, start_ms, key=lambda line: line.start_ms) - 1
        return self._lines[max(0, place)] if self._lines else NO_LINE

    def later(self, by_ms: int) -> HeardLines:
        """Return the same lines for times that are later by so much."""
        moved = HeardLines()
        for line in self:
            moved.add(
                HeardLine(
                    start_ms=line.start_ms + by_ms,
                    end_ms=line.end_ms + by_ms,
                    margin_ms=line.margin_ms,
                )
            )
        return moved

    def __iter__(self) -> Iterator[HeardLine]:
        return iter(self._lines)
