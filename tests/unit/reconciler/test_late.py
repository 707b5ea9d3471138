"""What is owed after a server error, and after we gave up."""

from __future__ import annotations

from dataclasses import replace

from service.log.event_data import EventData
from service.reconciler.fetching import retryable, seen_running
from service.reconciler.plan import (
    LATE_FAILURES_MAX,
    LATE_FIRST_MS,
    RESUBMIT_FIRST_MS,
    SETTLE_FAILURES_MAX,
    Attempts,
    Check,
    Done,
    Fetch,
    GiveUp,
    Settle,
    Submit,
    Supersede,
    Timing,
    Wait,
    next_action,
)
from service.wire import sentences
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
    state = told(REQUESTED, claimed(), accepted(), failed(reason="deadline"))
    deadline_ms = START_MS + TIMING.job_lifetime_ms
    now, looks = deadline_ms, []
    attempts = seen_running(NOTHING, deadline_ms + 10)  # asked a last time, before it was given up
    while not isinstance(action := next_action(state, attempts, TIMING, now), Done):
        if isinstance(action, Wait):
            now = action.until_ms
            continue
        assert action == Check(number=1, wake="silence")
        looks.append((now - deadline_ms) // LATE_FIRST_MS)
        attempts = seen_running(attempts, now)
    assert looks == [1, 2, 4, 8, 16, 32, 64, 128]


def test_after_a_restart_a_job_that_was_given_up_is_looked_at_once_and_not_for_ever() -> None:
    state = told(REQUESTED, claimed(), accepted(), failed(reason="deadline"))
    deadline_ms = START_MS + TIMING.job_lifetime_ms
    now = deadline_ms + 10 * LATE_FIRST_MS
    assert next_action(state, NOTHING, TIMING, now) == Check(number=1, wake="silence")
    looked = next_action(state, seen_running(NOTHING, now), TIMING, now)
    assert looked == Wait(until_ms=deadline_ms + 20 * LATE_FIRST_MS)
    failing = Attempts(failures=LATE_FAILURES_MAX)
    assert next_action(state, failing, TIMING, now) == Done()
    assert next_action(state, NOTHING, TIMING, deadline_ms * 2) == Done()


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
    assert next_action(found, Attempts(woken="start"), TIMING, day_later) == Check(
        number=1, wake="silence"
    )


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


def test_only_server_errors_are_submitted_again() -> None:
    assert retryable(sentences.SERVER_ERROR) == "server-error"
    assert retryable(sentences.INTERNAL_ERROR) == "server-error"
    refused = "Download error to https://a.example/b, 503 Server Error: Unavailable for url: b"
    assert retryable(refused) == "download-server-error"
    assert retryable(sentences.AUDIO_TOO_SHORT) is None
    assert retryable("what no table knows") is None
