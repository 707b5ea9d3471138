"""What is owed to a transcription now: pure, no clock, no I/O.

Submission, the fetch after a callback and the timer for a silent provider are one mechanism.
Losing a wake-up costs time, never data: everything here follows from the stream, and `Attempts`
only says what this process has tried since it started.
"""

from __future__ import annotations

from dataclasses import dataclass

from stenolog.backoff import exponential_ms
from stenolog.commands.transcription.state import Submission, Transcription
from stenolog.log.events.vocabulary import WakeReason
from stenolog.reconciler.actions import (
    Action,
    Check,
    Confirm,
    Done,
    Fetch,
    GiveUp,
    Remove,
    Settle,
    Submit,
    Supersede,
    Wait,
)

EXPECTED_MS_MIN = 60_000  # design §10: a job is given at least a minute
FORGOTTEN_MAX = 5  # jobs that a provider may lose before we stop paying for new ones
RETRY_FIRST_MS = 1_000
RETRY_MS_MAX = 60_000
POLL_FIRST_MS = 1_000
CHECK_MS_MAX = 600_000
ASK_SPACING_MS = 1_000  # between two questions for a job because of callbacks
REMOVALS_MIN = 5  # how often a superseded job is deleted at least before it is left to itself
RESUBMIT_FIRST_MS = 1_000  # after the first server error; doubles with every further one
LATE_FIRST_MS = 600_000  # after we gave up; then at twice the time since, as long as a job may live
SETTLE_FAILURES_MAX = 8  # in a row, until a claim that nobody could settle in time is given up
EMPTY_SWEEPS = 2  # design §4.2: only after two is the next submission claimed


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long to wait for what, in ms.

    Attributes:
        settle_ms: From a claim of unknown outcome until the provider's list is believed.
        silence_ms: Beyond the expected duration, until a job without a callback is looked up.
        sweep_interval_ms: Between two looks.
        job_lifetime_ms: From acceptance until we give up.
        polled: The provider's callbacks cannot reach us: look from the start.
    """

    settle_ms: int
    silence_ms: int
    sweep_interval_ms: int
    job_lifetime_ms: int
    polled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """What this process has tried for one transcription.

    Attributes:
        woken: Why it is to be looked at now, whatever the deadlines; None: no reason.
        checked_at_ms: When the job was last seen unfinished; 0: not yet.
        checks: How often.
        asked_at_ms: When the provider was last asked for the job itself, and it had not ended.
        missing: It did not know the job then, and is not believed yet.
        failures: How often in a row the provider could not be asked.
        retry_at_ms: Not to be asked again before.
        sweeps: Lists in a row that did not know the open claim.
        swept_at_ms: When the last of them was read.
        refuted: Submissions and jobs that the provider denied to belong together.
        erased: What is here of an erased transcription was erased by this process.
    """

    woken: WakeReason | None = None
    checked_at_ms: int = 0
    checks: int = 0
    asked_at_ms: int = 0
    missing: bool = False
    failures: int = 0
    retry_at_ms: int = 0
    sweeps: int = 0
    swept_at_ms: int = 0
    refuted: frozenset[tuple[int, str]] = frozenset()
    erased: bool = False


def anew(attempts: Attempts, woken: WakeReason | None = None) -> Attempts:
    """What is left of the attempts once something has moved: what was denied, what was erased."""
    return Attempts(woken=woken, refuted=attempts.refuted, erased=attempts.erased)


def next_action(state: Transcription, attempts: Attempts, timing: Timing, now_ms: int) -> Action:
    """What the reconciler owes this transcription now."""
    if not state.version:
        return Done()
    if now_ms < attempts.retry_at_ms:
        return Wait(until_ms=attempts.retry_at_ms)
    for submission in state.submissions:
        action = clear_up(state, submission, attempts, timing, now_ms)
        if action is not None:
            return action
    if state.terminal:
        return late(state, attempts, timing, now_ms)
    accepted = [s for s in state.submissions if s.outcome == "accepted"]
    if accepted:
        # Rarely more than one: then the one that called back is asked first.
        called = [s for s in accepted if s.called_back & {"completed", "error"}]
        return follow((called or accepted)[0], attempts, timing, now_ms)
    return submit(state, now_ms)


def clear_up(
    state: Transcription, submission: Submission, attempts: Attempts, timing: Timing, now_ms: int
) -> Action | None:
    """What must be known or undone about one submission before anything else; None: nothing."""
    number = submission.number
    match submission.outcome:
        case "superseded":
            last_ms = submission.accepted_at_ms + timing.job_lifetime_ms
            if now_ms < last_ms or attempts.failures < REMOVALS_MIN:
                return Remove(number=number)
        case "accepted" if state.terminal and number != state.finished_by:
            if not may_be_late(state, submission, attempts):
                return Supersede(number=number)
        case "unknown" | "abandoned" | "refused":
            failing = attempts.failures >= SETTLE_FAILURES_MAX
            over = failing and now_ms >= submission.claimed_at_ms + timing.job_lifetime_ms
            job = submission.callback_job
            if job is not None and (number, job) not in attempts.refuted and not over:
                return Confirm(number=number, job=job)
            if submission.outcome == "unknown":
                if over and not state.terminal:
                    return GiveUp(number=number, lost=False)
                return settle(submission, attempts, timing, now_ms)
        case _:
            pass
    return None


def may_be_late(state: Transcription, submission: Submission, attempts: Attempts) -> bool:
    """Whether a job is said to have completed after the transcription was given up."""
    said = submission.outcome == "accepted" and "completed" in submission.called_back
    return state.given_up and said and (attempts.woken == "callback" or not attempts.checks)


def late(state: Transcription, attempts: Attempts, timing: Timing, now_ms: int) -> Action:
    """What is still owed after the end: a question to a callback, and a few looks unasked.

    Only when we had given up: its callback may have been lost too, and the job was paid for.
    """
    for submission in state.submissions:
        if may_be_late(state, submission, attempts):
            if attempts.asked_at_ms and now_ms < attempts.asked_at_ms + ASK_SPACING_MS:
                return Wait(until_ms=attempts.asked_at_ms + ASK_SPACING_MS)
            return Fetch(number=submission.number, wake="callback")
    given_up = state.submission(state.finished_by) if state.given_up else None
    if given_up is None or given_up.outcome != "accepted":
        return Done()
    deadline_ms = given_up.accepted_at_ms + timing.job_lifetime_ms
    looked_at_ms = max(attempts.checked_at_ms, attempts.retry_at_ms)  # in vain is a look, too
    due_ms = deadline_ms + max(LATE_FIRST_MS, 2 * (looked_at_ms - deadline_ms))
    if max(due_ms, now_ms) > deadline_ms + timing.job_lifetime_ms:  # a second life is enough
        return Done()
    if now_ms < due_ms and (attempts.woken != "start" or attempts.failures):
        return Wait(until_ms=due_ms)
    return Check(number=given_up.number, wake="poll" if timing.polled else "silence")


def settle(submission: Submission, attempts: Attempts, timing: Timing, now_ms: int) -> Action:
    """Believe the provider's list only after a while, and only when it says the same twice."""
    due_ms = submission.claimed_at_ms + timing.settle_ms
    if attempts.sweeps:
        due_ms = max(due_ms, attempts.swept_at_ms + timing.sweep_interval_ms)
    return Wait(until_ms=due_ms) if now_ms < due_ms else Settle(number=submission.number)


