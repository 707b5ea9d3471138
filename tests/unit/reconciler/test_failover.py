"""Another provider is asked once it is certain that the one before has no job, and not sooner."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from stenolog.commands.transcription.commands import ClaimSubmission
from stenolog.commands.transcription.decide import decide
from stenolog.commands.transcription.state import Place, Transcription
from stenolog.log.event_data import EventData
from stenolog.log.events.submissions import RefusalReason, SubmissionClaimed
from stenolog.log.events.transcriptions import ErasureRequested, TranscriptionRequested
from stenolog.log.events.vocabulary import Fallback, ProviderName
from stenolog.providers.facts import ProviderFacts
from stenolog.reconciler.actions import Action, Check, Confirm, GiveUp, Remove, Settle, Submit, Wait
from stenolog.reconciler.attempts import RETRY_FIRST_MS, Attempts
from stenolog.reconciler.breaker import Breaker
from stenolog.reconciler.erasing import Erase, Step, asked_at
from stenolog.reconciler.erasing import next_action as next_step
from stenolog.reconciler.failover import AWAY_MS, REFUSALS_MAX
from stenolog.reconciler.plan import next_action
from stenolog.reconciler.pool import Pool
from stenolog.reconciler.timing import Timing
from tests.unit.commands.stories import (
    START_MS,
    abandoned,
    accepted,
    after,
    called,
    completed,
    refused,
    removed,
    server_error,
    told,
    unanswered,
)

FIRST: Place = ("assemblyai", "us")
SECOND: Place = ("local", None)
THIRD: Place = ("aimlapi", None)
PLACES = (FIRST, SECOND, THIRD)
LISTED = Timing(
    settle_ms=90_000, silence_ms=200_000, sweep_interval_ms=30_000, job_lifetime_ms=86_400_000
)
BARE = replace(
    LISTED,
    polled=True,
    facts=ProviderFacts(
        calls_back=False, lists=False, deletes=False, uploads=False, result_lifetime_ms=3_600_000
    ),
)
TIMINGS: Mapping[ProviderName, Timing] = {
    "assemblyai": LISTED,
    "local": replace(LISTED, settle_ms=5_000),
    "aimlapi": BARE,
}
LATER_MS, SOON_MS = 86_400_000, 600_000
REQUESTED = TranscriptionRequested(
    provider="assemblyai",
    region="us",
    surface="v2",
    upload=None,
    fallbacks=[Fallback(provider="local", region=None)],
)
FROM_BARE = TranscriptionRequested(
    provider="aimlapi",
    region=None,
    surface="v2",
    upload=None,
    fallbacks=[Fallback(provider="assemblyai", region="us")],
)


def claimed(number: int = 1, provider: ProviderName | None = None) -> SubmissionClaimed:
    return SubmissionClaimed(submission=number, kid=1, provider=provider)


def step(state: Transcription, after_ms: int = 0, away: Collection[Place] = ()) -> Step:
    timing = replace(TIMINGS[state.provider], others=TIMINGS)
    return next_step(state, Attempts(), timing, START_MS + after_ms, away)


def owed(*facts: EventData, after_ms: int = 0, away: Collection[Place] = ()) -> Step:
    return step(told(*facts), after_ms, away)


def not_now(times: int) -> Sequence[EventData]:
    return [fact for n in range(1, times + 1) for fact in (claimed(n), refused(n))]


def test_the_first_is_asked_first() -> None:
    assert owed(REQUESTED) == Submit(number=1, place=FIRST)


def test_who_refuses_the_account_is_left_at_once() -> None:
    for reason in ("credentials", "not-found"):
        facts = (REQUESTED, claimed(), refused(reason=reason))
        assert owed(*facts) == Submit(number=2, place=SECOND)


def test_who_says_not_now_is_left_after_three_times_in_a_row() -> None:
    twice = (REQUESTED, *not_now(REFUSALS_MAX - 1))
    assert isinstance(owed(*twice), Wait)
    number = REFUSALS_MAX
    assert owed(*twice, after_ms=LATER_MS) == Submit(number=number, place=FIRST)
    often = (REQUESTED, *not_now(REFUSALS_MAX))
    assert owed(*often) == Submit(number=number + 1, place=SECOND), "there nobody said to wait"


def test_who_wants_to_be_left_alone_for_long_is_left_at_once() -> None:
    asked_to_wait = (REQUESTED, claimed(), refused(retry_in_ms=60_000))
    assert owed(*asked_to_wait) == Submit(number=2, place=SECOND)
    short = (REQUESTED, claimed(), refused(retry_in_ms=AWAY_MS))
    assert owed(*short) == Wait(until_ms=START_MS + AWAY_MS)


def test_refusals_count_in_a_row_and_at_one_place() -> None:
    mixed = (
        REQUESTED,
        *not_now(2),
        claimed(3),
        accepted(3),
        server_error(3),
        claimed(4),
        refused(4),
    )
    assert owed(*mixed, after_ms=LATER_MS) == Submit(number=5, place=FIRST)
    setting = (REQUESTED, *not_now(2), claimed(3), refused(3, reason="setting"))
    assert owed(*setting, after_ms=LATER_MS) == Submit(number=4, place=FIRST)
    moved = (REQUESTED, *not_now(3), claimed(4, "local"), refused(4))
    assert owed(*moved, after_ms=LATER_MS) == Submit(number=5, place=SECOND)


def test_who_fails_a_job_by_its_own_fault_is_left_and_four_jobs_are_all() -> None:
    once = (REQUESTED, claimed(), accepted(), server_error())
    assert owed(*once) == Submit(number=2, place=SECOND)
    not_its_own = server_error(kind="download-server-error")
    elsewhere = (REQUESTED, claimed(), accepted(), not_its_own)
    assert owed(*elsewhere, after_ms=LATER_MS) == Submit(number=2, place=FIRST)
    both = (*once, claimed(2, "local"), accepted(2), server_error(2))
    assert isinstance(owed(*both), Wait), "the first was asked a moment ago"
    assert owed(*both, after_ms=LATER_MS) == Submit(number=3, place=FIRST)


def test_after_the_last_comes_the_first_again_and_not_at_once() -> None:
    both = (
        REQUESTED,
        claimed(),
        refused(reason="credentials"),
        claimed(2, "local"),
        refused(2, reason="credentials"),
    )
    assert owed(*both) == Wait(until_ms=START_MS + 2 * RETRY_FIRST_MS)
    assert owed(*both, after_ms=LATER_MS) == Submit(number=3, place=FIRST)


def test_an_unknown_outcome_is_settled_first_where_it_was_made() -> None:
    facts = (REQUESTED, *not_now(2), claimed(3))
    assert owed(*facts, after_ms=LATER_MS) == Settle(number=3)
    assert owed(*facts, after_ms=LATER_MS, away=[FIRST]) == Settle(number=3)
    listed = (*facts, abandoned(3))
    assert owed(*listed, after_ms=LATER_MS) == Submit(number=4, place=SECOND)


def test_where_nobody_can_tell_no_other_is_asked() -> None:
    asked = (FROM_BARE, claimed())
    assert owed(*asked, after_ms=LATER_MS) == Settle(number=1)
    untold = (*asked, abandoned())
    assert owed(*untold, after_ms=SOON_MS, away=[THIRD]) == Submit(number=2, place=THIRD)
    refusing = (*untold, claimed(2), refused(2, reason="credentials"))
    assert owed(*refusing, after_ms=SOON_MS) == Submit(number=3, place=THIRD)
    again = (*untold, claimed(2), abandoned(2))
    assert owed(*again, after_ms=SOON_MS) == GiveUp(number=2, lost=True)
    lived_ms = BARE.settle_ms + 3_600_000
    assert owed(*refusing, after_ms=lived_ms - 1) == Submit(number=3, place=THIRD)
    assert owed(*refusing, after_ms=lived_ms) == Submit(number=3, place=FIRST), "no job is left"


def test_a_refusal_where_there_is_no_list_is_as_good_as_any() -> None:
    facts = (FROM_BARE, claimed(), refused(reason="credentials"))
    assert owed(*facts) == Submit(number=2, place=FIRST)


def test_a_place_that_is_away_is_passed_over_without_being_asked() -> None:
    assert owed(REQUESTED, away=[FIRST]) == Submit(number=1, place=SECOND)
    assert owed(REQUESTED, away=[SECOND]) == Submit(number=1, place=FIRST)
    assert owed(REQUESTED, away=[FIRST, SECOND]) == Submit(number=1, place=FIRST)
    once = (REQUESTED, *not_now(1))
    assert owed(*once, away=[FIRST]) == Submit(number=2, place=SECOND)


def test_who_takes_no_file_is_left_after_three_times_too() -> None:
    state, timing = told(REQUESTED), replace(LISTED, others=TIMINGS)

    def asked(failures: int) -> Step:
        return next_step(state, Attempts(failures=failures), timing, START_MS)

    assert asked(REFUSALS_MAX - 1) == Submit(number=1, place=FIRST)
    assert asked(REFUSALS_MAX) == Submit(number=1, place=SECOND)
    assert asked(2 * REFUSALS_MAX) == Submit(number=1, place=FIRST), "nor does that one"


def test_a_job_is_followed_where_it_is() -> None:
    there = (REQUESTED, claimed(), refused(reason="credentials"), claimed(2, "local"), accepted(2))
    state = told(*there)
    assert state.place == SECOND
    action = step(state, after_ms=SOON_MS)
    assert action == Check(number=2, wake="silence")
    assert asked_at(action, state) == SECOND
    named = told(*there, called(1, job="job-9"))
    confirm = step(named)
    assert confirm == Confirm(number=1, job="job-9")
    assert asked_at(confirm, named) == FIRST, "a refused create may have made a job all the same"


def test_a_job_that_turns_up_where_it_was_refused_is_removed_there() -> None:
    won = told(
        REQUESTED,
        claimed(),
        refused(reason="credentials"),
        claimed(2, "local"),
        accepted(2, "job-2"),
        accepted(1, "job-1", adopted=True),
        completed(1),
    )
    assert won.place == FIRST, "whose answer the payload is"
    erased = after(won, [ErasureRequested(surface="v2")], START_MS)
    assert step(erased) == Erase()
    both = after(won, [ErasureRequested(surface="v2"), removed(1)], START_MS)
    places = {asked_at(Remove(number=n), both) for n in (1, 2)}
    assert places == {FIRST, SECOND}


def test_a_page_in_between_is_settled_too() -> None:
    facts = (REQUESTED, claimed(), unanswered())
    assert owed(*facts, after_ms=LATER_MS) == Settle(number=1)


def test_the_claim_names_its_provider_and_no_other_than_was_asked_for() -> None:
    state = told(REQUESTED, *not_now(REFUSALS_MAX))
    number = REFUSALS_MAX + 1
    [first] = decide(ClaimSubmission(number=number, kid=1, place=FIRST), state)
    assert first == claimed(number)
    [second] = decide(ClaimSubmission(number=number, kid=1, place=SECOND), state)
    assert second == claimed(number, "local")
    assert decide(ClaimSubmission(number=number, kid=1, place=THIRD), state) == ()


def test_a_pool_is_away_while_its_provider_is_down_or_paused_for_long() -> None:
    breaker = Breaker(lambda: 1.0)
    pool, now_ms = Pool(1, breaker, lambda: None), START_MS
    for failure in range(1, REFUSALS_MAX + 1):
        assert not pool.away(now_ms)
        now_ms = max(now_ms + 1, breaker.open_until_ms)
        breaker.failed(now_ms, now_ms)
        assert pool.away(now_ms) is (failure == REFUSALS_MAX)
    assert not pool.away(breaker.open_until_ms), "one may probe"
    breaker.succeeded()
    pool.hold(now_ms + AWAY_MS)
    assert not pool.away(now_ms)
    pool.hold(now_ms + AWAY_MS + 1)
    assert pool.away(now_ms)


Answer = tuple[str, bool]
ANSWERS = ("credentials", "throttled", "unavailable", "unknown", "accepted", "failed")


@given(
    st.sampled_from([REQUESTED, FROM_BARE]),
    st.lists(
        st.tuples(
            st.sampled_from(ANSWERS), st.booleans(), st.sets(st.sampled_from([FIRST, SECOND]))
        ),
        max_size=14,
    ),
)
def test_no_two_providers_ever_have_a_job(
    requested: TranscriptionRequested, answers: Sequence[tuple[str, bool, set[Place]]]
) -> None:
    """`made` of an answer: whether a create of unknown outcome has made a job."""
    state, jobs = told(requested), set[Place]()
    for number, (answer, made, away) in enumerate(answers, 1):
        action = step(state, SOON_MS // 10 * number, away)
        if isinstance(action, GiveUp):
            return
        assert isinstance(action, Submit)
        assert action.number == number
        place = asked_at(action, state)
        assert not jobs - {place}, "another provider may have a job for it"
        claims = decide(ClaimSubmission(number=number, kid=1, place=place), state)
        state = after(state, claims, START_MS + SOON_MS // 10 * number)
        facts, has_job = answered(number, answer, made=made, lists=place != THIRD)
        if has_job:
            jobs.add(place)
        state = after(state, facts, START_MS + SOON_MS // 10 * number)
        if any(one.outcome == "accepted" for one in state.submissions):
            follow = step(state, SOON_MS // 10 * number + 1)
            assert asked_at(follow, state) == place
            return


def answered(
    number: int, answer: str, *, made: bool, lists: bool
) -> tuple[Sequence[EventData], bool]:
    """What becomes of a create, and whether a job is left that may bring a result."""
    reasons: dict[str, RefusalReason] = {
        "credentials": "credentials",
        "throttled": "throttled",
        "unavailable": "unavailable",
    }
    if answer in reasons:
        return [refused(number, reason=reasons[answer])], False
    if answer == "accepted":
        return [accepted(number, f"job-{number}")], True
    if answer == "failed":
        return [accepted(number, f"job-{number}"), server_error(number)], False
    if made and lists:  # the list shows it
        return [accepted(number, f"job-{number}", adopted=True)], True
    return [abandoned(number)], made


def test_a_transcription_with_one_place_has_nothing_of_all_this() -> None:
    alone = TranscriptionRequested(provider="assemblyai", region="us", surface="v2", upload=None)
    state = told(alone, claimed(), refused(reason="credentials"))
    action: Action = next_action(state, Attempts(), LISTED, START_MS + LATER_MS, [FIRST])
    assert action == Submit(number=2)
    assert asked_at(action, state) == FIRST
