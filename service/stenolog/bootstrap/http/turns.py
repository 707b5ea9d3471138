"""When requests begin: a few in each turn of the event loop, and who waits for them first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import IntEnum

from stenolog.bootstrap.http.lines import NewestFirst

BEGUN_PER_TURN = 8  # which take about 3 ms
LEAST_PER_TURN = 2  # of each line that has so many
KEPT_PER_TURN = 12  # besides; as many connections begin in a turn


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
        self._kept_left = KEPT_PER_TURN
        self._goes_on = False

    def begin(self, request: Callable[[], None], rank: Rank) -> None:
        """Call `request` in its turn, which may be at once."""
        left = self._kept_left if rank is Rank.KEPT else self._left
        if rank is Rank.AHEAD or not left or any(self._lines[: rank + 1]):
            self._lines[rank].add(request)
        else:
            self._count(rank)
            request()
        self._go_on()

    def _turn(self) -> None:
        self._goes_on = False
        self._left, self._kept_left = BEGUN_PER_TURN, KEPT_PER_TURN
        ahead = min(LEAST_PER_TURN, len(self._lines[Rank.AHEAD]))
        self._begin(Rank.KEPT, self._kept_left)
        self._begin(Rank.SINGLE, self._left - ahead)
        self._begin(Rank.AHEAD, self._left)
        if any(self._lines):
            self._go_on()

    def _begin(self, rank: Rank, most: int) -> None:
        for request in self._lines[rank].taken(most):
            self._count(rank)
            request()

    def _count(self, rank: Rank) -> None:
        if rank is Rank.KEPT:
            self._kept_left -= 1
        else:
            self._left -= 1

    def _go_on(self) -> None:
        if not self._goes_on:
            self._goes_on = True
            asyncio.get_running_loop().call_soon(self._turn)
