"""Limit how fast one account is asked: one window and one pause for requests of every kind."""

from __future__ import annotations

import time
from collections import deque

from stenolog.backoff import exponential_ms
from stenolog.clock import NowMs
from stenolog.errors import ProviderUnavailable

WINDOW_MS = 300_000
# AssemblyAI: 20,000 requests in 5 minutes per account. One in a hundred is left for what the
# provider counts otherwise, such as requests that were on their way when its window began.
# DECISIONS 19: everything that asks the account counts.
REQUESTS_MAX = 19_800
BUCKET_MS = 1_000  # requests of the same second leave the window together, the last one's time
PAUSE_FIRST_MS = 1_000  # after a 429 that does not say when to come back; doubles
PAUSE_MS_MAX = 60_000


def monotonic_ms() -> int:
    """Return milliseconds on a clock that cannot be set, so that no pause lasts too long."""
    return time.monotonic_ns() // 1_000_000


class Pace:
    """Counts the requests of one account; everything that asks the account shares it."""

    def __init__(self, *, requests_max: int | None = REQUESTS_MAX, now_ms: NowMs = monotonic_ms):
        """`requests_max` is for `WINDOW_MS`; None: only the provider's own word counts."""
        self._requests_max = requests_max
        self._now_ms = now_ms
        self._buckets: deque[list[int]] = deque()
        self._count = 0
        self._paused_until_ms = 0
        self._refusals = 0

    def check(self) -> None:
        """Raise unless a request may be made now.

        Raises:
            ProviderUnavailable: The provider asked everybody to wait, or the window is full; it
                says for how long.
        """
        now = self._now_ms()
        if now < self._paused_until_ms:
            raise ProviderUnavailable(
                "the provider asked us to wait",
                status=429,
                retry_in_ms=self._paused_until_ms - now,
            )
        self._forget(now)
        if self._requests_max is not None and self._count >= self._requests_max:
            raise ProviderUnavailable(
                f"{self._count} requests in the last {WINDOW_MS // 1000} s",
                status=429,
                retry_in_ms=max(1, self._buckets[0][0] + BUCKET_MS + WINDOW_MS - now),
            )

    def take(self) -> None:
        """Count a request that is about to be made.

        Raises:
            ProviderUnavailable: As from `check`; then nothing was counted.
        """
        self.check()
        if self._requests_max is None:
            return
        second = self._now_ms() // BUCKET_MS * BUCKET_MS
        if not self._buckets or self._buckets[-1][0] != second:
            self._buckets.append([second, 0])
        self._buckets[-1][1] += 1
        self._count += 1

    def refused(self, wait_ms: int | None) -> None:
        """Pause all requests after a 429, for `wait_ms`.

        Without `wait_ms` the pause doubles with each refusal in a row.
        """
        self._refusals += 1
        if wait_ms is None:
            wait_ms = exponential_ms(
                self._refusals, first_ms=PAUSE_FIRST_MS, ceiling_ms=PAUSE_MS_MAX
            )
        self._paused_until_ms = max(self._paused_until_ms, self._now_ms() + wait_ms)

    def answered(self) -> None:
        """Note an answer, so that the next refusal pauses as briefly as the first."""
        self._refusals = 0

    def resume(self) -> None:
        """End the pause: the service that asked for it was restarted."""
        self._refusals = 0
        self._paused_until_ms = 0

    def _forget(self, now_ms: int) -> None:
        """Drop requests that are older than the window."""
        while self._buckets and self._buckets[0][0] + BUCKET_MS + WINDOW_MS <= now_ms:
            self._count -= self._buckets.popleft()[1]
