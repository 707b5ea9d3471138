"""Read how long an answer asks to wait."""

from __future__ import annotations

from collections.abc import Mapping

from stenolog.clock import now_ms
from stenolog.egress.retry_after import date_ms, retry_after_ms


def told_wait_ms(headers: Mapping[str, str]) -> int | None:
    """Return how long the answer asks to wait; None: it does not say.

    A time of day is compared with the answer's own: the other side's clock need not be ours.
    """
    return retry_after_ms(headers, date_ms(headers) or now_ms())
