"""When requests begin: a few in each turn of the event loop, and who waits for them first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import IntEnum

from stenolog.bootstrap.http.lines import NewestFirst

BEGUN_PER_TURN = 8  # which take about 3 ms
LEAST_PER_TURN = 2  # of each line that has so many


class Rank(IntEnum):
    """Whose requests begin first."""

    KEPT = 0  # those for which places are kept: callbacks and probes
    SINGLE = 1  # whose client waits for the answer
    AHEAD = 2  # whose client has sent more behind it


class Turns:
    """Begins requests in the order of their ranks; of a rank, mostly the newest first.

    A thousand connections can have a request ready in the same turn of the event loop. Were all of
    them begun at once, nobody else would be heard before all were answered.
    """

    def __init__(self) -> None:
        """Start with nobody in line."""
        self._lines: tuple[NewestFirst[Callable[[], None]], ...] = tuple(
            NewestFirst() for _ in Rank
        )
        self._left = BEGUN_PER_TURN  # of the present turn
        self._goes_on = False

    def begin(self, request: Callable[[], None], rank: Rank) -> None:
        """Call `request` in its turn, which may be at once."""
        if rank is Rank.AHEAD or not self._left or any(self._lines[: rank + 1]):
            self._lines[rank].add(request)
        else:
            self._left -= 1
            request()
        self._go_on()

    def _turn(self) -> None:
        self._goes_on = False
        self._left = BEGUN_PER_TURN
        for rank, line in enumerate(self._lines):
            others = sum(min(LEAST_PER_TURN, len(other)) for other in self._lines[rank + 1 :])
            for request in line.taken(self._left - others):
                self._left -= 1
                request()
        if any(self._lines):
            self._go_on()

    def _go_on(self) -> None:
        if not self._goes_on:
            self._goes_on = True
            asyncio.get_running_loop().call_soon(self._turn)
