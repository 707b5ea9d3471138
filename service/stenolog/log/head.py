"""Wait for the log to grow."""

from __future__ import annotations

import asyncio


class HeadWatch:
    """The last position that the running loop knows, and the callers that wait for it to grow."""

    def __init__(self, head: int) -> None:
        self.head = head
        self._waiting: dict[asyncio.Future[int], int] = {}

    def advance(self, head: int) -> None:
        """Announce that everything up to `head` is committed; call on the loop's own thread."""
        self.head = max(self.head, head)
        for future, after in list(self._waiting.items()):
            if self.head > after and not future.done():
                future.set_result(self.head)

    async def wait(self, *, after: int) -> int:
        """Return the head as soon as it is beyond `after`."""
        if self.head > after:
            return self.head
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting[future] = after
        try:
            return await future
        finally:
            del self._waiting[future]
