"""Log lines that an attack would repeat: the first at once, then one a minute with a count."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog

FOLDED_MS = 60_000
NAMES_MAX = 64  # names are ours; a fault that made them up would stop here

log = structlog.get_logger()


class Folded:
    """Writes a line at most once a minute for each name; the next one says how many it stands for.

    The count of what came last is in the metrics alone, when nothing follows.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._said_at: dict[str, float] = {}
        self._unsaid: dict[str, int] = {}

    def warning(self, event: str, *, advice: str, **values: object) -> None:
        """Warn, or count it."""
        if times := self._times(event):
            log.warning(event, advice=advice, **values, times=times)

    def info(self, event: str, *, reason: str) -> None:
        """Say it, or count it; each `reason`, a name of ours, has a line of its own."""
        if times := self._times(f"{event}:{reason}"):
            log.info(event, reason=reason, times=times)

    def _times(self, name: str) -> int:
        """Return how many times a line stands for; 0 while it is too early for one."""
        now = self._monotonic()
        said_at = self._said_at.get(name)
        if said_at is not None and (now - said_at) * 1000 < FOLDED_MS:
            self._unsaid[name] += 1
            return 0
        assert len(self._said_at) < NAMES_MAX
        times = self._unsaid.get(name, 0) + 1
        self._said_at[name], self._unsaid[name] = now, 0
        return times
