"""Bound how long a long answer may take to come, and to wait for room in the memory."""

from __future__ import annotations

from time import monotonic

from stenolog.errors import EgressFailed

READ_TIMES = 10  # as long as a short request may take, a long answer may take in all
READ_BYTES_PER_S_MIN = (
    32 << 10
)  # of a long answer, on average, once it takes as long as a short one


class ReadTimes:
    """Measures how long a long answer takes, and how long it waits for room in the memory."""

    def __init__(self, timeout_ms: int) -> None:
        """`timeout_ms` is what a short request may take."""
        self._short_s = timeout_ms / 1000
        self._coming_s = self._waiting_s = 0.0
        self._since = monotonic()

    @property
    def room_s_left(self) -> float:
        """For how much longer it may wait for room."""
        return READ_TIMES * self._short_s - self._waiting_s

    def came(self, size: int) -> None:
        """Note that a piece came, with which there are `size` bytes.

        Raises:
            EgressFailed: They took too long.
        """
        self._coming_s += self._lap_s()
        if self._coming_s <= self._short_s:
            return
        slow = size < READ_BYTES_PER_S_MIN * self._coming_s
        if slow or self._coming_s > READ_TIMES * self._short_s:
            raise EgressFailed(f"{size} bytes took {self._coming_s:.1f} s", sent=True)

    def had_room(self) -> None:
        """Note that there was room for the piece that came."""
        self._waiting_s += self._lap_s()

    def _lap_s(self) -> float:
        before, self._since = self._since, monotonic()
        return self._since - before
