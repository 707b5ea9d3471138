"""Read times from a server's headers: when to come back, and what its clock says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

RETRY_AFTER_MS_MAX = 3_600_000  # a server that asks for more is asked once an hour
SECONDS_DIGITS_MAX = 9


def retry_after_ms(
    headers: Mapping[str, str], now_ms: int, *, most_ms: int = RETRY_AFTER_MS_MAX
) -> int | None:
    """Return how long to wait, 0 to `most_ms`; None when the server does not say it readably.

    `headers` has lower-case names. Source: RFC 9110, 10.2.3: seconds or an HTTP date.
    """
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        wait_ms = int(text[:SECONDS_DIGITS_MAX]) * 1000
    else:
        moment_ms = _http_date_ms(text)
        if moment_ms is None:
            return None
        wait_ms = moment_ms - now_ms
    return max(0, min(wait_ms, most_ms))


def date_ms(headers: Mapping[str, str]) -> int | None:
    """Return the server's own time when it answered; None when it does not say it readably."""
    return _http_date_ms(headers.get("date", "").strip())


def _http_date_ms(text: str) -> int | None:
    try:
        moment = parsedate_to_datetime(text)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return int(aware.timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
