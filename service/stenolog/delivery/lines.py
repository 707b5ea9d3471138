"""Write the log lines of deliveries: what fails again and again has one line a minute."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog

from stenolog.delivery.outbox import Attempt, AttemptOutcome, Ending, Leased
from stenolog.delivery.rules import Result, Retry, why
from stenolog.repeated import Repeated

FAILURES: tuple[AttemptOutcome, ...] = ("failed", "unanswered", "forbidden", "refused", "crashed")

log = structlog.get_logger(__name__)


class DeliveryLines:
    """Tells of attempts and ends; `times` says how many a warning stands for.

    A receiver's lane has a warning when it begins to fail in one way or another, then one a minute.
    What no warning was written for is at level debug while it is tried again, and at info when it
    has ended: the transcription's id is there.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`monotonic` gives seconds."""
        self._repeated = Repeated(monotonic=monotonic)

    def attempted(
        self, leased: Leased, attempt: Attempt, result: Result, receiver: str, then: Retry | Ending
    ) -> None:
        """Tell of an attempt; a warning has reason and remedy."""
        line: dict[str, object] = {
            "attempt": attempt.number,
            "outcome": attempt.outcome,
            "receiver": receiver,
            "status": attempt.status,
            "took_ms": attempt.took_ms,
            "retry_in_ms": then.in_ms if isinstance(then, Retry) else None,
            "ended": then.reason or "succeeded" if isinstance(then, Ending) else None,
        }
        if attempt.outcome == "delivered":
            log.info("delivery.attempted", **line)
            self._works(leased.lane, receiver)
            return
        times = self._repeated.times((leased.lane, attempt.outcome))
        if times:
            log.warning("delivery.attempted", **line, **why(result), times=times)
        elif isinstance(then, Ending):
            log.info("delivery.attempted", **line, **why(result))
        else:
            log.debug("delivery.attempted", **line, **why(result))

    def abandoned(self, leased: Leased, ending: Ending) -> None:
        """Tell of a delivery that ends without another attempt."""
        times = self._repeated.times((leased.lane, "abandoned", ending.reason))
        if not times:
            log.info("delivery.abandoned", reason=ending.reason)
            return
        log.warning(
            "delivery.abandoned",
            reason=ending.reason,
            times=times,
            advice="tell the customer, who can read the transcript itself",
        )

    def put_off(self, reason: str, retry_in_ms: int) -> None:
        """Tell of one that a store put off: all of them meet the same store."""
        times = self._repeated.times("put_off")
        if times:
            log.warning("delivery.put_off", reason=reason, retry_in_ms=retry_in_ms, times=times)

    def not_made(self, reason: str, retry_in_ms: int) -> None:
        """Tell of one that this machine could not make: all of them meet the same machine."""
        times = self._repeated.times("not_made")
        if times:
            log.error(
                "delivery.not_made",
                reason=reason,
                retry_in_ms=retry_in_ms,
                times=times,
                advice="see what this machine lacks: file descriptors, ports, a route",
            )

    def _works(self, lane: str, receiver: str) -> None:
        over = [outcome for outcome in FAILURES if self._repeated.is_over((lane, outcome))]
        if over:
            log.info("delivery.receiver_works_again", receiver=receiver, before=over)
