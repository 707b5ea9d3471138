"""Compute how long to wait before the next attempt."""

from __future__ import annotations


def exponential_ms(attempt: int, *, first_ms: int, ceiling_ms: int) -> int:
    """Return the wait after `attempt`: doubles from `first_ms`, never over `ceiling_ms`.

    `attempt` counts from 1. No jitter: callers add it where many wait for the same thing.
    """
    assert attempt >= 1
    return min(ceiling_ms, first_ms << min(attempt - 1, 30))
