"""Lines of what waits for a turn of the event loop."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Generic, TypeVar

OLDEST_SHARE = 4  # of those that are taken at once, one in so many comes from the other end

Item = TypeVar("Item")


class NewestFirst(Generic[Item]):
    """Gives out what came last, and always some of what has waited longest.

    Whoever comes behind a crowd need not wait until all of it was served; and nobody waits for ever
    where more comes all the time than can be served.
    """

    def __init__(self) -> None:
        """Start with nothing."""
        self._items: deque[Item] = deque()

    def __len__(self) -> int:
        """Count what waits."""
        return len(self._items)

    def add(self, item: Item) -> None:
        """Wait from now on."""
        self._items.append(item)

    def taken(self, count: int) -> Iterator[Item]:
        """Take out so many, or as many as there were when it began."""
        oldest = count // OLDEST_SHARE
        for number in range(min(count, len(self._items))):
            yield self._items.popleft() if number < oldest else self._items.pop()
