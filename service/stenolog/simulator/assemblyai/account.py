"""Limit an account: so many jobs at once, so many requests in a window."""

from __future__ import annotations

import heapq
from collections import deque

NEVER_MS = 10**15  # a turn that does not come: longer than any clock here counts
WINDOW_MS = 300_000  # AssemblyAI: 20,000 requests in 5 minutes


class JobQueue:
    """Gives jobs their turns, first come, first served; a job's end is known when it is made."""

    def __init__(self, concurrency: int | None) -> None:
        """`concurrency` None: everything runs at once."""
        self._free_at_ms = [0] * (concurrency or 0)

    def wait_ms(self, created_ms: int, run_ms: int | None) -> int:
        """Return how long a new job waits for its turn; `run_ms` None: it never ends."""
        if not self._free_at_ms:
            return 0
        starts_ms = max(created_ms, self._free_at_ms[0])
        ends_ms = NEVER_MS if run_ms is None else starts_ms + run_ms
        heapq.heapreplace(self._free_at_ms, ends_ms)
        return starts_ms - created_ms


class RequestWindow:
    """Allows so many requests in a sliding window."""

    def __init__(self, requests_max: int | None, window_ms: int = WINDOW_MS) -> None:
        """`requests_max` None: as many as come."""
        self._requests_max = requests_max
        self._window_ms = window_ms
        self._times_ms: deque[int] = deque()

    def retry_after_s(self, now_ms: int) -> int | None:
        """None for a request that is allowed, and counted; else when to come back, in seconds."""
        if self._requests_max is None:
            return None
        while self._times_ms and self._times_ms[0] + self._window_ms <= now_ms:
            self._times_ms.popleft()
        if len(self._times_ms) < self._requests_max:
            self._times_ms.append(now_ms)
            return None
        wait_ms = self._times_ms[0] + self._window_ms - now_ms if self._times_ms else 1
        return max(1, -(-wait_ms // 1000))
