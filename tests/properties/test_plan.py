"""The plan and all that carries it out, against a provider with everything that may go wrong.

Each call of the provider may break in some way, and the process with it. Callbacks come early,
twice, late or lying, also while a call is under way; jobs are forgotten, clocks step back, and the
customer deletes the transcription whenever they like.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, get_args

from hypothesis import example, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from stenolog.commands.transcription.decide import RESUBMISSIONS_MAX
from stenolog.providers.facts import ProviderFacts
from stenolog.reconciler.actions import (
    Confirm,
    Done,
    Fetch,
    Remove,
    Search,
    Settle,
    Supersede,
    Wait,
)
from stenolog.reconciler.erasing import Erase, FinishErasure
from stenolog.reconciler.resubmitting import FORGOTTEN_MAX
from stenolog.reconciler.timing import Timing
from tests.properties.plan_world import AUDIO_URL, TIMING, WORKS_MAX, World, world
from tests.properties.scripted_provider import Ask, Create, End

Happening = tuple[Any, ...]
Story = list[Happening]
HOUR_MS = 3_600_000
# A look at the list reads ten jobs: more strangers would hide the witness, and what was forgotten
# would stay accepted for its whole life.
STRANGERS_MAX = 6
LISTS_FAILED = 6  # in a row; the next one is half a minute away
ENDS_WITHIN_MS = HOUR_MS // 2  # at a provider that is fair, and less than a job may live
BARE = replace(
    TIMING,
    polled=True,
    job_lifetime_ms=HOUR_MS,
    facts=ProviderFacts(calls_back=False, lists=False, deletes=False, result_lifetime_ms=HOUR_MS),
)

lies = st.tuples(
    st.just("lie"),
    st.integers(1, 4),
    st.sampled_from(["completed", "completed", "error"]),
    st.sampled_from(["job-1", "job-1", "job-2", "another-1", None]),
)
true_callbacks = st.tuples(st.just("true callback"), st.integers(1, 4))
meanwhile = st.sampled_from(
    # An erasure ends a story, so it is rare: it has a test of its own.
    [None] * 10 + [("true callback", 1), ("true callback", 2)] * 4 + [("wake",), ("erase",)]
)

# Who is quicker than an append of ours: the first is that of a claim, the second of its answer.
races = st.tuples(
    st.just("race"),
    st.sampled_from([1, 2, 2, 2]),
    st.sampled_from([("true callback", 1), ("noise", 1, "unreadable"), ("erase",)]),
)


def working(
    creates: Sequence[Create] = get_args(Create),
    asks: Sequence[Ask] = get_args(Ask),
    ends: Sequence[End] = get_args(End),
) -> st.SearchStrategy[Happening]:
    """One turn of the worker at a provider that answers in one of these ways."""
    return st.tuples(
        st.just("work"),
        st.sampled_from(creates),
        st.sampled_from(asks),
        st.sampled_from(ends),
        st.sampled_from([0, 0, 59_000]),
        meanwhile,
    )


OFTEN_LOST: Sequence[Create] = 4 * ("lost with a job",)
OFTEN_ANSWERED: Sequence[Ask] = 6 * ("answered",)
# Half of the calls are answered, and most creates leave something to be found out.
works = working(
    creates=(*get_args(Create), "accepted", *OFTEN_LOST),
    asks=(*get_args(Ask), *OFTEN_ANSWERED),
)
others = [
    st.tuples(st.just("until due")),
    st.tuples(st.just("until due")),
    st.tuples(st.just("give up")),
    st.tuples(st.just("strangers"), st.integers(1, 5)),
    st.tuples(st.just("pass"), st.integers(1, 400_000)),
    st.tuples(st.just("step back"), st.integers(1, 60_000)),
    st.tuples(st.just("restart")),
    true_callbacks,
    lies,
    st.tuples(st.just("noise"), st.integers(1, 4),
              st.sampled_from(["unreadable", "oversized", "redacted_audio"])),
    st.tuples(st.just("forget"), st.integers(1, 4)),
    st.tuples(st.just("wake")),
]  # fmt: skip
due = st.just(("until due",))
# What seldom comes about by chance: each of these is one thing going wrong after another.
troubles = st.one_of(
    # A job ends badly, or never, and nobody calls.
    st.tuples(working(["accepted"], ends=["error", "server error", "never"]), due, works),
    # What a create was answered is written down, and the stream has just moved.
    st.tuples(races, works),
    # A job is given up.
    st.tuples(working(["accepted"], ends=["never"]), st.just(("give up",)), works),
    # What was created late and without our knowing is looked for while reads are behind.
    st.tuples(
        working(["lost with a job"]),
        st.one_of(due, true_callbacks),
        working(asks=["behind", "questions behind"]),
        due,
    ),
    # A submission that came to nothing is said to have made the next one's job.
    st.tuples(
        working(["throttled", "lost without a job"]), due, working(["accepted"]), lies, works
    ),
    # What was taken for a refusal made a job, and the next submission is of unknown outcome.
    st.tuples(
        working(["not now, with a hidden job"]),
        due,
        working(["lost with a job", "killed with a job"]),
        true_callbacks,
        works,
    ),
)
single = st.one_of(works, works, works, *others).map(lambda one: (one,))
stories = st.lists(st.one_of(single, single, single, troubles), max_size=40).map(
    lambda parts: [one for part in parts for one in part]
)


async def happen(it: World, what: Happening) -> None:
    """One thing happens."""
    match what:
        case ("work", create, ask, end, slow_ms, while_calling):
            it.provider.create, it.provider.ask, it.provider.end = create, ask, end
            it.provider.slow_ms = slow_ms
            if while_calling is not None:
                it.provider.during = lambda: happen(it, while_calling)
            await it.work()
            it.provider.during, it.provider.slow_ms = None, 0
        case ("race", int(nth), quicker):
            it.events.race(nth, lambda: happen(it, quicker))
        case ("pass", int(ms)):
            it.wait(ms)
        case ("until due",):
            it.wait(max(0, it.due_ms - it.now_ms()))
        case ("give up",):
            it.wait(it.timing.job_lifetime_ms)
        case ("strangers", int(count)):
            it.provider.add_strangers(min(count, STRANGERS_MAX - it.provider.strangers), AUDIO_URL)
        case ("step back", int(ms)):
            it.step_back(ms)
        case ("restart",):
            it.start()
        case ("true callback", int(number)):
            ours = it.jobs()
            if ours and not (job := ours[-number % len(ours)]).deleted:
                await it.call_back_truly(job.id)
        case ("lie" | "noise", int(number), kind, *named):
            claimed = len((await it.state()).submissions)
            if claimed:
                await it.call_back(1 + -number % claimed, kind, named[0] if named else None)
        case ("forget", int(number)):
            ours = it.jobs()
            if ours:
                del it.provider.jobs[ours[-number % len(ours)].id]
        case ("wake",):
            it.case.wake("start", busy=False)
        case ("erase",):
            await it.erase()
        case _:
            raise AssertionError(what)


async def finish(it: World, *, endless: bool = False, within_ms: int = ENDS_WITHIN_MS) -> None:
    """The provider is fair now, and nobody calls: the plan alone comes to an end.

    With `endless`, jobs that have not ended do so only once we have given them up.
    """
    it.provider.create, it.provider.ask, it.provider.end = "accepted", "answered", "completed"
    it.events.race(0, None)
    begun_ms, late = it.true_ms, False
    if not endless:
        end_all(it)
    for _ in range(WORKS_MAX):
        due_ms = await it.work()
        state = await it.state()
        if not state.terminal:
            assert endless or it.true_ms < begun_ms + within_ms, "it takes too long"
        elif endless:
            endless, late = False, await is_still_looked_at(it)
            end_all(it)
        if due_ms is None:
            assert not late or state.status == "completed", "the late result was never looked for"
            return
        assert due_ms >= it.now_ms(), "waiting for what is past never ends"
        it.wait(due_ms - it.now_ms())
    raise AssertionError(f"it does not end: {await it.owed()} is owed to {await it.state()}")


def end_all(it: World) -> None:
    """Jobs that would never end have a result after all."""
    for job in it.provider.jobs.values():
        job.ends = "completed" if job.ends == "never" else job.ends


async def is_still_looked_at(it: World) -> bool:
    """Whether a job was given up not long ago that is there, and has no result yet."""
    state = await it.state()
    given_up = state.submission(state.finished_by)
    if not state.given_up or state.erasing or given_up is None or given_up.provider_job is None:
        return False
    job = it.provider.jobs.get(given_up.provider_job)
    lifetime_ms = it.timing.job_lifetime_ms
    recently = it.now_ms() < given_up.accepted_at_ms + 1.25 * lifetime_ms
    there = job is not None and not job.deleted and not it.provider.has_forgotten(job)
    running = there and job is not None and job.ends == "never"
    return given_up.outcome == "accepted" and recently and running


async def check_outcome(it: World) -> None:
    """It has ended, once, and as its job did; a late result comes once, only after a failure."""
    state, types = await it.state(), await it.types()
    assert state.terminal
    endings = sum(types.count(end) for end in ("transcription.completed", "transcription.failed"))
    late = types.count("transcription.completed_late")
    assert endings == 1 or (state.erasing and endings == 0)
    assert late <= endings
    assert types.count("submission.failed") <= RESUBMISSIONS_MAX
    finished = state.submission(state.finished_by)
    if finished is not None and finished.provider_job is not None and not state.erasing:
        job_ends = it.provider.made[finished.provider_job].ends
        if state.status == "completed":
            assert job_ends == "completed"
        elif state.failure == "provider":
            assert job_ends in {"error", "server error"}
    for submission in state.submissions:
        if submission.provider_job is not None:
            assert it.number_of(it.provider.made[submission.provider_job]) == submission.number


async def check_nothing_left(it: World) -> None:
    """No claim is open; of an erased transcription all jobs are gone, of others all but one."""
    state = await it.state()
    for submission in state.submissions:
        assert submission.outcome != "unknown"
        if submission.outcome == "accepted":
            assert not state.erasing
            assert submission.number == state.finished_by
    assert state.erased == state.erasing
    # Except where a lie came first: of each kind one callback is recorded, and it named another.
    known = [job.id for job in await it.live_jobs() if not await it.lied_about(job)]
    assert len(known) <= (0 if state.erasing else 1), known


def is_harmless(story: Story) -> bool:
    """Whether nothing in it is a reason for a transcription to fail."""
    forgotten = sum(what[0] == "forget" for what in story)
    ended = any(what[0] in {"give up", "erase"} or ("erase",) in what for what in story)
    refused = any(
        what[0] == "work" and (what[1] == "invalid" or what[3] in {"error", "server error"})
        for what in story
    )
    return forgotten <= FORGOTTEN_MAX and not ended and not refused


async def play(story: Story, timing: Timing, *, uploaded: bool, endless: bool) -> None:
    """The story, then its end, then what only callbacks can tell."""
    async with world(timing=timing, uploaded=uploaded) as it:
        for what in story:
            await happen(it, what)
        await finish(it, endless=endless)
        await check_outcome(it)
        if is_harmless(story) and not endless:
            assert (await it.state()).status == "completed"
        # What no list shows is known by its callback, however late that comes.
        it.start()
        late = [job for job in await it.live_jobs() if not await it.lied_about(job)]
        given_up = (await it.state()).given_up and not (await it.state()).erasing
        for job in await it.live_jobs():
            await it.call_back_truly(job.id)
        await finish(it)
        await check_outcome(it)
        await check_nothing_left(it)
        if given_up and any(job.ends == "completed" for job in late):
            assert (await it.state()).status == "completed"


async def play_bare(story: Story, *, endless: bool) -> None:
    """The story at a provider that only takes jobs and answers for each, for an hour."""
    async with world(timing=BARE) as it:
        for what in story:
            if what[0] not in CALLBACKS:
                await happen(it, what)
        # A job that is denied stays until its hour is over: nothing vouches for the account.
        forgot = any(what[0] == "forget" for what in story)
        await finish(it, endless=endless, within_ms=2 * HOUR_MS if forgot else ENDS_WITHIN_MS)
        await check_outcome(it)
        state = await it.state()
        assert state.erased == state.erasing
        # A job of what was refused is known to nobody here: there is no callback and no list.
        refused = {one.number for one in state.submissions if one.outcome == "refused"}
        left = [job for job in await it.live_jobs() if it.number_of(job) not in refused]
        assert not state.erasing or not left


CALLBACKS = {"true callback", "lie", "noise", "race"}
CALLED_BACK_BEFORE_IT_CAN_BE_READ = [
    ("work", "lost with a job", "behind", "completed", 0, ("true callback", 1))
]

ERASED_WHILE_IT_IS_REFUSED = [
    ("work", "not now, with a hidden job", "answered", "completed", 0, ("erase",))
]
QUICKER_THAN_ITS_ACCEPTANCE = [
    ("race", 2, ("noise", 1, "unreadable")),
    ("work", "accepted", "answered", "completed", 0, None),
]
LISTED_BEFORE_IT_CAN_BE_READ = [
    ("work", "lost with a job", "answered", "completed", 59_000, None),
    ("until due",),
    ("work", "accepted", "questions behind", "completed", 0, None),
    ("until due",),
]
FORGOTTEN_BEFORE_THE_CLOCK_WAS_SET_BACK = [
    ("work", "accepted", "answered", "completed", 0, None),
    ("forget", 1),
    ("step back", 1_001),
]
FORGOTTEN_WHERE_NOTHING_VOUCHES = [
    ("work", "accepted", "answered", "completed", 0, None),
    ("forget", 1),
]
ERASED_AFTER_A_CLAIM_THAT_NOBODY_COULD_SETTLE = [
    ("work", "lost with a job", "answered", "completed", 0, None),
    ("until due",),
    ("work", "throttled", "answered", "completed", 0, ("erase",)),
]
ENDED_BEFORE_OTHER_JOBS_ARE_LOOKED_FOR = [
    ("work", "lost with a job", "answered", "completed", 0, None),
    ("pass", 20_000),
    ("true callback", 1),
    ("work", "accepted", "answered", "completed", 0, None),
    ("until due",),
]


@example(FORGOTTEN_BEFORE_THE_CLOCK_WAS_SET_BACK, False, False, False)
@example(QUICKER_THAN_ITS_ACCEPTANCE, False, False, False)
@example(LISTED_BEFORE_IT_CAN_BE_READ, False, False, False)
@example(CALLED_BACK_BEFORE_IT_CAN_BE_READ, False, False, False)
@settings(max_examples=3 * settings().max_examples)
@given(stories, st.booleans(), st.booleans(), st.booleans())
def test_one_job_at_most_and_it_always_ends(
    story: Story, polled: bool, uploaded: bool, endless: bool
) -> None:
    timing = replace(TIMING, polled=polled)
    if endless:
        timing = replace(timing, job_lifetime_ms=HOUR_MS)  # or polling it would take too long
    with capture_logs() as lines:
        asyncio.run(play(story, timing, uploaded=uploaded, endless=endless))
    assert not [line for line in lines if line["event"] == "reconciler.failed"]


@given(stories, st.integers(0, 30))
def test_erased_at_any_time_it_is_gone_here_and_at_the_provider(
    story: Story, erased_after: int
) -> None:
    with capture_logs() as lines:
        erased = [*story[:erased_after], ("erase",), *story[erased_after:]]
        asyncio.run(play(erased, TIMING, uploaded=False, endless=False))
    assert not [line for line in lines if line["event"] == "reconciler.failed"]


@example(ERASED_AFTER_A_CLAIM_THAT_NOBODY_COULD_SETTLE, False)
@example(FORGOTTEN_WHERE_NOTHING_VOUCHES, False)
@example(ERASED_WHILE_IT_IS_REFUSED, False)
@given(stories, st.booleans())
def test_where_only_the_job_can_be_asked_for_it_ends_as_well(story: Story, endless: bool) -> None:
    with capture_logs() as lines:
        asyncio.run(play_bare(story, endless=endless))
    assert not [line for line in lines if line["event"] == "reconciler.failed"]


async def test_a_list_that_fails_for_long_keeps_no_callback_from_being_heeded() -> None:
    async with world() as it:
        it.provider.create, it.provider.ask = "lost with a job", "list unreadable"
        await it.work()
        while it.case.attempts.failures < LISTS_FAILED:
            it.wait(it.due_ms - it.now_ms())
            await it.work()
        [job] = it.jobs()
        await it.call_back_truly(job.id)
        await it.work()
        assert (await it.state()).status == "completed"


async def look_after_the_end(story: Story) -> None:
    """Play the story, and look at what is owed after each happening once it has ended."""
    async with world() as it:
        for what in story:
            await happen(it, what)
            state = await it.state()
            if not state.terminal:
                continue
            owed = await it.owed()
            asked = (Fetch,) if state.given_up else ()
            erasing = (Erase, FinishErasure) if state.erasing else ()
            loose = (Done, Wait, Settle, Search, Confirm, Supersede, Remove, *asked, *erasing)
            assert isinstance(owed, loose)
            if not state.erasing and not any(
                s.outcome in {"unknown", "superseded"}
                or s.search_owed
                or (s.outcome == "accepted" and s.number != state.finished_by)
                or (set(s.callback_jobs) - {s.provider_job})
                or (state.given_up and "completed" in s.called_back)
                for s in state.submissions
            ):
                assert isinstance(owed, Done | Wait) or (state.given_up and isinstance(owed, Fetch))
                looked_after = it.case.attempts.retry_at_ms or state.given_up
                assert not isinstance(owed, Wait) or looked_after


@example(ENDED_BEFORE_OTHER_JOBS_ARE_LOOKED_FOR)
@given(stories)
def test_after_the_end_only_loose_ends_are_left(story: Story) -> None:
    with capture_logs():
        asyncio.run(look_after_the_end(story))
