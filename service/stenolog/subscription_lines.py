"""Write what subscriptions meet to the service's own log, with the same lines for each."""

from __future__ import annotations

from typing import Protocol

import structlog

from stenolog.errors import RecordDamaged, StoreError

MEND = "run stenolog log verify"

log = structlog.get_logger()


class Missing(Protocol):
    """Positions that have no record."""

    @property
    def first(self) -> int:
        """The first of them."""
        ...

    @property
    def last(self) -> int:
        """The last of them."""
        ...


class SubscriptionLines:
    """Keeps the promise of `log.subscription.Reports`; each line names the follower first."""

    def __init__(self, name: str) -> None:
        """`name` is what the lines are called after: `projector.interrupted`."""
        self._name = name

    def record_damaged(self, damaged: RecordDamaged) -> None:
        """Write one line at level error."""
        log.error(
            f"{self._name}.record_damaged",
            position=damaged.position,
            stream=damaged.stream,
            reason=str(damaged),
            mend=MEND,
        )

    def records_missing(self, missing: Missing) -> None:
        """Write one line at level error."""
        log.error(
            f"{self._name}.records_missing", first=missing.first, last=missing.last, mend=MEND
        )

    def interrupted(self, failure: StoreError, retry_in_ms: int) -> None:
        """Write one line at level warning."""
        log.warning(f"{self._name}.interrupted", reason=str(failure), retry_in_ms=retry_in_ms)
