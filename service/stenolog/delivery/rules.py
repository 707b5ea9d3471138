"""Decide what an attempt leads to, by AssemblyAI's rules for webhooks. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stenolog.delivery.outbox import AttemptOutcome, Ending
from stenolog.wire.assemblyai.webhook import (
    ATTEMPT_SPACING_MS,
    ATTEMPT_TIMEOUT_MS,
    ATTEMPTS_MAX,
    is_delivered,
    is_retried,
)

LEASE_MS = 60_000  # longer than waiting for views and audio, an attempt and the writes around
LOOK_MS_FIRST = 1_000
LOOK_MS_MAX = 600_000
# DECISIONS 76: a delivery that cannot be made waits at most this long.
LOOKS_END_MS = 86_400_000  # what cannot be said for a day is not said any more
# DECISIONS 98: a receiver that swallows every call would hold its slots for ever.
RETRIES_END_MS = 2 * LOOKS_END_MS  # what a receiver missed while it was down gets one attempt then
CALLS_END_MS = 7 * LOOKS_END_MS  # and none then: no delivery is owed for ever
FAULTS_MAX = 20  # errors of our own over one delivery: ten attempts, and then its end


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How often and how long a receiver is tried; by default as AssemblyAI does."""

    attempts_max: int = ATTEMPTS_MAX
    timeout_ms: int = ATTEMPT_TIMEOUT_MS
    spacing_ms: int = ATTEMPT_SPACING_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The receiver answered in time.

    Attributes:
        body: The beginning of what it said besides; nobody decides by it.
        retry_after_ms: When it wants to be called again, if it says so.
        tls: What encrypts the connection; None: nothing.
    """

    status: int
    body: bytes = b""
    retry_after_ms: int | None = None
    tls: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Unanswered:
    """No answer in time: unknown name, no connection, TLS error, or a reply that is not HTTP."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAllowed:
    """The URL leads to an address that is not allowed; nothing was sent.

    Attributes:
        final: It always will, because the URL says so. False: its host's name leads there, now.
        setting: The setting that would allow it; empty when none would.
    """

    reason: str
    final: bool
    setting: str = ""


@dataclass(frozen=True, slots=True)
class Crashed:
    """An error of our own, which nobody foresaw, came in between; something may have been sent."""


@dataclass(frozen=True, slots=True)
class NotMade:
    """This machine could not make the call (no socket, no route of its own): it is no attempt."""

    reason: str


Result = Answered | Unanswered | NotAllowed | Crashed


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
        case Crashed():
            return "crashed"
        case Answered(status=status) if is_delivered(status):
            return "delivered"
        case Answered(status=status):
            return "failed" if is_retried(status) else "refused"


def after_attempt(
    result: Result, number: int, timing: Timing, *, owed_ms: int = 0
) -> Retry | Ending:
    """Return what follows attempt `number` (from 1): another one, or the end.

    `owed_ms` is how long the delivery has been owed: what is told late because its receiver was
    down has one attempt.

    Source: AssemblyAI's page on webhooks. A 4xx is final; a redirect is not followed and counts
    as any other answer that is no 2xx.
    """
    last = number >= timing.attempts_max or owed_ms >= RETRIES_END_MS
    match result:
        case Answered(status=status) if is_delivered(status):
            return Ending(reason=None)
        case Answered(status=status) if not is_retried(status):
            return Ending(reason="refused")
        case NotAllowed(final=final) if final or last:
            return Ending(reason="forbidden")
        case _ if last:
            return Ending(reason="exhausted")
        case _:
            return Retry(in_ms=timing.spacing_ms)


def why(result: Result) -> dict[str, str]:
    """Tell an operator why a result delivered nothing, and what to set."""
    match result:
        case Answered(status=status):
            return {"reason": f"the receiver answered {status}"}
        case Unanswered(reason=reason) | NotAllowed(reason=reason, setting=""):
            return {"reason": reason}
        case NotAllowed(reason=reason, setting=setting):
            return {"reason": reason, "setting": setting}
        case Crashed():
            return {"reason": "an error of our own; see delivery.crashed"}


def look_again_in_ms(waited_ms: int) -> int | None:
    """Return how long to leave what cannot be said yet; None: for ever.

    As long again as it has waited: looks are a second apart at first, at the end ten minutes.
    """
    if waited_ms >= LOOKS_END_MS:
        return None
    return min(max(waited_ms, LOOK_MS_FIRST), LOOK_MS_MAX)
