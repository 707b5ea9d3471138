"""Correct what was tried when the clock was set back. Pure."""

from __future__ import annotations

from dataclasses import replace

from stenolog.reconciler.attempts import Attempts


def clock_set_back(attempts: Attempts) -> Attempts:
    """Forget when to ask again: the clock that said so was set back."""
    return replace(attempts, retry_at_ms=0)


def not_in_future(attempts: Attempts, now_ms: int) -> Attempts:
    """Move what was tried later than now to now: the clock that said so was set back."""
    told_ms = [one.asked_at_ms for one in attempts.unconfirmed]
    noted_ms = (attempts.checked_at_ms, attempts.asked_at_ms, attempts.swept_at_ms)
    if max(*noted_ms, attempts.denied_at_ms, *told_ms) <= now_ms:
        return attempts
    return replace(
        attempts,
        checked_at_ms=min(attempts.checked_at_ms, now_ms),
        asked_at_ms=min(attempts.asked_at_ms, now_ms),
        swept_at_ms=min(attempts.swept_at_ms, now_ms),
        denied_at_ms=min(attempts.denied_at_ms, now_ms),
        unconfirmed=tuple(
            replace(one, asked_at_ms=min(one.asked_at_ms, now_ms)) for one in attempts.unconfirmed
        ),
    )
