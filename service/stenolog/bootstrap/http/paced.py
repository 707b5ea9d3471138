"""Let large things begin one after another, in turns of the event loop."""

from __future__ import annotations

import asyncio
from collections import deque


class Paced:
    """Lets so many bytes through in a turn of the event loop, in the order of asking.

    What many wait for, such as one answer for all of them, they get in the same turn; each would
    then make its own of it before anybody else is heard.
    """

    def __init__(self, bytes_per_turn: int) -> None:
        """The last that goes in a turn may exceed it."""
        self._bytes_per_turn = bytes_per_turn
        self._left_bytes = bytes_per_turn  # of the present turn
        self._line: deque[tuple[asyncio.Future[None], int]] = deque()
        self._goes_on = False

    async def wait(self, size_bytes: int) -> None:
        """Return when it is the turn of so many bytes, which may be at once."""
        if self._line or self._left_bytes <= 0:
            mine = asyncio.get_running_loop().create_future()
            self._line.append((mine, size_bytes))
            await mine
        else:
            self._left_bytes -= size_bytes
            self._go_on()

    def _turn(self) -> None:
        self._goes_on = False
        self._left_bytes = self._bytes_per_turn
        while self._line and self._left_bytes > 0:
            first, size_bytes = self._line.popleft()
            if not first.done():  # whoever waited may be gone
                first.set_result(None)
                self._left_bytes -= size_bytes
        if self._left_bytes < self._bytes_per_turn:
            self._go_on()

    def _go_on(self) -> None:
        if not self._goes_on:
            self._goes_on = True
            asyncio.get_running_loop().call_soon(self._turn)
