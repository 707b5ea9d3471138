"""Decide what to do for a transcription now. Pure: no clock, no I/O.

Submission, the fetch after a callback and the timer for a silent provider are one mechanism. Losing
a wake-up costs time, never data: everything here follows from the stream, and `Attempts` only says
what this process has tried since it started.
"""

from __future__ import annotations

from collections.abc import Collection

from stenolog.commands.transcription.state import Place, Submission, Transcription
from stenolog.log.events.vocabulary import WakeReason
from stenolog.reconciler.actions import (
    Action,
    Alarm,
    Check,
    Done,
    Fetch,
    GiveUp,
    Wait,
    soonest,
)
from stenolog.reconciler.attempts import Attempts
from stenolog.reconciler.clearing import clear_duplicates, clear_up, may_be_late
from stenolog.reconciler.looking import due_at_ms
from stenolog.reconciler.resubmitting import submit
from stenolog.reconciler.timing import Timing

ASK_SPACING_MS = 1_000  # between two questions for a job because of callbacks
ASK_AGAIN_MS = (1_000, 2_000, 4_000)  # after a callback, while the job still says that it runs
DELAYED_SHARE = 2  # of the time within which a job can be fetched: then there is an alarm
# DECISIONS 70: the callback of a late result may be lost as well.
LATE_FIRST_MS = 600_000  # after we gave up; then at twice the time since


def next_action(
    state: Transcription,
    attempts: Attempts,
    timing: Timing,
    now_ms: int,
    away: Collection[Place] = (),
) -> Action:
    """Return what the reconciler must do for this transcription now.

    `away` are those of its places where nobody may ask for a while.
    """
    if not state.version:
        return Done()
    called = attempts.beside and attempts.woken == "callback"
    if now_ms < attempts.retry_at_ms and not called:
        return Wait(until_ms=attempts.retry_at_ms)
    clearing = [
        action
        for submission in state.submissions
        if (action := clear_up(state, submission, attempts, timing.at(submission.place), now_ms))
        is not None
    ]
    clearing += clear_duplicates(state, attempts, timing, now_ms)
    outcome = owed_to_outcome(state, attempts, timing, now_ms)
    if outcome is None:
        return soonest(clearing) or submit(state, attempts, timing, now_ms, away)
    # Neither waits for the other; after a failure the other comes first, but for a callback.
    cleared_first = attempts.failures % 2 and not called
    return soonest([*clearing, outcome] if cleared_first else [outcome, *clearing]) or Done()


def owed_to_outcome(
    state: Transcription, attempts: Attempts, timing: Timing, now_ms: int
) -> Action | None:
    """Return what to do for the job that has or will have the outcome; None: there is none yet."""
    if state.terminal:
        return late(state, attempts, timing, now_ms)
    submission = followed(state)
    if submission is None:
        return None
    return follow(submission, attempts, timing.at(submission.place), now_ms)


def followed(state: Transcription) -> Submission | None:
    """Return the submission whose job is waited for; None: there is none, or no need."""
    if state.terminal:
        return None
    accepted = [s for s in state.submissions if s.outcome == "accepted"]
    # Rarely more than one: then the one that called back is asked first.
    called = [s for s in accepted if s.called_back & {"completed", "error"}]
    return next(iter(called or accepted), None)


def late(state: Transcription, attempts: Attempts, timing: Timing, now_ms: int) -> Action:
    """Return what is still to be done after the end: nothing, unless we had given up.

    Then a callback has its job asked for, and the job that was given up is looked at a few times:
    its callback may have been lost too, and the job was paid for.
    """
    if not state.given_up:
        return Done()
    for submission in state.submissions:
        if may_be_late(state, submission, attempts):
            return heed_callback(submission, attempts, now_ms)
    given_up = state.submission(state.finished_by)
    if given_up is None or given_up.outcome != "accepted":
        return Done()
    return look_afterwards(given_up, attempts, timing.at(given_up.place), now_ms)


def look_afterwards(
    given_up: Submission, attempts: Attempts, timing: Timing, now_ms: int
) -> Action:
    """Look at a job that was given up: at twice the time since, as long as it may have a result.

    That is until its result is forgotten, or until it has lived twice. After a start it is looked
    at once at once: nobody knows when it was looked at last.
    """
    deadline_ms = given_up.accepted_at_ms + timing.job_lifetime_ms
    looked_at_ms = max(attempts.checked_at_ms, attempts.retry_at_ms)  # in vain is a look, too
    due_ms = deadline_ms + max(LATE_FIRST_MS, 2 * (looked_at_ms - deadline_ms))
    lives_ms = max(2 * timing.job_lifetime_ms, timing.facts.result_lifetime_ms or 0)
    if max(due_ms, now_ms) > given_up.accepted_at_ms + lives_ms:
        return Done()
    just_started = attempts.woken == "start" and not attempts.failures
    if now_ms < due_ms and not just_started:
        return Wait(until_ms=due_ms)
    return Fetch(number=given_up.number, wake=timing.unasked)


def follow(submission: Submission, attempts: Attempts, timing: Timing, now_ms: int) -> Action:
    """Return what is due for a job that the provider has."""
    number = submission.number
    ends_ms = submission.accepted_at_ms + timing.job_lifetime_ms
    if now_ms >= ends_ms:
        return GiveUp(number=number, lost=False)
    if not submission.delayed:
        ends_ms -= timing.job_lifetime_ms // DELAYED_SHARE
        if now_ms >= ends_ms:
            return Alarm(number=number)
    called_back = bool(submission.called_back & {"completed", "error"})
    if attempts.woken == "callback" or (called_back and not attempts.checks):
        return heed_callback(submission, attempts, now_ms)
    asked = attempts.in_list == "asked"
    if attempts.woken is not None and not asked:
        return look(submission, attempts.woken, attempts, timing)
    again_ms = ask_again_at_ms(attempts) if called_back else None
    if again_ms is not None:
        if now_ms < again_ms:
            return Wait(until_ms=again_ms)
        return Fetch(number=number, wake="callback")
    due_ms = ends_ms if asked else due_at_ms(submission, attempts, timing)
    if now_ms >= due_ms:
        return look(submission, timing.unasked, attempts, timing)
    return Wait(until_ms=min(due_ms, ends_ms))


def look(
    submission: Submission, wake: WakeReason, attempts: Attempts, timing: Timing
) -> Check | Fetch:
    """See whether the job is still running: in the provider's list, if that may show it."""
    if timing.facts.lists and attempts.in_list != "missing" and not attempts.denials:
        return Check(number=submission.number, wake=wake)
    return Fetch(number=submission.number, wake=wake)


def heed_callback(submission: Submission, attempts: Attempts, now_ms: int) -> Action:
    """Ask for a job that called back; once a second, however often the provider calls."""
    if attempts.asked_at_ms and now_ms < attempts.asked_at_ms + ASK_SPACING_MS:
        return Wait(until_ms=attempts.asked_at_ms + ASK_SPACING_MS)
    return Fetch(number=submission.number, wake="callback")


def ask_again_at_ms(attempts: Attempts) -> int | None:
    """Return when to ask once more for a job that called back and was not ready; None: not soon.

    A provider's reads may lag behind its callbacks by a moment.
    """
    if attempts.denials or not 0 < attempts.asks <= len(ASK_AGAIN_MS):
        return None
    return attempts.asked_at_ms + ASK_AGAIN_MS[attempts.asks - 1]
