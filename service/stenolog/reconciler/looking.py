"""Say when a job that says nothing is to be looked at. Pure: no clock, no I/O."""

from __future__ import annotations

from stenolog.backoff import exponential_ms, sooner_ms
from stenolog.commands.transcription.state import Submission
from stenolog.reconciler.attempts import Attempts
from stenolog.reconciler.timing import Timing

POLL_FIRST_MS = 1_000
POLL_AGE_SHARE = 4  # of a job that is asked for by itself: again when it is a quarter older
LAST_LOOK_MS = 30_000  # before a result is forgotten, whose life began before we heard of its job
LIFETIME_POLLS_MIN = 60  # looks at least while a result lives, whatever the settings say
CHECK_MS_MAX = 600_000


def due_at_ms(submission: Submission, attempts: Attempts, timing: Timing) -> int:
    """Return when a job that says nothing is to be looked at."""
    if attempts.denials:
        return denied_due_ms(submission, attempts, timing)
    if timing.polled and not timing.facts.lists:
        return poll_due_ms(submission, attempts, timing)
    if not attempts.checks:
        if timing.polled:
            return submission.accepted_at_ms + POLL_FIRST_MS
        return overdue_at_ms(submission, attempts, timing)
    return attempts.checked_at_ms + sooner_ms(look_interval_ms(attempts, timing), attempts.spread)


def overdue_at_ms(submission: Submission, attempts: Attempts, timing: Timing) -> int:
    """Return from when on a callback should have come."""
    return submission.accepted_at_ms + attempts.expected_ms + timing.silence_ms


def look_interval_ms(attempts: Attempts, timing: Timing) -> int:
    """Return how long to leave a job alone that was seen running, once or more often."""
    first_ms, ceiling_ms = timing.sweep_interval_ms, CHECK_MS_MAX
    if timing.polled:
        first_ms, ceiling_ms = POLL_FIRST_MS, timing.sweep_interval_ms
    return exponential_ms(attempts.checks, first_ms=first_ms, ceiling_ms=ceiling_ms)


def poll_due_ms(submission: Submission, attempts: Attempts, timing: Timing) -> int:
    """Return when to ask for a job of which nothing else tells: again after a share of its age.

    So a job is known to have ended before it is a quarter older, whenever this process began; and
    its result is read long before it is forgotten.
    """
    asked_at_ms = max(submission.accepted_at_ms, attempts.checked_at_ms)
    age_ms = asked_at_ms - submission.accepted_at_ms
    lifetime_ms = timing.facts.result_lifetime_ms or timing.job_lifetime_ms
    ceiling_ms = max(1, min(timing.sweep_interval_ms, lifetime_ms // LIFETIME_POLLS_MIN))
    interval_ms = min(max(POLL_FIRST_MS, age_ms // POLL_AGE_SHARE), ceiling_ms)
    due_ms = asked_at_ms + sooner_ms(interval_ms, attempts.spread)
    last_ms = submission.accepted_at_ms + lifetime_ms - LAST_LOOK_MS
    return min(due_ms, last_ms) if asked_at_ms < last_ms else due_ms


def denied_due_ms(submission: Submission, attempts: Attempts, timing: Timing) -> int:
    """Return when to ask again for a job that the provider says it does not know.

    Its reads may lag behind its writes, so the second time is after both a sweep interval and the
    time after which its list is believed; from then on the intervals grow.
    """
    if attempts.denials == 1:
        settled_ms = submission.accepted_at_ms + timing.settle_ms
        return max(settled_ms, attempts.denied_at_ms + timing.sweep_interval_ms)
    interval_ms = exponential_ms(
        attempts.denials - 1, first_ms=timing.sweep_interval_ms, ceiling_ms=CHECK_MS_MAX
    )
    return attempts.checked_at_ms + interval_ms
