"""Turn times in seconds into whole milliseconds."""

from __future__ import annotations

import math

MS_PER_S = 1_000
SECONDS_MAX = 1e9  # thirty years: whatever is beyond is no time


def ms(seconds: object) -> int | None:
    """Return a number of seconds in ms, rounded; None when it is no time.

    It never decreases as the seconds grow, so that what was in order stays in order.
    """
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    if not 0 <= seconds <= SECONDS_MAX:  # NaN is not either
        return None
    return math.floor(seconds * MS_PER_S + 0.5)


def whole_seconds(duration_ms: int | None) -> int | None:
    """Return a duration in seconds, rounded up as AssemblyAI's `audio_duration` is."""
    return None if duration_ms is None else -(-duration_ms // MS_PER_S)
