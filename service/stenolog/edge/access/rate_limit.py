"""Limit how many requests one API key may make, by a token bucket that refills evenly."""

from __future__ import annotations

import time
from collections.abc import Callable

from stenolog.bounded import BoundedMemory
from stenolog.errors import RateLimited

MINUTE_S = 60.0
KEYS_MAX = 10_000  # the least recently used one starts anew


class RateLimit:
    """Allows `per_minute` requests in a burst, and as many a minute in the long run."""

    def __init__(self, per_minute: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._monotonic = monotonic
        self._buckets: BoundedMemory[str, tuple[float, float]] = BoundedMemory(KEYS_MAX)

    def take(self, key_id: str) -> None:
        """Count one request.

        Raises:
            RateLimited: The bucket is empty; says when there will be one request in it.
        """
        if not self._per_minute:
            return
        now, per_second = self._monotonic(), self._per_minute / MINUTE_S
        filled_at, level = self._buckets.get(key_id) or (now, float(self._per_minute))
        level = min(float(self._per_minute), level + (now - filled_at) * per_second)
        if level < 1.0:
            self._buckets.put(key_id, (now, level))
            retry_in_ms = int((1.0 - level) / per_second * 1000) + 1
            raise RateLimited(
                f"This API key may make {self._per_minute} requests a minute", retry_in_ms
            )
        self._buckets.put(key_id, (now, level - 1.0))
