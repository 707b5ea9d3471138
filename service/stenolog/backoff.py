"""Compute how long to wait before the next attempt. Pure: chance is a parameter."""

from __future__ import annotations

CHANCES = 64


def exponential_ms(attempt: int, *, first_ms: int, ceiling_ms: int) -> int:
    """Return the wait after `attempt`: doubles from `first_ms`, never over `ceiling_ms`.

    `attempt` counts from 1. Where many wait for the same thing, callers spread them: `sooner_ms`.
    """
    assert attempt >= 1
    return min(ceiling_ms, first_ms << min(attempt - 1, 30))


def sooner_ms(wait_ms: int, chance: float) -> int:
    """Return half to all of a wait of our own choice; `chance` is 0 to 1, and 1 is all of it."""
    return wait_ms - int(wait_ms * (1 - chance) / 2)


def later_ms(wait_ms: int, chance: float) -> int:
    """Return up to a quarter more than a wait that was asked for; `chance` 1 is exactly it."""
    return wait_ms + int(wait_ms * (1 - chance) / 4)


def one_of_few(chance: float) -> float:
    """Return the nearest of 65 chances, 0 to 1, for what many remember."""
    return round(chance * CHANCES) / CHANCES
