"""Choose where the next submission is made, of the places that a request names. Pure.

The next place is asked only when it is certain that the ones before have no job, and none is paid
for twice: a claim of unknown outcome is settled first, where it was made.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from stenolog.commands.transcription.state import Place, Submission, Transcription
from stenolog.reconciler.timing import Timing

REFUSALS_MAX = 3  # "not now" in a row at one place, until the next one is asked
AWAY_MS = 10_000  # a place that wants to be left alone for longer is passed over
ELSEWHERE_MS = 10_000  # between two looks whether a place is away that others wait for
ACCOUNT = frozenset({"credentials", "not-found"})  # refusals that waiting does not mend


def next_place(
    state: Transcription,
    timing: Timing,
    now_ms: int,
    away: Collection[Place] = (),
    *,
    failures: int = 0,
) -> Place:
    """Return where to ask next: where was asked last, or the next place once that has no job.

    `away` are places that nobody may ask for a while. After the last place comes the first again.
    Where every other one is away it is the one whose turn it is. `failures`: how often in a row
    nothing could be claimed, because a file could not be sent there or nobody could be asked.
    """
    places, last = state.places, state.place_of(len(state.submissions))
    if len(places) <= 1 or not leaves_no_job(state, timing, now_ms):
        return last
    at = places.index(last)
    at = (at + is_exhausted(here(state), now_ms) + failures // REFUSALS_MAX) % len(places)
    order = (*places[at:], *places[:at])
    return next((place for place in order if place not in away), order[0])


def here(state: Transcription) -> Sequence[Submission]:
    """Return the submissions that were made last at one place, without another between."""
    found: list[Submission] = []
    for submission in reversed(state.submissions):
        if found and submission.place != found[0].place:
            break
        found.append(submission)
    return found[::-1]


def leaves_no_job(state: Transcription, timing: Timing, now_ms: int) -> bool:
    """Tell whether it is certain that no submission has a job that may bring a result."""
    return all(
        one.outcome in {"refused", "failed", "removed"}
        or (one.outcome == "abandoned" and is_gone(one, timing.at(one.place), now_ms))
        for one in state.submissions
    )


def is_gone(abandoned: Submission, timing: Timing, now_ms: int) -> bool:
    """Tell whether an abandoned submission has no job.

    A claim of unknown outcome may have one where there is no list, until its result would be gone.
    """
    if abandoned.abandonment != "not-listed" or timing.facts.lists:
        return True
    if timing.facts.result_lifetime_ms is None:
        return False
    made_ms = abandoned.claimed_at_ms + timing.settle_ms  # at the latest
    return now_ms >= made_ms + timing.facts.result_lifetime_ms


def is_exhausted(made: Sequence[Submission], now_ms: int) -> bool:
    """Tell whether these submissions, all at one place, are enough to ask another one.

    One refusal is that is about the account, or says "not for a while", and one job that ended in
    a server error of the provider's own; of refusals that say "not now", and of claims that made
    no job, three in a row.
    """
    if made and is_enough(made[-1], now_ms):
        return True
    in_vain = 0
    for submission in reversed(made):
        not_now = submission.outcome == "refused" and submission.refusal != "setting"
        if not (not_now or submission.abandonment == "not-listed"):
            break
        in_vain += 1
    return in_vain >= REFUSALS_MAX


def is_enough(last: Submission, now_ms: int) -> bool:
    """Tell whether this submission alone says that waiting is in vain, or for too long."""
    if last.outcome == "refused":
        return last.refusal in ACCOUNT or last.retry_at_ms - now_ms > AWAY_MS
    return last.own_fault