def follow(submission: Submission, attempts: Attempts, timing: Timing, now_ms: int) -> Action:
    """What is due for a job that the provider has."""
    number = submission.number
    if now_ms >= submission.accepted_at_ms + timing.job_lifetime_ms:
        return GiveUp(number=number, lost=False)
    called_back = bool(submission.called_back & {"completed", "error"})
    if attempts.woken == "callback" or (called_back and not attempts.checks):
        # Whatever the provider calls and however often: its job is asked for once a second.
        if attempts.asked_at_ms and now_ms < attempts.asked_at_ms + ASK_SPACING_MS:
            return Wait(until_ms=attempts.asked_at_ms + ASK_SPACING_MS)
        return Fetch(number=number, wake="callback")
    if attempts.woken is not None:
        return Check(number=number, wake=attempts.woken)
    due_ms = due_at_ms(submission, attempts, timing)
    if now_ms >= due_ms:
        return Check(number=number, wake="poll" if timing.polled else "silence")
    return Wait(until_ms=min(due_ms, submission.accepted_at_ms + timing.job_lifetime_ms))


def due_at_ms(submission: Submission, attempts: Attempts, timing: Timing) -> int:
    """When a job that says nothing is to be looked at."""
    if attempts.missing:
        return max(submission.accepted_at_ms + timing.settle_ms, attempts.checked_at_ms)
    if not attempts.checks:
        first_ms = POLL_FIRST_MS if timing.polled else EXPECTED_MS_MIN + timing.silence_ms
        return submission.accepted_at_ms + first_ms
    first_ms, ceiling_ms = timing.sweep_interval_ms, CHECK_MS_MAX
    if timing.polled:
        first_ms, ceiling_ms = POLL_FIRST_MS, timing.sweep_interval_ms
    interval_ms = exponential_ms(attempts.checks, first_ms=first_ms, ceiling_ms=ceiling_ms)
    return attempts.checked_at_ms + interval_ms


def submit(state: Transcription, now_ms: int) -> Action:
    """The next submission, when the last one that came to nothing is long enough ago."""
    number = len(state.submissions) + 1
    if sum(s.abandonment == "forgotten" for s in state.submissions) > FORGOTTEN_MAX:
        return GiveUp(number=len(state.submissions), lost=True)
    last = state.last
    if last is not None and last.outcome == "failed":
        wait_ms = exponential_ms(
            state.failed_submissions, first_ms=RESUBMIT_FIRST_MS, ceiling_ms=RETRY_MS_MAX
        )
        if now_ms < last.retry_at_ms + wait_ms:
            return Wait(until_ms=last.retry_at_ms + wait_ms)
    fruitless = 0
    for submission in reversed(state.submissions):
        if submission.outcome != "refused" and submission.abandonment != "not-listed":
            break
        fruitless += 1
    if last is not None and fruitless:
        wait_ms = exponential_ms(fruitless, first_ms=RETRY_FIRST_MS, ceiling_ms=RETRY_MS_MAX)
        due_ms = max(last.retry_at_ms, last.claimed_at_ms + wait_ms)
        if now_ms < due_ms:
            return Wait(until_ms=due_ms)
    return Submit(number=number)
