"""Keep a provider that is down from being asked by every transcription. Pure: time is passed in."""

from __future__ import annotations

import random
from collections.abc import Callable

from stenolog.backoff import exponential_ms, sooner_ms
from stenolog.errors import (
    ProviderError,
    ProviderHeldBack,
    ProviderOutcomeUnknown,
    ProviderRefused,
    ProviderUnavailable,
)

FIRST_MS = 500
MS_MAX = 30_000


class Breaker:
    """Closed while the provider answers; after a failure only one request at a time probes it.

    The pool of the requests sees to that. Without it, an outage of an hour would append two events
    a minute for every open transcription; with it, four a minute in all.

    Attributes:
        closed: Whether everybody may ask.
        open_until_ms: While it is not closed: when the next one may probe.
        stir: Called when one may ask earlier than was said before; whose breaker it is sets it.
    """

    def __init__(self, chance: Callable[[], float] = random.random) -> None:
        """`chance`, 0 to 1, shortens the waits, so that several gateways do not probe at once."""
        self.closed = True
        self.open_until_ms = 0
        self.stir: Callable[[], None] = lambda: None
        self._chance = chance
        self._failures = 0
        self._counted_ms = 0

    @property
    def failures(self) -> int:
        """How often in a row what was asked has failed."""
        return self._failures

    def succeeded(self) -> None:
        """Note that the provider did what it was asked, or was restarted: everybody may ask."""
        self.reached()
        self._failures = 0

    def reached(self) -> None:
        """Let everybody ask, because a smaller request was answered.

        The next failure waits longer than the last one: what failed has not succeeded yet.
        """
        was_closed, self.closed = self.closed, True
        self.open_until_ms = 0
        if not was_closed:
            self.stir()

    def answered(self, now_ms: int) -> None:
        """Note an answer that says nothing about other requests: the next one may probe at once."""
        if now_ms < self.open_until_ms:
            self.open_until_ms = now_ms
            self.stir()

    def failed(self, began_ms: int, now_ms: int) -> None:
        """Note that the provider could not be asked, or does not take our key.

        A request that began before the last failure was counted tells of the same failure again.
        """
        if began_ms <= self._counted_ms:
            return
        self._counted_ms = now_ms
        self._failures += 1
        wait_ms = exponential_ms(self._failures, first_ms=FIRST_MS, ceiling_ms=MS_MAX)
        self.closed = False
        self.open_until_ms = now_ms + sooner_ms(wait_ms, self._chance())

    def clock_set_back(self) -> None:
        """Let one probe now, because the times that it goes by are no longer known."""
        self.open_until_ms = self._counted_ms = 0
        self.stir()


def heed(breaker: Breaker, answer: ProviderError, began_ms: int, now_ms: int) -> None:
    """Count what the answer to a request says about the provider itself.

    No answer, 5xx and refusals of the account are the provider's; another 4xx is the request's own.
    """
    match answer:
        case ProviderHeldBack():
            pass  # nobody was asked
        case ProviderRefused(status=0):
            pass  # nor here: what was to be sent is gone
        case ProviderRefused(final=True):
            breaker.succeeded()
        case ProviderRefused(concerns="account"):
            breaker.failed(began_ms, now_ms)
        case ProviderRefused():
            breaker.answered(now_ms)
        case ProviderOutcomeUnknown(page=(status, _)) if 400 <= status < 500:
            breaker.answered(now_ms)
        case ProviderUnavailable(status=status) if 400 <= status < 500:
            breaker.answered(now_ms)
        case _:
            breaker.failed(began_ms, now_ms)
