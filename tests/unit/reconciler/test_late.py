"""What is owed after a server error, and after we gave up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from stenolog.log.event_data import EventData
from stenolog.providers.facts import ProviderFacts
from stenolog.reconciler.acting import LAST_ASKS_MAX
from stenolog.reconciler.actions import (
    Confirm,
    Done,
    Fetch,
    GiveUp,
    Settle,
    Submit,
    Supersede,
    Wait,
)
from stenolog.reconciler.attempts import Attempts, seen_running
from stenolog.reconciler.clearing import SETTLE_FAILURES_MAX
from stenolog.reconciler.plan import LATE_FIRST_MS, next_action
from stenolog.reconciler.resubmitting import RESUBMIT_FIRST_MS
from stenolog.reconciler.timing import Timing
from tests.unit.commands.stories import (
    REQUESTED,
    START_MS,
    abandoned,
    accepted,
    after,
    called,
    claimed,
    completed_late,
    failed,
    server_error,
    told,
)

TIMING = Timing(
    settle_ms=90_000, silence_ms=200_000, sweep_interval_ms=30_000, job_lifetime_ms=86_400_000
)
NOTHING = Attempts()
DEADLINE_MS = START_MS + TIMING.job_lifetime_ms


def looks(
    attempts: Attempts, look: Callable[[Attempts, int], Attempts], timing: Timing = TIMING
) -> list[int]:
    """When a job that was given up is looked at: after how many times the first wait."""
    state = told(REQUESTED, claimed(), accepted(), failed(reason="deadline"))
    now, at = DEADLINE_MS, []
    while not isinstance(action := next_action(state, attempts, timing, now), Done):
        if isinstance(action, Wait):
            now = action.until_ms
            continue
        assert action == Fetch(number=1, wake="silence")
        at.append((now - DEADLINE_MS) // LATE_FIRST_MS)
        attempts = look(attempts, now)
    return at


def test_after_a_server_error_each_next_submission_waits_longer() -> None:
    story: list[EventData] = [REQUESTED]
    waits = []
    for number in (1, 2, 3):
        story += [claimed(number), accepted(number, f"job-{number}"), server_error(number)]
        state = told(*story)
        action = next_action(state, NOTHING, TIMING, START_MS)
        assert isinstance(action, Wait)
        waits.append(action.until_ms - START_MS)
        assert next_action(state, NOTHING, TIMING, action.until_ms) == Submit(number=number + 1)
    assert waits == [RESUBMIT_FIRST_MS, 2 * RESUBMIT_FIRST_MS, 4 * RESUBMIT_FIRST_MS]


def test_a_callback_after_we_gave_up_leads_to_one_question() -> None:
    state = told(REQUESTED, claimed(), accepted(), failed(reason="deadline"))
    called_back = after(state, (called(),), START_MS)
    asked = next_action(called_back, NOTHING, TIMING, START_MS)
    assert asked == Fetch(number=1, wake="callback")
    running = seen_running(Attempts(woken="callback"), START_MS)
    assert isinstance(next_action(called_back, running, TIMING, START_MS), Wait)
    spaced = replace(running, woken="callback", asked_at_ms=START_MS)
    assert isinstance(next_action(called_back, spaced, TIMING, START_MS), Wait)


def test_a_job_that_was_given_up_is_looked_at_ever_more_rarely_as_long_as_it_may_live() -> None:
    asked = seen_running(NOTHING, DEADLINE_MS + 10)  # a last time, before it was given up
    assert looks(asked, seen_running) == [1, 2, 4, 8, 16, 32, 64, 128]


def test_where_results_are_kept_for_a_month_one_that_comes_late_is_looked_for_as_long() -> None:
    kept = replace(TIMING, facts=ProviderFacts(result_lifetime_ms=30 * TIMING.job_lifetime_ms))
    asked = seen_running(NOTHING, DEADLINE_MS + 10)
    assert looks(asked, seen_running, kept) == [2**n for n in range(13)]


def test_after_a_restart_a_job_that_was_given_up_is_looked_at_once_and_not_for_ever() -> None:
    state = told(REQUESTED, claimed(), accepted(), failed(reason="deadline"))
    now = DEADLINE_MS + 10 * LATE_FIRST_MS
    assert next_action(state, NOTHING, TIMING, now) == Fetch(number=1, wake="silence")
    looked = next_action(state, seen_running(NOTHING, now), TIMING, now)
    assert looked == Wait(until_ms=DEADLINE_MS + 20 * LATE_FIRST_MS)
    assert next_action(state, NOTHING, TIMING, DEADLINE_MS * 2) == Done()


def test_an_outage_when_a_job_is_given_up_and_after_it_leaves_looks_for_when_it_is_over() -> None:
    def failed_again(attempts: Attempts, now_ms: int) -> Attempts:
        return replace(attempts, failures=attempts.failures + 1, retry_at_ms=now_ms + 60_000)

    unasked = Attempts(woken="start", failures=LAST_ASKS_MAX, retry_at_ms=DEADLINE_MS + 240_000)
    assert looks(unasked, failed_again) == [1, 2, 4, 9, 19, 38, 76]


def test_a_claim_that_nobody_could_settle_ends_and_is_settled_all_the_same_when_it_can_be() -> None:
    state = told(REQUESTED, claimed())
    day_later = START_MS + TIMING.job_lifetime_ms
    failing = Attempts(failures=SETTLE_FAILURES_MAX)
    assert next_action(state, failing, TIMING, day_later - 1) == Settle(number=1)
    assert next_action(state, NOTHING, TIMING, day_later) == Settle(number=1)
    assert next_action(state, failing, TIMING, day_later) == GiveUp(number=1, lost=False)
    ended = after(state, (failed(reason="deadline"),), day_later)
    assert next_action(ended, failing, TIMING, day_later) == Settle(number=1)
    found = after(ended, (accepted(adopted=True),), day_later)
    assert next_action(found, Attempts(woken="start"), TIMING, day_later) == Fetch(
        number=1, wake="silence"
    )


def test_a_claim_ends_too_whose_job_a_callback_named_and_nobody_can_read() -> None:
    named = told(REQUESTED, claimed(), called(job="job-1"))
    failing = Attempts(failures=SETTLE_FAILURES_MAX)
    confirm = Confirm(number=1, job="job-1")
    assert next_action(named, failing, TIMING, DEADLINE_MS - 1) == confirm
    assert next_action(named, NOTHING, TIMING, DEADLINE_MS) == confirm
    assert next_action(named, failing, TIMING, DEADLINE_MS) == GiveUp(number=1, lost=False)


def test_jobs_that_the_provider_lost_are_not_looked_at() -> None:
    state = told(REQUESTED, claimed(), accepted(), abandoned(), failed(reason="lost"))
    assert next_action(state, NOTHING, TIMING, START_MS) == Done()


def test_a_callback_after_the_provider_failed_it_leads_to_nothing() -> None:
    state = told(REQUESTED, claimed(), accepted(), failed(), called())
    assert next_action(state, NOTHING, TIMING, START_MS) == Done()


def test_another_job_that_completed_late_is_asked_for_before_it_is_superseded() -> None:
    state = told(
        REQUESTED,
        claimed(1),
        abandoned(1),
        claimed(2),
        accepted(2, "job-2"),
        failed(2, reason="deadline"),
        called(1),
        accepted(1, "job-1", adopted=True),
    )
    assert next_action(state, NOTHING, TIMING, START_MS) == Fetch(number=1, wake="callback")
    done = after(state, (completed_late(1),), START_MS)
    assert next_action(done, NOTHING, TIMING, START_MS) == Supersede(number=2)
