"""One provider that is down is not asked by everybody."""

from __future__ import annotations

from service.backoff import exponential_ms

FIRST_MS = 500
MS_MAX = 30_000


class Breaker:
    """Closed while the provider answers; after a failure it lets one caller through at a time.

    Without it an outage of an hour would put two events a minute into the log for every open
    transcription: with it, two a minute in all.
    """

    def __init__(self) -> None:
        self._failures = 0
        self._open_until_ms = 0
        self._probing = False

    def admits(self, now_ms: int) -> bool:
        """Whether this caller may ask now; after a failure the one admitted is the probe."""
        if not self._failures:
            return True
        if self._probing or now_ms < self._open_until_ms:
            return False
        self._probing = True
        return True

    def retry_at_ms(self, now_ms: int) -> int:
        """When to come back after not being admitted."""
        return max(self._open_until_ms, now_ms + FIRST_MS)

    def succeeded(self) -> None:
        """The provider answered: everybody may ask."""
        self._failures = 0
        self._probing = False

    def spared(self) -> None:
        """The one admitted did not ask after all: the next may."""
        self._probing = False

    def failed(self, now_ms: int, retry_in_ms: int | None = None) -> None:
        """The provider could not be asked, or said not now."""
        self._failures += 1
        self._probing = False
        wait_ms = exponential_ms(self._failures, first_ms=FIRST_MS, ceiling_ms=MS_MAX)
        self._open_until_ms = max(self._open_until_ms, now_ms + max(wait_ms, retry_in_ms or 0))
