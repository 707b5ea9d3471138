"""Decide what must be known or undone about one submission before anything else. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from stenolog.backoff import exponential_ms
from stenolog.commands.transcription.state import Submission, Transcription
from stenolog.reconciler.actions import (
    Action,
    Confirm,
    GiveUp,
    Remove,
    Search,
    Settle,
    Supersede,
    Wait,
    soonest,
)
from stenolog.reconciler.attempts import Attempts
from stenolog.reconciler.timing import Timing
from stenolog.reconciler.unconfirmed import asked_for

REMOVALS_MIN = 5  # how often a superseded job is deleted at least before it is left to itself
# DECISIONS 71: every transcription ends.
SETTLE_FAILURES_MAX = 8  # in a row, until a claim that nobody could settle in time is given up
TOGETHER_STEPS = 9  # of settling, at whose ends claims are settled together
CONFIRM_FIRST_MS = 1_000  # after the first time that a job was not known which a callback named
CONFIRM_MS_MAX = 60_000
CONFIRMS_MAX = 8  # some three minutes, until only another callback has it asked for again


def clear_up(
    state: Transcription, submission: Submission, attempts: Attempts, timing: Timing, now_ms: int
) -> Action | None:
    """Return what must be known or undone about the submission first; None: nothing."""
    owed: list[Action] = list(confirm(state, submission, attempts, timing, now_ms))
    other: Action | None = None
    match submission.outcome:
        case "unknown":
            other = resolve(state, submission, attempts, timing, now_ms)
        case "accepted":
            other = supersede(state, submission, attempts)
        case "superseded":
            other = remove(submission, attempts, timing, now_ms)
        case "abandoned":
            other = outlast(state, submission, timing, now_ms)
        case "refused" | "failed" | "removed":
            pass
        case _:
            assert_never(submission.outcome)
    return soonest(
        [
            *owed,
            *([] if other is None else [other]),
            *search(state, submission, attempts, timing, now_ms),
        ]
    )


def confirm(
    state: Transcription, submission: Submission, attempts: Attempts, timing: Timing, now_ms: int
) -> Sequence[Confirm | Wait]:
    """Ask for the jobs that callbacks named, unless they are known, or were read and not ours.

    One that the provider does not know yet is asked for again, at growing intervals.
    """
    if beyond_settling(submission, attempts, timing, now_ms):
        return ()
    number = submission.number
    known = {submission.provider_job, *(one.provider_job for one in state.duplicates)}
    owed: list[Confirm | Wait] = []
    for job in submission.callback_jobs:
        asked = asked_for(attempts.unconfirmed, number, job)
        if job in known or (number, job) in attempts.refuted or asked.asks >= CONFIRMS_MAX:
            continue
        due_ms = asked.asked_at_ms + confirm_wait_ms(asked.asks) if asked.asks else 0
        due = now_ms >= due_ms
        owed.append(Confirm(number=number, job=job) if due else Wait(until_ms=due_ms))
    return owed


def confirm_wait_ms(asks: int) -> int:
    """Return how long to wait after a job was not known for the `asks`th time."""
    return exponential_ms(asks, first_ms=CONFIRM_FIRST_MS, ceiling_ms=CONFIRM_MS_MAX)


def clear_duplicates(
    state: Transcription, attempts: Attempts, timing: Timing, now_ms: int
) -> Sequence[Remove | Wait]:
    """Delete the jobs that submissions have besides their own.

    As superseded ones they are left to themselves after their lifetime and a few failures, unless
    the transcription is erased.
    """
    owed: list[Remove | Wait] = []
    for one in state.left_duplicates:
        there = timing.at(state.place_of(one.submission))
        if not there.facts.deletes:
            gone_ms = one.at_ms + (there.facts.result_lifetime_ms or 0)
            if now_ms < gone_ms:
                owed.append(Wait(until_ms=gone_ms))
                continue
        late = now_ms >= one.at_ms + there.job_lifetime_ms
        if state.erasing or not late or attempts.failures < REMOVALS_MIN:
            owed.append(Remove(number=one.submission, duplicate=one.number))
    return owed


def resolve(
    state: Transcription, submission: Submission, attempts: Attempts, timing: Timing, now_ms: int
) -> Action:
    """Find out what became of a claim of unknown outcome; give up when nobody can tell in time.

    The provider's list is believed only after a while, and only when it says the same twice. Where
    there is no list, nobody can tell: the claim is settled after the same while, and that of an
    erased transcription once no job of it can be left.
    """
    if not state.terminal and beyond_settling(submission, attempts, timing, now_ms):
        return GiveUp(number=submission.number, lost=False)
    due_ms = settle_due_ms(submission, attempts, timing)
    if state.erasing and not timing.facts.lists:
        due_ms += timing.facts.result_lifetime_ms or 0
    return Wait(until_ms=due_ms) if now_ms < due_ms else Settle(number=submission.number)


def outlast(
    state: Transcription, submission: Submission, timing: Timing, now_ms: int
) -> Wait | None:
    """Wait, once erasure was requested, for the end of a job that nobody could tell of.

    A claim of unknown outcome is abandoned where there is no list, and may have made a job.
    """
    if not state.erasing or timing.facts.lists or submission.abandonment != "not-listed":
        return None
    lifetime_ms = timing.facts.result_lifetime_ms or 0
    gone_ms = submission.claimed_at_ms + timing.settle_ms + lifetime_ms
    return Wait(until_ms=gone_ms) if now_ms < gone_ms else None


def search(
    state: Transcription, submission: Submission, attempts: Attempts, timing: Timing, now_ms: int
) -> Sequence[Search | Wait]:
    """Look for other jobs of a submission whose job a callback named, once the list is believed.

    What made the create's outcome unknown may have repeated it, and a callback may be lost.
    """
    if not submission.search_owed:
        return ()
    if not state.erasing and beyond_settling(submission, attempts, timing, now_ms):
        return ()
    due_ms = settle_due_ms(submission, attempts, timing)
    due = now_ms >= due_ms
    return (Search(number=submission.number) if due else Wait(until_ms=due_ms),)


def settle_due_ms(submission: Submission, attempts: Attempts, timing: Timing) -> int:
    """Return from when on the provider's list is believed about this claim.

    What was answered by something else is rarely alone: such claims are due together, every ninth
    of the time that settling takes (10 s), and share the lists.
    """
    due_ms = submission.claimed_at_ms + timing.settle_ms
    if attempts.sweeps or attempts.unsure:
        due_ms = max(due_ms, attempts.swept_at_ms + timing.sweep_interval_ms)
    if submission.page is None:
        return due_ms
    step_ms = max(1, timing.settle_ms // TOGETHER_STEPS)
    return -(-due_ms // step_ms) * step_ms


def beyond_settling(
    submission: Submission, attempts: Attempts, timing: Timing, now_ms: int
) -> bool:
    """Tell whether a job's whole life has passed since the claim, and asking still fails."""
    failing = attempts.failures >= SETTLE_FAILURES_MAX
    return failing and now_ms >= submission.claimed_at_ms + timing.job_lifetime_ms


