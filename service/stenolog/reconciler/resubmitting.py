"""Decide when and where the next submission of a transcription is made. Pure."""

from __future__ import annotations

from collections.abc import Collection

from stenolog.backoff import exponential_ms, sooner_ms
from stenolog.commands.transcription.state import Place, Submission, Transcription
from stenolog.reconciler.actions import GiveUp, Submit, Wait
from stenolog.reconciler.attempts import RETRY_MS_MAX, Attempts, retry_wait_ms
from stenolog.reconciler.failover import here, next_place
from stenolog.reconciler.timing import Timing

UNSETTLED_MAX = 1  # claims whose outcome nobody could tell before we stop paying for another
FORGOTTEN_MAX = 5  # jobs that a provider may lose before we stop paying for new ones
RESTARTED_MAX = 30  # times that a provider may be started anew under one transcription
RESUBMIT_FIRST_MS = 1_000  # after the first server error; doubles with every further one


def submit(
    state: Transcription,
    attempts: Attempts,
    timing: Timing,
    now_ms: int,
    away: Collection[Place] = (),
) -> Submit | Wait | GiveUp:
    """Return the next submission, once the last one that made no job is long enough ago."""
    number = len(state.submissions) + 1
    place = next_place(state, timing, now_ms, away, failures=attempts.failures)
    elsewhere = place != state.place_of(len(state.submissions))
    gone = [s.abandonment for s in state.submissions]
    if gone.count("forgotten") > FORGOTTEN_MAX or gone.count("restarted") > RESTARTED_MAX:
        return GiveUp(number=len(state.submissions), lost=True)
    unsettled = sum(s.abandonment == "not-listed" for s in here(state))
    if not elsewhere and not timing.at(place).facts.lists and unsettled > UNSETTLED_MAX:
        return GiveUp(number=len(state.submissions), lost=True)
    if state.last is not None and not (elsewhere and is_new(state, place)):
        due_ms = again_at_ms(state, state.last, attempts)
        if now_ms < due_ms:
            return Wait(until_ms=due_ms)
    return Submit(number=number, place=place if len(state.places) > 1 else None)


def is_new(state: Transcription, place: Place) -> bool:
    """Tell whether nobody was asked there before."""
    return all(submission.place != place for submission in state.submissions)


def again_at_ms(state: Transcription, last: Submission, attempts: Attempts) -> int:
    """Return from when on there may be another submission, by what became of the last ones."""
    if last.outcome == "failed":
        wait_ms = exponential_ms(
            state.failed_submissions, first_ms=RESUBMIT_FIRST_MS, ceiling_ms=RETRY_MS_MAX
        )
        return last.retry_at_ms + sooner_ms(wait_ms, attempts.spread)
    fruitless = 0
    for submission in reversed(state.submissions):
        if submission.outcome != "refused" and submission.abandonment != "not-listed":
            break
        fruitless += 1
    if not fruitless:
        return 0
    return max(last.retry_at_ms, last.claimed_at_ms + retry_wait_ms(attempts, fruitless))
