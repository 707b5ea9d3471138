"""Keep one time for each transcription at which to look at it, the earliest first."""

from __future__ import annotations

import heapq

DUE_LOOKED_AT_MAX = 6_000  # entries, outdated ones too, of which half are valid at least
DUE_COUNTED_MAX = 3_000
STALE_MIN = 64  # entries that were replaced and may lie about before they are swept out


class Agenda:
    """Holds at most one time for each id; its memory grows with the ids, not with the puts."""

    def __init__(self) -> None:
        self._entries: list[tuple[int, str]] = []
        self._due_at: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._due_at)

    def __contains__(self, item: str) -> bool:
        return item in self._due_at

    def put(self, item: str, due_ms: int) -> bool:
        """Look at `item` at `due_ms` unless it is due earlier; tell whether its time changed."""
        before = self._due_at.get(item)
        if before is not None and before <= due_ms:
            return False
        self._due_at[item] = due_ms
        heapq.heappush(self._entries, (due_ms, item))
        if len(self._entries) > 2 * len(self._due_at) + STALE_MIN:
            self._entries = [(due, known) for known, due in self._due_at.items()]
            heapq.heapify(self._entries)
        return True

    def take(self, now_ms: int) -> str | None:
        """Take the item that is due first off the agenda; None when nothing is due."""
        if not self._drop_stale() or self._entries[0][0] > now_ms:
            return None
        _, item = heapq.heappop(self._entries)
        del self._due_at[item]
        return item

    def drop(self, item: str) -> None:
        """Take the item off the agenda, whenever it is due."""
        self._due_at.pop(item, None)

    def next_ms(self) -> int | None:
        """Return when the first item is due; None when there is none."""
        return self._entries[0][0] if self._drop_stale() else None

    def due_count(self, now_ms: int) -> int:
        """Count the items that are due, `DUE_COUNTED_MAX` at most; looks at no others.

        In the heap those that are due stand together, at its top.
        """
        count = looked_at = 0
        numbers = [0]
        while numbers and looked_at < DUE_LOOKED_AT_MAX and count < DUE_COUNTED_MAX:
            number = numbers.pop()
            if number >= len(self._entries) or self._entries[number][0] > now_ms:
                continue
            looked_at += 1
            due_ms, item = self._entries[number]
            count += self._due_at.get(item) == due_ms
            numbers += (2 * number + 1, 2 * number + 2)
        return count

    def _drop_stale(self) -> bool:
        """Drop outdated entries; tell whether a valid one is left."""
        while self._entries and self._due_at.get(self._entries[0][1]) != self._entries[0][0]:
            heapq.heappop(self._entries)
        return bool(self._entries)
