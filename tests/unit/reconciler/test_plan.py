"""What is owed in every situation."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from stenolog.log.event_data import EventData
from stenolog.log.events.submissions import SubmissionDelayed, SubmissionSearched
from stenolog.providers.facts import ProviderFacts
from stenolog.reconciler.actions import (
    Action,
    Alarm,
    Check,
    Confirm,
    Done,
    Fetch,
    GiveUp,
    Remove,
    Search,
    Settle,
    Submit,
    Supersede,
    Wait,
)
from stenolog.reconciler.attempts import (
    RETRY_FIRST_MS,
    RETRY_MS_MAX,
    Attempts,
    asked_in_vain,
    denied,
    list_asked,
    missing_in_list,
    not_confirmed,
    seen_running,
    woken_by,
)
from stenolog.reconciler.clearing import SETTLE_FAILURES_MAX
from stenolog.reconciler.expecting import EXPECTED_MS_MIN
from stenolog.reconciler.plan import ASK_SPACING_MS, next_action
from stenolog.reconciler.resubmitting import FORGOTTEN_MAX
from stenolog.reconciler.timing import Timing
from tests.unit.commands.stories import (
    REQUESTED,
    START_MS,
    abandoned,
    accepted,
    called,
    claimed,
    completed,
    failed,
    refused,
    removed,
    superseded,
    told,
)

TIMING = Timing(
    settle_ms=90_000, silence_ms=200_000, sweep_interval_ms=30_000, job_lifetime_ms=86_400_000
)
POLLED = replace(TIMING, polled=True)
RUNNING = (REQUESTED, claimed(), accepted())
LATE = (*RUNNING, SubmissionDelayed(submission=1))
TWO_RUN = (REQUESTED, claimed(), abandoned(), claimed(2), accepted(2, "job-2"), accepted())


def owed(
    *facts: EventData,
    after_ms: int = 0,
    attempts: Attempts | None = None,
    timing: Timing = TIMING,
) -> Action:
    return next_action(told(*facts), attempts or Attempts(), timing, START_MS + after_ms)


def test_nothing_is_owed_to_what_does_not_exist() -> None:
    assert owed() == Done()


def test_a_request_is_submitted() -> None:
    assert owed(REQUESTED) == Submit(number=1)


def test_a_refusal_is_waited_out_and_longer_each_time() -> None:
    once = (REQUESTED, claimed(), refused())
    assert owed(*once) == Wait(until_ms=START_MS + RETRY_FIRST_MS)
    assert owed(*once, after_ms=RETRY_FIRST_MS) == Submit(number=2)
    twice = (*once, claimed(2), refused(2))
    assert owed(*twice) == Wait(until_ms=START_MS + 2 * RETRY_FIRST_MS)
    often = (REQUESTED, *(fact for n in range(1, 30) for fact in (claimed(n), refused(n))))
    assert owed(*often) == Wait(until_ms=START_MS + RETRY_MS_MAX)


def test_what_the_provider_asked_for_is_waited() -> None:
    asked = (REQUESTED, claimed(), refused(retry_in_ms=45_000))
    assert owed(*asked) == Wait(until_ms=START_MS + 45_000)
    assert owed(*asked, after_ms=45_000) == Submit(number=2)


def test_an_outage_never_fails_a_transcription() -> None:
    facts = (REQUESTED, *(fact for n in range(1, 60) for fact in (claimed(n), abandoned(n))))
    assert owed(*facts, after_ms=RETRY_MS_MAX) == Submit(number=60)


def test_an_unknown_outcome_is_settled_after_a_while_and_by_two_lists() -> None:
    facts = (REQUESTED, claimed())
    assert owed(*facts) == Wait(until_ms=START_MS + 90_000)
    assert owed(*facts, after_ms=90_000) == Settle(number=1)
    once = Attempts(sweeps=1, swept_at_ms=START_MS + 90_000)
    assert owed(*facts, after_ms=90_001, attempts=once) == Wait(until_ms=START_MS + 120_000)
    assert owed(*facts, after_ms=120_000, attempts=once) == Settle(number=1)


def test_waking_does_not_settle_earlier() -> None:
    woken = Attempts(woken="start")
    assert owed(REQUESTED, claimed(), attempts=woken) == Wait(until_ms=START_MS + 90_000)


def test_a_callback_shortens_the_wait_once_the_provider_confirms_it() -> None:
    facts = (REQUESTED, claimed(), called(job="job-7"))
    assert owed(*facts) == Confirm(number=1, job="job-7")
    denied = Attempts(refuted=frozenset({(1, "job-7")}))
    assert owed(*facts, attempts=denied) == Wait(until_ms=START_MS + 90_000)


def test_a_late_callback_brings_back_what_was_abandoned_or_refused() -> None:
    for gone in (abandoned(), refused()):
        facts = (REQUESTED, claimed(), gone, called(job="job-7"))
        assert owed(*facts) == Confirm(number=1, job="job-7")
        denied = Attempts(refuted=frozenset({(1, "job-7")}))
        assert owed(*facts, after_ms=60_000, attempts=denied) == Submit(number=2)


def test_a_denial_for_one_submission_says_nothing_about_another() -> None:
    facts = (REQUESTED, claimed(), abandoned(), claimed(2), called(2, job="job-7"))
    denied = Attempts(refuted=frozenset({(1, "job-7")}))
    assert owed(*facts, attempts=denied) == Confirm(number=2, job="job-7")


def test_a_job_that_called_back_and_is_not_ready_is_asked_for_soon_again_a_few_times() -> None:
    facts = (*RUNNING, called(job="job-1"))
    attempts = asked_in_vain(Attempts(woken="callback"), START_MS)
    asked_at_ms = []
    after_ms = 0
    for after_ms in range(0, 60_000, 500):
        action = owed(*facts, after_ms=after_ms, attempts=attempts)
        if isinstance(action, Fetch):
            asked_at_ms.append(after_ms)
            attempts = asked_in_vain(attempts, START_MS + after_ms)
    assert asked_at_ms == [1_000, 3_000, 7_000]


def test_a_job_is_left_alone_until_it_is_suspicious() -> None:
    due = EXPECTED_MS_MIN + TIMING.silence_ms
    assert owed(*RUNNING) == Wait(until_ms=START_MS + due)
    assert owed(*RUNNING, after_ms=due) == Check(number=1, wake="silence")


def test_silence_is_looked_into_less_and_less_often() -> None:
    waits = []
    for checks in range(1, 9):
        seen = Attempts(checks=checks, checked_at_ms=START_MS)
        action = owed(*RUNNING, after_ms=1, attempts=seen)
        assert isinstance(action, Wait)
        waits.append(action.until_ms - START_MS)
    assert waits == [30_000, 60_000, 120_000, 240_000, 480_000, 600_000, 600_000, 600_000]


def test_a_provider_that_cannot_call_is_polled_from_the_start() -> None:
    assert owed(*RUNNING, timing=POLLED) == Wait(until_ms=START_MS + 1_000)
    assert owed(*RUNNING, timing=POLLED, after_ms=1_000) == Check(number=1, wake="poll")
    seen = Attempts(checks=20, checked_at_ms=START_MS)
    assert owed(*RUNNING, timing=POLLED, attempts=seen) == Wait(until_ms=START_MS + 30_000)


def test_a_job_that_is_asked_for_by_itself_is_so_by_its_age() -> None:
    """From the age alone, so that a restart neither hurries nor forgets it."""
    hour_ms = 3_600_000
    bare = ProviderFacts(calls_back=False, lists=False, deletes=False, result_lifetime_ms=hour_ms)
    timing = replace(POLLED, facts=bare, job_lifetime_ms=hour_ms)
    asked_ms = [0]
    attempts = Attempts()
    while asked_ms[-1] < hour_ms - 30_000:
        action = owed(*LATE, timing=timing, after_ms=asked_ms[-1], attempts=attempts)
        assert isinstance(action, Wait)
        due_ms = action.until_ms - START_MS
        fetch = owed(*LATE, timing=timing, after_ms=due_ms, attempts=attempts)
        assert fetch == Fetch(number=1, wake="poll")
        attempts = seen_running(Attempts(), START_MS + due_ms)
        asked_ms.append(due_ms)
    waits = [later - earlier for earlier, later in pairwise(asked_ms)]
    assert waits[:6] == [1_000, 1_000, 1_000, 1_000, 1_000, 1_250]
    assert waits[:-1] == sorted(waits[:-1])
    assert waits[-2] == 30_000
    assert asked_ms[-1] == hour_ms - 30_000
    assert len(waits) < 150
    slow = replace(timing, sweep_interval_ms=10**9)
    late = Attempts(checks=1, checked_at_ms=START_MS + hour_ms // 2)
    due = owed(*LATE, timing=slow, after_ms=hour_ms // 2, attempts=late)
    assert due == Wait(until_ms=START_MS + hour_ms // 2 + 60_000)
    last = Attempts(checks=1, checked_at_ms=START_MS + hour_ms - 45_000)
    due = owed(*LATE, timing=slow, after_ms=hour_ms - 45_000, attempts=last)
    assert due == Wait(until_ms=START_MS + hour_ms - 30_000)


def test_a_callback_leads_to_a_question_at_once() -> None:
    assert owed(*RUNNING, called()) == Fetch(number=1, wake="callback")
    woken = Attempts(woken="callback", checks=3, checked_at_ms=START_MS)
    assert owed(*RUNNING, called(), attempts=woken) == Fetch(number=1, wake="callback")


def test_a_lying_callback_is_not_believed_for_ever() -> None:
    lied = Attempts(checks=1, checked_at_ms=START_MS, asked_at_ms=START_MS)
    assert owed(*RUNNING, called(), attempts=lied) == Wait(until_ms=START_MS + 30_000)


def test_many_callbacks_are_one_question_a_second() -> None:
    again = Attempts(woken="callback", checks=1, checked_at_ms=START_MS, asked_at_ms=START_MS)
    due = START_MS + ASK_SPACING_MS
    assert owed(*RUNNING, called(), after_ms=10, attempts=again) == Wait(until_ms=due)
    then = owed(*RUNNING, called(), after_ms=ASK_SPACING_MS, attempts=again)
    assert then == Fetch(number=1, wake="callback")


def test_other_kinds_of_callbacks_do_not_mean_the_end() -> None:
    for kind in ("unreadable", "oversized", "redacted_audio"):
        action = owed(*RUNNING, called(kind=kind, job=None))
        assert isinstance(action, Wait)


def test_a_start_looks_at_every_job() -> None:
    assert owed(*RUNNING, attempts=Attempts(woken="start")) == Check(number=1, wake="start")


def test_a_job_that_the_list_is_read_for_waits_for_that_and_for_callbacks() -> None:
    asked = list_asked(Attempts(woken="start"))
    half_ms, ends_ms = START_MS + TIMING.job_lifetime_ms // 2, START_MS + TIMING.job_lifetime_ms
    assert owed(*RUNNING, after_ms=3_600_000, attempts=asked) == Wait(until_ms=half_ms)
    assert owed(*LATE, after_ms=3_600_000, attempts=asked) == Wait(until_ms=ends_ms)
    called_since = woken_by(asked, "callback")
    assert owed(*RUNNING, called(), attempts=called_since) == Fetch(number=1, wake="callback")
    woken_since = woken_by(asked, "start")
    assert owed(*RUNNING, attempts=woken_since) == Check(number=1, wake="start")


def test_a_job_that_the_list_does_not_show_is_asked_for_itself_until_it_was_seen() -> None:
    missing = woken_by(missing_in_list(Attempts()), "silence")
    assert owed(*RUNNING, attempts=missing) == Fetch(number=1, wake="silence")
    seen = asked_in_vain(missing, START_MS)
    assert owed(*RUNNING, attempts=seen) == Wait(until_ms=START_MS + 30_000)
    assert owed(*RUNNING, after_ms=30_000, attempts=seen) == Check(number=1, wake="silence")


def test_a_job_that_is_not_known_is_asked_for_again_before_it_is_given_up() -> None:
    missing = denied(Attempts(), START_MS, counts=False)
    assert owed(*RUNNING, attempts=missing) == Wait(until_ms=START_MS + 90_000)
    assert owed(*RUNNING, after_ms=90_000, attempts=missing) == Fetch(number=1, wake="silence")
    late = denied(Attempts(), START_MS + 80_000, counts=True)
    assert owed(*RUNNING, after_ms=90_000, attempts=late) == Wait(until_ms=START_MS + 110_000)


def test_a_job_of_which_nobody_knows_is_asked_for_less_and_less_often() -> None:
    attempts, at_ms, waits = Attempts(), 400_000, list[int]()
    for _ in range(8):
        attempts = denied(attempts, START_MS + at_ms, counts=True)
        due = owed(*RUNNING, after_ms=at_ms, attempts=attempts)
        assert isinstance(due, Wait)
        waits.append(due.until_ms - START_MS - at_ms)
        at_ms += waits[-1]
    assert waits == [30_000, 30_000, 60_000, 120_000, 240_000, 480_000, 600_000, 600_000]


def test_a_job_that_a_callback_names_and_nobody_knows_is_asked_for_a_few_times() -> None:
    facts, attempts, asked_ms = (REQUESTED, claimed(), called(job="job-7")), Attempts(), list[int]()
    for after_ms in range(0, 89_000, 500):
        if owed(*facts, after_ms=after_ms, attempts=attempts) == Confirm(number=1, job="job-7"):
            asked_ms.append(after_ms)
            attempts = not_confirmed(attempts, 1, "job-7", START_MS + after_ms)
    assert asked_ms == [0, 1_000, 3_000, 7_000, 15_000, 31_000, 63_000]
    assert isinstance(owed(*facts, after_ms=90_000, attempts=attempts), Settle)


def test_a_provider_that_could_not_be_asked_has_its_rest() -> None:
    later = Attempts(woken="callback", failures=3, retry_at_ms=START_MS + 4_000)
    assert owed(*RUNNING, called(), attempts=later) == Wait(until_ms=START_MS + 4_000)
    assert owed(REQUESTED, attempts=later) == Wait(until_ms=START_MS + 4_000)


def test_half_of_a_lifetime_is_an_alarm_once() -> None:
    half = TIMING.job_lifetime_ms // 2
    checked = Attempts(checks=99, checked_at_ms=START_MS + half - 1)
    before = owed(*RUNNING, after_ms=half - 1, attempts=checked)
    assert before == Wait(until_ms=START_MS + half)
    assert owed(*RUNNING, after_ms=half, attempts=checked) == Alarm(number=1)
    assert isinstance(owed(*LATE, after_ms=half, attempts=checked), Wait)


def test_a_lifetime_ends_a_job() -> None:
    day = TIMING.job_lifetime_ms
    checked = Attempts(checks=99, checked_at_ms=START_MS + day - 1)
    assert owed(*LATE, after_ms=day - 1, attempts=checked) == Wait(until_ms=START_MS + day)
    assert owed(*RUNNING, after_ms=day) == GiveUp(number=1, lost=False)


def test_a_forgotten_job_is_submitted_again_at_once() -> None:
    assert owed(*RUNNING, abandoned(reason="forgotten")) == Submit(number=2)


def test_a_provider_that_forgets_every_job_is_not_paid_for_ever() -> None:
    facts: list[EventData] = [REQUESTED]
    for number in range(1, FORGOTTEN_MAX + 2):
        facts += [claimed(number), accepted(number, "j"), abandoned(number, "forgotten")]
    assert owed(*facts) == GiveUp(number=FORGOTTEN_MAX + 1, lost=True)
    assert owed(*facts[:-3]) == Submit(number=FORGOTTEN_MAX + 1)


def test_of_two_jobs_the_one_that_called_is_asked_first() -> None:
    assert owed(*TWO_RUN, called(2, job="job-2")) == Fetch(number=2, wake="callback")


def test_the_loser_is_superseded_then_removed_then_forgotten() -> None:
    ended = (*TWO_RUN, completed(2))
    assert owed(*ended) == Supersede(number=1)
    assert owed(*ended, superseded()) == Remove(number=1)
    assert owed(*ended, superseded(), removed()) == Done()


def test_a_removal_that_never_works_is_left_after_the_lifetime() -> None:
    facts = (*TWO_RUN, completed(2), superseded())
    tried = Attempts(failures=50)
    assert owed(*facts, attempts=tried) == Remove(number=1)
    late = TIMING.job_lifetime_ms
    assert owed(*facts, attempts=tried, after_ms=late) == Done()
    assert owed(*facts, after_ms=late) == Remove(number=1)


def test_the_end_is_the_end() -> None:
    assert owed(*RUNNING, completed()) == Done()
    assert owed(*RUNNING, failed()) == Done()
    woken = Attempts(woken="callback")
    assert owed(*RUNNING, called(), completed(), attempts=woken) == Done()


REFUSAL_CONFIRMED = (REQUESTED, claimed(), refused(), claimed(2), accepted())


def test_a_finished_job_does_not_wait_for_an_open_claim() -> None:
    """A refused submission was confirmed while the next one is of unknown outcome."""
    assert owed(*REFUSAL_CONFIRMED, called()) == Fetch(number=1, wake="callback")
    assert owed(*REFUSAL_CONFIRMED, called(), after_ms=90_000) == Fetch(number=1, wake="callback")


def test_an_open_claim_does_not_wait_for_a_running_job() -> None:
    assert owed(*REFUSAL_CONFIRMED) == Wait(until_ms=START_MS + 90_000)
    assert owed(*REFUSAL_CONFIRMED, after_ms=90_000) == Settle(number=2)
    assert owed(*REFUSAL_CONFIRMED, timing=POLLED) == Wait(until_ms=START_MS + 1_000)


def test_what_fails_does_not_keep_the_other_from_its_turn() -> None:
    facts = (*REFUSAL_CONFIRMED, called())
    turns = [owed(*facts, after_ms=90_000, attempts=Attempts(failures=n)) for n in range(4)]
    fetch = Fetch(number=1, wake="callback")
    assert turns == [fetch, Settle(number=2), fetch, Settle(number=2)]


def test_what_failed_beside_the_job_keeps_no_callback_waiting_and_comes_after_it() -> None:
    facts = (*REFUSAL_CONFIRMED, called())
    fetch = Fetch(number=1, wake="callback")
    waits = Wait(until_ms=START_MS + 200_000)
    for failures in (1, 2):
        put_off = Attempts(failures=failures, retry_at_ms=waits.until_ms, beside=True)
        woken = replace(put_off, woken="callback")
        assert owed(*facts, after_ms=90_000, attempts=put_off) == waits
        assert owed(*facts, after_ms=90_000, attempts=woken) == fetch
        asked = replace(woken, beside=False)
        assert owed(*facts, after_ms=90_000, attempts=asked) == waits


def test_an_open_claim_is_settled_even_after_the_end() -> None:
    """A job that nobody waits for any more is still to be found and removed."""
    facts = (REQUESTED, claimed(), abandoned(), claimed(2), accepted(), completed(1))
    assert owed(*facts, after_ms=90_000) == Settle(number=2)
    found = (*facts, accepted(2, "job-2"))
    assert owed(*found) == Supersede(number=2)


def test_other_jobs_of_one_that_was_found_are_looked_for_once_the_list_is_believed() -> None:
    found = (REQUESTED, claimed(), called(), accepted(adopted=True))
    seen = Attempts(checks=1, checked_at_ms=START_MS + 89_000)
    due_ms = START_MS + TIMING.settle_ms
    for story in (found, (*found, completed())):
        assert owed(*story, after_ms=89_999, attempts=seen) == Wait(until_ms=due_ms)
        assert owed(*story, after_ms=90_000, attempts=seen) == Search(number=1)
    looked = SubmissionSearched(submission=1)
    assert owed(*found, completed(), looked, after_ms=90_000) == Done()
    assert not told(*found, completed(), looked).work.open


def test_they_are_left_to_themselves_when_no_list_can_be_read_for_a_jobs_whole_life() -> None:
    found = (REQUESTED, claimed(), accepted(adopted=True), completed())
    in_vain = Attempts(failures=SETTLE_FAILURES_MAX)
    late_ms = TIMING.job_lifetime_ms
    assert owed(*found, after_ms=late_ms, attempts=Attempts(failures=1)) == Search(number=1)
    assert owed(*found, after_ms=late_ms, attempts=in_vain) == Done()
