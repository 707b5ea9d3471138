"""When requests begin: a few in each turn of the event loop, whoever sends one at a time first."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from itertools import islice

BEGUN_PER_TURN = 16  # a turn takes about 10 ms then
AHEAD_PER_TURN = 4  # of them, at least, of clients that sent more behind the request


class Turns:
    """Begins requests in the order in which they came, in two lines.

    A thousand connections can have a request ready in the same turn of the event loop. Were all of
    them begun at once, nobody else would be heard before all were answered.
    """

    def __init__(self) -> None:
        """Start with nobody in line."""
        self._single: deque[Callable[[], None]] = deque()
        self._ahead: deque[Callable[[], None]] = deque()
        self._left = BEGUN_PER_TURN  # of the present turn
        self._goes_on = False

    def begin(self, request: Callable[[], None], *, is_ahead: bool) -> None:
        """Call `request` in its turn, which may be at once.

        `is_ahead` tells that its client has sent more behind it, and does not wait for the answer.
        """
        if self._left and not (is_ahead or self._single):
            self._left -= 1
            request()
        else:
            (self._ahead if is_ahead else self._single).append(request)
        self._go_on()

    def _turn(self) -> None:
        self._goes_on = False
        self._left = BEGUN_PER_TURN
        ahead = min(AHEAD_PER_TURN, len(self._ahead))
        for line, most in ((self._single, self._left - ahead), (self._ahead, self._left)):
            for request in list(islice(line, min(most, self._left))):
                line.popleft()
                self._left -= 1
                request()
        if self._single or self._ahead:
            self._go_on()

    def _go_on(self) -> None:
        if not self._goes_on:
            self._goes_on = True
            asyncio.get_running_loop().call_soon(self._turn)
