"""Keep a provider that is down from being asked by every transcription."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from stenolog.backoff import exponential_ms

FIRST_MS = 500
MS_MAX = 30_000


class Breaker:
    """Closed while the provider answers; after a failure it admits one caller at a time.

    Without it, an outage of an hour would append two events a minute for every open transcription;
    with it, four a minute in all.
    """

    def __init__(self) -> None:
        self._failures = 0
        self._open_until_ms = 0
        self._probing = False

    @contextmanager
    def turn(self, now_ms: int) -> Iterator[bool]:
        """Tell whether this caller may ask now; one that is admitted after a failure probes.

        However the block ends, the next caller may be the probe.
        """
        if not self._failures:
            yield True
        elif self._probing or now_ms < self._open_until_ms:
            yield False
        else:
            self._probing = True
            try:
                yield True
            finally:
                self._probing = False

    def retry_at_ms(self, now_ms: int) -> int:
        """Return when a caller that was not admitted may come back."""
        return max(self._open_until_ms, now_ms + FIRST_MS)

    def succeeded(self) -> None:
        """Note that the provider answered, or was restarted: every caller is admitted."""
        self._failures = 0
        self._open_until_ms = 0

    def clock_set_back(self) -> None:
        """Admit one caller now, because the time until which to wait is no longer known."""
        self._open_until_ms = 0

    def failed(self, now_ms: int, retry_in_ms: int | None = None) -> None:
        """Note that the provider could not be asked, said not now, or does not take our key."""
        self._failures += 1
        wait_ms = exponential_ms(self._failures, first_ms=FIRST_MS, ceiling_ms=MS_MAX)
        self._open_until_ms = max(self._open_until_ms, now_ms + max(wait_ms, retry_in_ms or 0))
