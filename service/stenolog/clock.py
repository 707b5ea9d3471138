"""Read the operating system's clock; everywhere else time is a parameter."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

NowMs = Callable[[], int]
"""Milliseconds since the epoch, UTC."""

NowUs = Callable[[], int]
"""Microseconds since the epoch, UTC."""


def now_ms() -> int:
    """Milliseconds since the epoch, UTC."""
    return time.time_ns() // 1_000_000


def now_us() -> int:
    """Microseconds since the epoch, UTC."""
    return time.time_ns() // 1_000


def steady_us() -> int:
    """Microseconds since any moment: nobody sets this clock, and it runs while the machine sleeps.

    Where there is no such clock (outside Linux), one that stands still while the machine sleeps.
    """
    which = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime_ns(which) // 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """The two clocks that the time of events is told from."""

    wall: NowUs = now_us
    steady: NowUs = steady_us


def rfc3339(microseconds: int) -> str:
    """RFC 3339 in UTC with six digits and Z: `2026-11-21T08:00:00.000000Z`."""
    seconds, rest = divmod(microseconds, 1_000_000)
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{rest:06d}Z"


def microseconds(text: str) -> int:
    """Return the inverse of `rfc3339`.

    Raises:
        ValueError: `text` is not an RFC 3339 time with a zone.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"a time without a zone: {text}")
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond
