"""Limit how fast one account is asked: one window and one pause for requests of every kind."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass

from stenolog.clock import NowMs
from stenolog.errors import ProviderHeldBack
from stenolog.providers.pause import Pause

WINDOW_MS = 300_000
# AssemblyAI: 20,000 requests in 5 minutes per account. One in a hundred is left for what the
# provider counts otherwise, such as requests that were on their way when its window began.
# DECISIONS 19: everything that asks the account counts.
REQUESTS_MAX = 19_800
BUCKET_MS = 1_000  # requests of the same second leave the window together, the last one's time


def monotonic_ms() -> int:
    """Return milliseconds on a clock that cannot be set, so that no pause lasts too long."""
    return time.monotonic_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Taken:
    """A request that was counted: in which second, and its number for the pause."""

    second_ms: int
    number: int


class Pace:
    """Counts the requests of one account; everything that asks the account shares it.

    Attributes:
        pause: After a 429, which concerns the account.
        now_ms: Its clock.
    """

    def __init__(
        self,
        *,
        requests_max: int | None = REQUESTS_MAX,
        now_ms: NowMs = monotonic_ms,
        name: str = "",
    ) -> None:
        """`requests_max` is for `WINDOW_MS`; None: only the provider's own word counts."""
        self.pause = Pause(name, "all")
        self.now_ms = now_ms
        self._requests_max = requests_max
        self._buckets: deque[list[int]] = deque()
        self._count = 0

    def check(self, *, probes: bool = True) -> None:
        """Raise unless a request may be made now; `probes` is as for `Pause.wait_ms`.

        Raises:
            ProviderHeldBack: The provider asked everybody to wait, or the window is full; it says
                for how long.
        """
        now = self.now_ms()
        wait_ms = self.pause.wait_ms(now, probes=probes)
        if wait_ms:
            raise ProviderHeldBack("the provider asked us to wait", status=429, retry_in_ms=wait_ms)
        self._forget(now)
        if self._requests_max is not None and self._count >= self._requests_max:
            raise ProviderHeldBack(
                f"{self._count} requests in the last {WINDOW_MS // 1000} s",
                status=429,
                retry_in_ms=max(1, self._buckets[0][0] + BUCKET_MS + WINDOW_MS - now),
            )

    def take(self, *, probes: bool = True) -> Taken:
        """Count a request that is about to be made.

        Raises:
            ProviderHeldBack: As from `check`; then nothing was counted.
        """
        self.check(probes=probes)
        now = self.now_ms()
        taken = Taken(now // BUCKET_MS * BUCKET_MS, self.pause.take(now))
        if self._requests_max is not None:
            if not self._buckets or self._buckets[-1][0] != taken.second_ms:
                self._buckets.append([taken.second_ms, 0])
            self._buckets[-1][1] += 1
            self._count += 1
        return taken

    def give_back(self, taken: Taken) -> None:
        """Count a request no more, which is not made after all."""
        self.pause.give_back(taken.number, self.now_ms())
        for bucket in reversed(self._buckets):
            if bucket[0] == taken.second_ms:
                bucket[1] -= 1
                self._count -= 1
                return

    def _forget(self, now_ms: int) -> None:
        """Drop requests that are older than the window."""
        while self._buckets and self._buckets[0][0] + BUCKET_MS + WINDOW_MS <= now_ms:
            self._count -= self._buckets.popleft()[1]
