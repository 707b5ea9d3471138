"""Decide what an attempt at an endpoint leads to, by Standard Webhooks' schedule. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from stenolog.delivery.outbox import Ending
from stenolog.delivery.rules import Answered, Crashed, NotAllowed, Result, Retry
from stenolog.delivery.standing import Standing

SCHEDULE_MS = (
    5_000,
    300_000,
    1_800_000,
    7_200_000,
    18_000_000,
    36_000_000,
    50_400_000,
    72_000_000,
    86_400_000,
)
"""Waits after each attempt but the last: the example of Standard Webhooks 1.0.0, 75 h in all."""

TIMEOUT_MS = 15_000  # Standard Webhooks: 15 to 30 s
JITTER = 0.2  # of each wait, either way: those that failed together do not come back together
OVERLOADED = frozenset({429, 502, 503, 504})
OVERLOADED_MS_MIN = 60_000
RETRY_AFTER_MS_MAX = 86_400_000
GONE = 410
GONE_MS_MIN = 60_000  # between two of them: one bad deployment unsubscribes nobody
FAILURES_IN_A_ROW = 5  # then one call at a time finds out whether the endpoint answers again
PROBE_MS_FIRST, PROBE_MS_MAX = 1_000, 300_000
DAY_MS = 86_400_000
DISABLED_AFTER_MS = 5 * DAY_MS
WARNED_AFTER_MS = (DISABLED_AFTER_MS // 2, DISABLED_AFTER_MS * 7 // 10, DISABLED_AFTER_MS * 9 // 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How often, how long and until when an endpoint is tried."""

    waits_ms: tuple[int, ...] = SCHEDULE_MS
    timeout_ms: int = TIMEOUT_MS
    overloaded_ms_min: int = OVERLOADED_MS_MIN
    gone_ms_min: int = GONE_MS_MIN
    probe_ms_first: int = PROBE_MS_FIRST
    probe_ms_max: int = PROBE_MS_MAX
    warned_after_ms: tuple[int, int, int] = WARNED_AFTER_MS
    disabled_after_ms: int = DISABLED_AFTER_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """Its owner is to be told; stages are counted from 1."""

    stage: int
    failing_ms: int


def is_delivered(result: Result) -> bool:
    """Tell whether the endpoint has taken the message."""
    return isinstance(result, Answered) and 200 <= result.status < 300


def after_attempt(
    result: Result, number: int, *, jitter: float, schedule: Schedule
) -> Retry | Ending:
    """Return what follows attempt `number` (from 1): another one, or the end.

    `jitter` is from -1 to 1. A receiver's wish to be left alone lengthens a wait, and never
    shortens one. No answer but 2xx is final: a 404 may be a deployment that went wrong.
    """
    if is_delivered(result):
        return Ending(reason=None)
    if isinstance(result, NotAllowed) and result.final:
        return Ending(reason="forbidden")
    if number > len(schedule.waits_ms):
        return Ending(reason="forbidden" if isinstance(result, NotAllowed) else "exhausted")
    wait_ms = int(schedule.waits_ms[number - 1] * (1 + JITTER * jitter))
    return Retry(in_ms=max(wait_ms, held_ms(result, schedule)))


def held_ms(result: Result, schedule: Schedule) -> int:
    """Return for how long the endpoint wants to be left alone, whatever message it is about."""
    if not isinstance(result, Answered) or is_delivered(result):
        return 0
    asked_ms = min(result.retry_after_ms or 0, RETRY_AFTER_MS_MAX)
    if result.status in OVERLOADED:
        return max(asked_ms, schedule.overloaded_ms_min)
    if result.status == GONE:
        return max(asked_ms, schedule.gone_ms_min)
    return asked_ms


def stood(
    before: Standing, result: Result, *, began_ms: int, at_ms: int, schedule: Schedule
) -> Standing:
    """Return how the endpoint stands after an attempt that ended at `at_ms`."""
    is_probed = before.failures >= FAILURES_IN_A_ROW
    if is_delivered(result):
        return Standing(until_ms=0 if is_probed else before.until_ms)
    if isinstance(result, Crashed) or (is_probed and began_ms < before.failed_at_ms):
        return before  # of ours, or one of many that were under way when it began to fail
    failures = before.failures + 1
    until_ms = at_ms + held_ms(result, schedule)
    if failures >= FAILURES_IN_A_ROW:
        until_ms = max(until_ms, at_ms + probe_ms(failures, schedule))
    is_gone = isinstance(result, Answered) and result.status == GONE
    return Standing(
        failures=failures,
        failed_at_ms=at_ms,
        failing_since_ms=at_ms if before.failing_since_ms is None else before.failing_since_ms,
        gone_since_ms=(before.gone_since_ms or at_ms) if is_gone else None,
        until_ms=until_ms if is_probed else max(before.until_ms, until_ms),
    )


def probe_ms(failures: int, schedule: Schedule) -> int:
    """Return how long an endpoint that has failed so often in a row is left alone."""
    doublings = min(failures - FAILURES_IN_A_ROW, 10)
    return min(schedule.probe_ms_first << doublings, schedule.probe_ms_max)


def is_gone(standing: Standing, at_ms: int, schedule: Schedule) -> bool:
    """Tell whether it has answered 410 twice, long enough apart, and nothing else in between."""
    since_ms = standing.gone_since_ms
    return since_ms is not None and at_ms - since_ms >= schedule.gone_ms_min


def warning_of(standing: Standing, at_ms: int, schedule: Schedule) -> Warned | None:
    """Return what its owner is to be told of; stage 4 is that it is disabled. None: nothing."""
    if standing.failing_since_ms is None:
        return None
    failing_ms = at_ms - standing.failing_since_ms
    limits = (*schedule.warned_after_ms, schedule.disabled_after_ms)
    stage = sum(failing_ms >= limit for limit in limits)
    return Warned(stage=stage, failing_ms=failing_ms) if stage else None
