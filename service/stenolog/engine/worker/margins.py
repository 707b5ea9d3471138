"""Know how exact the times of words are, line by line. Pure."""

from __future__ import annotations

import bisect


class Margins:
    """How far outside of its times a word may still be heard, by when it begins."""

    def __init__(self) -> None:
        self._starts_ms: list[int] = []
        self._margins_ms: list[int] = []

    def add(self, start_ms: int, margin_ms: int) -> None:
        """Words that begin from `start_ms` on, behind all before, have this margin."""
        assert not self._starts_ms or self._starts_ms[-1] <= start_ms, "lines come in order"
        self._starts_ms.append(start_ms)
        self._margins_ms.append(margin_ms)

    def at(self, start_ms: int) -> int:
        """Return the margin of a word in ms; the widest that there is, where no line is known."""
        place = bisect.bisect_right(self._starts_ms, start_ms) - 1
        return self._margins_ms[place] if place >= 0 else max(self._margins_ms, default=0)

    def later(self, by_ms: int) -> Margins:
        """Return the same margins for times that are later by so much."""
        moved = Margins()
        for start_ms, margin_ms in zip(self._starts_ms, self._margins_ms, strict=True):
            moved.add(start_ms + by_ms, margin_ms)
        return moved
