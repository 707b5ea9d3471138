"""Choose which of many like log lines is written: the first, then one a minute with the count."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from stenolog.bounded import BoundedMemory

TOLD_EVERY_MS = 60_000
KEYS_MAX = 10_000  # what is forgotten beyond them is told as if it were the first


@dataclass(slots=True)
class _Told:
    at: float
    untold: int = 0


class Repeated:
    """Counts what repeats, so that a fault that lasts does not fill the log."""

    def __init__(
        self,
        *,
        every_ms: int = TOLD_EVERY_MS,
        keys_max: int = KEYS_MAX,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`monotonic` gives seconds."""
        self._every_ms = every_ms
        self._monotonic = monotonic
        self._told: BoundedMemory[Hashable, _Told] = BoundedMemory(keys_max)

    def times(self, key: Hashable, count: int = 1) -> int:
        """Count one of `key`, or `count`; return how many a line stands for now, 0: write none.

        The first is written at once, and later ones at most once a minute.
        """
        told = self._told.get(key)
        if told is None:
            self._told.put(key, _Told(self._monotonic()))
            return count
        told.untold += count
        if not self._is_due(told):
            return 0
        times, told.untold, told.at = told.untold, 0, self._monotonic()
        return times

    def is_over(self, key: Hashable) -> bool:
        """Note that it works again; True when the next one of `key` is a first one again.

        Within a minute after a line it is not: what fails and works in turns fills no log either.
        """
        told = self._told.get(key)
        if told is None or not self._is_due(told):
            return False
        self._told.pop(key)
        return True

    def _is_due(self, told: _Told) -> bool:
        return (self._monotonic() - told.at) * 1000 >= self._every_ms
