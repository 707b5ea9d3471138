"""When a server asks us to come back: the `Retry-After` header, read once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

RETRY_AFTER_MS_MAX = 3_600_000  # a server that asks for more is asked once an hour
SECONDS_DIGITS_MAX = 9


def retry_after_ms(headers: Mapping[str, str], now_ms: int) -> int | None:
    """How long to wait, 0 to an hour; None when the server does not say it readably.

    `headers` has lower-case names. Source: RFC 9110, 10.2.3: seconds or an HTTP date.
    """
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        wait_ms = int(text[:SECONDS_DIGITS_MAX]) * 1000
    else:
        try:
            moment = parsedate_to_datetime(text)
            aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            wait_ms = int(aware.timestamp() * 1000) - now_ms
        except (ValueError, OverflowError):
            return None
    return max(0, min(wait_ms, RETRY_AFTER_MS_MAX))
