"""Wait after a provider asked for it, with a probe now and then."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from stenolog.backoff import exponential_ms

PAUSE_FIRST_MS = 1_000  # after a refusal that does not say when to come back; doubles
PAUSE_MS_MAX = 60_000
# DECISIONS 132: however long the provider asks for. Callers come up to a quarter later, within a
# minute.
PROBE_MS = 45_000
PROVING_MS = 1_000  # between two requests once it is over, until one of them is answered

log = structlog.get_logger()


class Pause:
    """Lets nobody ask for a while, but one request in `PROBE_MS`.

    One answer may ask for an hour, and concern one path or one moment: no other request is to wait
    that long without anybody having asked again. Once the time is over, requests go one a second
    until one is answered: who waited together does not come back together.
    """

    def __init__(
        self, name: str, what: str, *, ms_max: int = PAUSE_MS_MAX, tells: bool = True
    ) -> None:
        """`name` is the provider's, `what` the kind of request, for the log, if it `tells`.

        `ms_max` is how long it gets where nobody says how long.
        """
        self._name = name
        self._what = what
        self._ms_max = ms_max
        self._tells = tells
        self._until_ms = 0
        self._next_at_ms = 0
        self._counted_ms = -1
        self._refusals = 0
        self._told = False
        self._hear: list[Callable[[], None]] = []
        self._taken = 0
        self._taken_before = 0  # numbers up to this one were taken before the last refusal

    def when_ended(self, call: Callable[[], None]) -> None:
        """Have `call` called whenever an answer, or a restart, has ended it."""
        self._hear.append(call)

    def left_ms(self, now_ms: int) -> int:
        """Return how much longer it lasts; 0: it is over."""
        return max(0, self._until_ms - now_ms)

    def wait_ms(self, now_ms: int, *, probes: bool = True) -> int:
        """Return how long a request has to wait; 0: it may be made now.

        `probes`: while the pause lasts, it may be the one that finds out whether the provider is
        back.
        """
        left_ms = self.left_ms(now_ms)
        if not left_ms:
            self._tell_end()
            if not self._refusals:
                return 0
        wait_ms = max(0, self._next_at_ms - now_ms)
        if not wait_ms and left_ms and not probes:
            return min(left_ms, PROBE_MS)
        return wait_ms

    def take(self, now_ms: int) -> int:
        """Count a request that is made now, or will be at once; return its number.

        Until the provider has answered after a refusal, it is the only one for a while.
        """
        self._taken += 1
        if self.left_ms(now_ms):
            self._next_at_ms = min(self._until_ms, now_ms + PROBE_MS)
        else:
            self._next_at_ms = now_ms + PROVING_MS
        return self._taken

    def holds(self, number: int) -> bool:
        """Tell whether the request that was counted under this number may still be made."""
        return number > self._taken_before

    def give_back(self, number: int, now_ms: int) -> None:
        """Let another one go instead of the request of this number, which is not made after all.

        One that a refusal has overtaken has no place to give back: the refusal has made a new wait.
        """
        if number == self._taken and self.holds(number):
            self._next_at_ms = now_ms

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
                self._refusals, first_ms=PAUSE_FIRST_MS, ceiling_ms=self._ms_max
            )
        self._until_ms = max(self._until_ms, now_ms + wait_ms)
        self._next_at_ms = min(self._until_ms, now_ms + PROBE_MS)
        self._taken_before = self._taken
        if self._tells and not self._told and wait_ms:
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
        lasted = bool(self._refusals or self._until_ms)
        self._refusals = self._until_ms = self._taken_before = 0
        self._tell_end()
        if lasted:
            for call in self._hear:
                call()

    def _tell_end(self) -> None:
        if self._told:
            self._told = False
            log.info("provider.resumed", provider=self._name, requests=self._what)
