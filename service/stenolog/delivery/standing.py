"""Say how an endpoint has answered lately."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How an endpoint has answered lately.

    Attributes:
        failures: In a row, until now.
        failing_since_ms: When the first of them had ended; None: the last attempt succeeded.
        gone_since_ms: When the first 410 came, if nothing else was answered since.
        failed_at_ms: When the last of them ended.
        until_ms: Nothing is sent before.
    """

    failures: int = 0
    failed_at_ms: int = 0
    failing_since_ms: int | None = None
    gone_since_ms: int | None = None
    until_ms: int = 0
