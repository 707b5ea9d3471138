"""Connections that have sent nothing yet, and are not begun while others have."""

from __future__ import annotations

import asyncio
import selectors
import socket
from collections.abc import Callable, Iterator

from stenolog.bootstrap.http.lines import OLDEST_SHARE

HEARD_PER_TURN = 128  # told of in a turn of the event loop: 2 ms


class Silent:
    """Holds sockets until they can be read, or are taken out as they are: mostly the newest first.

    They have a selector of their own, which the event loop watches as one.
    """

    def __init__(self, heard: Callable[[int, socket.socket], None]) -> None:
        """`heard` is called with number and socket of one that can be read; it is held no more."""
        self._heard = heard
        self._held: dict[int, socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._selector, self._look)

    def __len__(self) -> int:
        """Count them."""
        return len(self._held)

    def add(self, number: int, silent: socket.socket) -> None:
        """Hold it; the next one has a larger number."""
        self._held[number] = silent
        self._selector.register(silent, selectors.EVENT_READ, number)

    def taken(self, count: int) -> Iterator[socket.socket]:
        """Take out so many, or as many as there were when it began."""
        oldest = count // OLDEST_SHARE
        for number in range(min(count, len(self._held))):
            yield self._take(next(iter(self._held if number < oldest else reversed(self._held))))

    def close(self) -> None:
        """Close all."""
        for silent in self.taken(len(self._held)):
            silent.close()
        self._loop.remove_reader(self._selector)
        self._selector.close()

    def _look(self) -> None:
        for key, _ in self._selector.select(0)[:HEARD_PER_TURN]:
            self._heard(key.data, self._take(key.data))

    def _take(self, number: int) -> socket.socket:
        silent = self._held.pop(number)
        self._selector.unregister(silent)
        return silent
