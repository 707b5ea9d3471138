"""Decide what an attempt leads to, by AssemblyAI's rules for webhooks. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from stenolog.delivery.outbox import AttemptOutcome, Ending
from stenolog.wire.assemblyai.webhook import (
    ATTEMPT_SPACING_MS,
    ATTEMPT_TIMEOUT_MS,
    ATTEMPTS_MAX,
    is_delivered,
    is_retried,
)

LOOK_MS_FIRST = 1_000
LOOK_MS_MAX = 600_000
# DECISIONS 76: a delivery that cannot be made waits at most this long.
LOOKS_END_MS = 86_400_000  # what cannot be said for a day is not said any more


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How often and how long a receiver is tried; by default as AssemblyAI does."""

    attempts_max: int = ATTEMPTS_MAX
    timeout_ms: int = ATTEMPT_TIMEOUT_MS
    spacing_ms: int = ATTEMPT_SPACING_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The receiver answered in time; its body was not looked at."""

    status: int


@dataclass(frozen=True, slots=True)
class Unanswered:
    """No answer in time: unknown name, no connection, TLS error, or a reply that is not HTTP."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAllowed:
    """The URL leads to an address that is not allowed; nothing was sent.

    Attributes:
        final: The URL itself says so. False: its host's name led there, and may lead elsewhere.
    """

    final: bool = True


Result = Answered | Unanswered | NotAllowed


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Try again after this time."""

    in_ms: int


def outcome_of(result: Result) -> AttemptOutcome:
    """Return the result in one word."""
    match result:
        case NotAllowed():
            return "forbidden"
        case Unanswered():
            return "unanswered"
        case Answered(status=status) if is_delivered(status):
            return "delivered"
        case Answered(status=status):
            return "failed" if is_retried(status) else "refused"


def after_attempt(result: Result, number: int, timing: Timing) -> Retry | Ending:
    """Return what follows attempt `number` (from 1): another one, or the end.

    Source: AssemblyAI's page on webhooks. A 4xx is final; a redirect is not followed and counts
    as any other answer that is no 2xx.
    """
    match outcome_of(result):
        case "delivered":
            return Ending(reason=None)
        case "forbidden":
            # A name server that is wrong for a moment must not cost the customer the delivery.
            if number >= timing.attempts_max or result == NotAllowed(final=True):
                return Ending(reason="forbidden")
            return Retry(in_ms=timing.spacing_ms)
        case "refused":
            return Ending(reason="refused")
        case "failed" | "unanswered":
            if number >= timing.attempts_max:
                return Ending(reason="exhausted")
            return Retry(in_ms=timing.spacing_ms)


def look_again_in_ms(age_ms: int) -> int | None:
    """Return how long to leave what cannot be said yet; None: for ever.

    As long again as it has been owed: looks are a second apart at first, at the end ten minutes.
    """
    if age_ms >= LOOKS_END_MS:
        return None
    return min(max(age_ms, LOOK_MS_FIRST), LOOK_MS_MAX)
