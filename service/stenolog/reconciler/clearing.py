"""Decide what must be known or undone about one submission before anything else. Pure."""

from __future__ import annotations

from typing import assert_never

from stenolog.commands.transcription.state import Submission, Transcription
from stenolog.reconciler.actions import Action, Confirm, GiveUp, Remove, Settle, Supersede, Wait
from stenolog.reconciler.attempts import Attempts
from stenolog.reconciler.timing import Timing

REMOVALS_MIN = 5  # how often a superseded job is deleted at least before it is left to itself
# DECISIONS 71: every transcription ends.
SETTLE_FAILURES_MAX = 8  # in a row, until a claim that nobody could settle in time is given up


def clear_up(
    state: Transcription, submission: Submission, attempts: Attempts, timing: Timing, now_ms: int
) -> Action | None:
    """Return what must be known or undone about the submission first; None: nothing."""
    match submission.outcome:
        case "unknown":
            return confirm(submission, attempts, timing, now_ms) or resolve(
                state, submission, attempts, timing, now_ms
            )
        case "refused" | "abandoned":
            return confirm(submission, attempts, timing, now_ms)
        case "accepted":
            return supersede(state, submission, attempts)
        case "superseded":
            return remove(submission, attempts, timing, now_ms)
        case "failed" | "removed":
            return None
        case _:
            assert_never(submission.outcome)


def confirm(
    submission: Submission, attempts: Attempts, timing: Timing, now_ms: int
) -> Confirm | None:
    """Ask for the job that a callback named, unless the provider has denied that it is ours."""
    number, job = submission.number, submission.callback_job
    if job is None or (number, job) in attempts.refuted:
        return None
    if beyond_settling(submission, attempts, timing, now_ms):
        return None
    return Confirm(number=number, job=job)


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
    due_ms = submission.claimed_at_ms + timing.settle_ms
    if state.erasing and not timing.facts.lists:
        due_ms += timing.facts.result_lifetime_ms or 0
    if attempts.sweeps:
        due_ms = max(due_ms, attempts.swept_at_ms + timing.sweep_interval_ms)
    return Wait(until_ms=due_ms) if now_ms < due_ms else Settle(number=submission.number)


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
