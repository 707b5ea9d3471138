"""Remember when positions of the log became readable, as far as this process has seen."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable

from stenolog.clock import now_us

COMMITS_MAX = 10_000  # a quarter of an hour at ten commits a second


class CommitTimes:
    """Remembers the latest commits of the views."""

    def __init__(self, now: Callable[[], int] = now_us) -> None:
        self._now = now
        self._positions: list[int] = []
        self._times: list[int] = []

    def note(self, position: int) -> None:
        """Note that the views now hold everything up to `position`."""
        if self._positions and position <= self._positions[-1]:
            return  # the views were made anew: what was readable then stays true
        self._positions.append(position)
        self._times.append(self._now())
        if len(self._positions) > COMMITS_MAX:
            del self._positions[: COMMITS_MAX // 2], self._times[: COMMITS_MAX // 2]

    async def at(self, position: int) -> int | None:
        """Tell when `position` became readable, in microseconds since the epoch; None: not seen.

        The first commit that was noted may have held older positions long before.
        """
        if not self._positions or position <= self._positions[0]:
            return None
        found = bisect_left(self._positions, position)
        return self._times[found] if found < len(self._times) else None
