"""Wait after a provider asked for it, with a probe now and then."""

from __future__ import annotations

import structlog

from stenolog.backoff import exponential_ms

PAUSE_FIRST_MS = 1_000  # after a refusal that does not say when to come back; doubles
PAUSE_MS_MAX = 60_000
# DECISIONS 132: however long the provider asks for. Callers come up to a quarter later, within a
# minute.
PROBE_MS = 45_000

log = structlog.get_logger()


class Pause:
    """Lets nobody ask for a while, but one request in `PROBE_MS`.

    One answer may ask for an hour, and concern one path or one moment: no other request is to wait
    that long without anybody having asked again.
    """

    def __init__(self, name: str, what: str) -> None:
        """`name` is the provider's, `what` the kind of request, for the log."""
        self._name = name
        self._what = what
        self._until_ms = 0
        self._probe_at_ms = 0
        self._counted_ms = -1
        self._refusals = 0
        self._told = False

    def left_ms(self, now_ms: int) -> int:
        """Return how much longer it lasts; 0: it is over."""
        return max(0, self._until_ms - now_ms)

    def wait_ms(self, now_ms: int, *, probes: bool = True) -> int:
        """Return how long a request has to wait; 0: it may be made now.

        `probes`: it may be the one that finds out whether the provider is back.
        """
        left_ms = self.left_ms(now_ms)
        if not left_ms:
            self._end()
            return 0
        if now_ms >= self._probe_at_ms:
            return 0 if probes else min(left_ms, PROBE_MS)
        return min(left_ms, self._probe_at_ms - now_ms)

    def take(self, now_ms: int) -> None:
        """Count a request that is made now: while the pause lasts it is the probe."""
        if self.left_ms(now_ms):
            self._probe_at_ms = now_ms + PROBE_MS

    def begin(self, told_ms: int | None, began_ms: int, now_ms: int) -> None:
        """Begin after a refusal of a request that was made at `began_ms`.

        Without `told_ms` the pause doubles with each refusal in a row. Requests that were made
        before the last refusal came are refused for the same reason, and count once.
        """
        again = began_ms <= self._counted_ms
        if not again:
            self._refusals += 1
            self._counted_ms = now_ms
        wait_ms = told_ms
        if wait_ms is None:
            if again:
                return
            wait_ms = exponential_ms(
                self._refusals, first_ms=PAUSE_FIRST_MS, ceiling_ms=PAUSE_MS_MAX
            )
        self._until_ms = max(self._until_ms, now_ms + wait_ms)
        self._probe_at_ms = now_ms + PROBE_MS
        if not self._told and wait_ms:
            self._told = True
            log.warning(
                "provider.paused",
                provider=self._name,
                requests=self._what,
                for_ms=wait_ms,
                advice="none is needed: one request in a minute asks whether it is over",
            )

    def answered(self, began_ms: int) -> None:
        """Note that a request made at `began_ms` was not refused: after the refusal, it is over."""
        if began_ms > self._counted_ms:
            self.end()

    def end(self) -> None:
        """End it: the provider is back, or was restarted."""
        self._refusals = 0
        self._until_ms = 0
        self._end()

    def _end(self) -> None:
        if self._told:
            self._told = False
            log.info("provider.resumed", provider=self._name, requests=self._what)
