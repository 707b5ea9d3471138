"""Read numbers that a provider sends: JSON has more of them than a computer."""

from __future__ import annotations

import math


def finite(value: object) -> float | None:
    """Return a number; None for what is none, is not finite, or is too large for one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def index(value: object) -> int | None:
    """Return a whole number that counts from 0; None for anything else."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
