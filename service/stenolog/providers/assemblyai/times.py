"""Read the times in the provider's answers, however they are spelled."""

from __future__ import annotations

from datetime import UTC, datetime

SECONDS_MAX = 100_000_000_000  # the year 5138; more are milliseconds


def time_ms(told: object) -> int | None:
    """Return a time in any of its usual spellings; None when it is none.

    RFC 3339 with any zone, or with none, which is UTC as in older captures; `UTC` or `GMT` behind
    it; or a number of seconds, or milliseconds, since 1970.
    """
    if (
        isinstance(told, int | float)
        and not isinstance(told, bool)
        and 0 < told < SECONDS_MAX * 1000
    ):
        return round(told * 1000) if told < SECONDS_MAX else round(told)
    if not isinstance(told, str):
        return None
    text = told.strip().removesuffix("UTC").removesuffix("GMT").rstrip()
    try:
        at = datetime.fromisoformat(text)
        zoned = at.replace(tzinfo=UTC) if at.tzinfo is None else at
        return round(zoned.timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