def supersede(state: Transcription, submission: Submission, attempts: Attempts) -> Supersede | None:
    """Put a job aside once another one has brought the outcome."""
    if not state.terminal or submission.number == state.finished_by:
        return None
    if may_be_late(state, submission, attempts):
        return None
    return Supersede(number=submission.number)


def remove(
    submission: Submission, attempts: Attempts, timing: Timing, now_ms: int
) -> Remove | Wait | None:
    """Delete a superseded job; after its lifetime and a few failures it is left to itself."""
    if not timing.facts.deletes:
        return expire(submission, timing, now_ms)
    last_ms = submission.accepted_at_ms + timing.job_lifetime_ms
    if now_ms >= last_ms and attempts.failures >= REMOVALS_MIN:
        return None
    return Remove(number=submission.number)


def expire(submission: Submission, timing: Timing, now_ms: int) -> Remove | Wait:
    """Wait until the provider has forgotten a job that it does not delete; then it is removed."""
    gone_ms = submission.accepted_at_ms + (timing.facts.result_lifetime_ms or 0)
    return Wait(until_ms=gone_ms) if now_ms < gone_ms else Remove(number=submission.number)


def may_be_late(state: Transcription, submission: Submission, attempts: Attempts) -> bool:
    """Tell whether a job is said to have completed after the transcription was given up."""
    said = submission.outcome == "accepted" and "completed" in submission.called_back
    return state.given_up and said and (attempts.woken == "callback" or not attempts.checks)
