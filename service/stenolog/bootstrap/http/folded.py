"""Log lines that an attack would repeat: the first at once, then one a minute with a count."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog

FOLDED_MS = 60_000
NAMES_MAX = 64  # names are ours; a fault that made them up would stop here

log = structlog.get_logger()


class Folded:
    """Writes a warning at most once a minute for each name; the next one says how many it is."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._said_at: dict[str, float] = {}
        self._unsaid: dict[str, int] = {}

    def warning(self, event: str, *, reason: str = "", **values: object) -> None:
        """Say it, or count it; `reason` is a name of ours and makes a line of its own."""
        name = f"{event}:{reason}"
        now = self._monotonic()
        said_at = self._said_at.get(name)
        if said_at is not None and (now - said_at) * 1000 < FOLDED_MS:
            self._unsaid[name] += 1
            return
        assert len(self._said_at) < NAMES_MAX
        if reason:
            values["reason"] = reason
        log.warning(event, **values, times=self._unsaid.pop(name, 0) + 1)
        self._said_at[name], self._unsaid[name] = now, 0
