"""The plan and all that carries it out, against a provider with everything that may go wrong.

Each call of the provider may break in some way, and the process with it. Callbacks come early,
twice, late or lying, also while a call is under way; jobs are forgotten, clocks step back, and the
customer deletes the transcription whenever they like.
"""

from __future__ import annotations

import asyncio
from typing import Any, get_args

from hypothesis import example, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from stenolog.commands.transcription.decide import RESUBMISSIONS_MAX
from stenolog.reconciler.actions import (
    Confirm,
    Done,
    Fetch,
    Remove,
    Settle,
    Supersede,
    Wait,
)
from stenolog.reconciler.erasing import Erase, FinishErasure
from stenolog.reconciler.plan import FORGOTTEN_MAX
from tests.properties.plan_world import AUDIO_URL, TIMING, WORKS_MAX, World, world
from tests.properties.scripted_provider import Ask, Create, End

Happening = tuple[Any, ...]

meanwhile = st.one_of(
    st.none(),
    st.tuples(st.just("true callback"), st.integers(1, 4)),
    st.tuples(st.just("erase")),
)
works = st.tuples(
    st.just("work"),
    # Half of the calls are answered, and most creates leave something to be found out.
    st.sampled_from([*get_args(Create), "accepted", *4 * ["lost with a job"]]),
    st.sampled_from([*get_args(Ask), *6 * ["answered"]]),
    st.sampled_from(get_args(End)),
    st.sampled_from([0, 0, 59_000]),
    meanwhile,
)
others = [
    st.tuples(st.just("until due")),
    st.tuples(st.just("until due")),
    st.tuples(st.just("give up")),
    st.tuples(st.just("strangers"), st.integers(1, 5)),
    st.tuples(st.just("pass"), st.integers(1, 400_000)),
    st.tuples(st.just("step back"), st.integers(1, 60_000)),
    st.tuples(st.just("restart")),
    st.tuples(st.just("true callback"), st.integers(1, 4)),
    st.tuples(st.just("lie"), st.integers(1, 4), st.sampled_from(["completed", "error"]),
              st.sampled_from(["job-1", "job-2", "another-1", "another-1", None])),
    st.tuples(st.just("noise"), st.integers(1, 4),
              st.sampled_from(["unreadable", "oversized", "redacted_audio"])),
    st.tuples(st.just("forget"), st.integers(1, 4)),
    st.tuples(st.just("wake")),
]  # fmt: skip
happenings = st.one_of(works, works, works, *others)
stories = st.lists(happenings, max_size=60)


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
        case ("pass", int(ms)):
            it.wait(ms)
        case ("until due",):
            it.wait(max(0, it.due_ms - it.now_ms()))
        case ("give up",):
            it.wait(TIMING.job_lifetime_ms)
        case ("strangers", int(count)):
            it.provider.add_strangers(count, AUDIO_URL)
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


async def finish(it: World) -> None:
    """The provider is fair now, and nobody calls: the plan alone comes to an end."""
    it.provider.create, it.provider.ask, it.provider.end = "accepted", "answered", "completed"
    for job in it.provider.jobs.values():
        job.ends = "completed" if job.ends == "never" else job.ends
    for _ in range(WORKS_MAX):
        due_ms = await it.work()
        if due_ms is None:
            return
        assert due_ms >= it.now_ms(), "waiting for what is past never ends"
        it.wait(due_ms - it.now_ms())
    raise AssertionError(f"it does not end: {await it.owed()} is owed to {await it.state()}")


async def check_outcome(it: World) -> None:
    """It has ended, once; a late result comes once, and only after a failure."""
    state, types = await it.state(), await it.types()
    assert state.terminal
    ends = sum(types.count(end) for end in ("transcription.completed", "transcription.failed"))
    late = types.count("transcription.completed_late")
    assert ends == 1 or (state.erasing and ends == 0)
    assert late <= ends
    assert types.count("submission.failed") <= RESUBMISSIONS_MAX
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


def is_harmless(story: list[Happening]) -> bool:
    """Whether nothing in it is a reason for a transcription to fail."""
    forgotten = sum(what[0] == "forget" for what in story)
    ended = any(what[0] in {"give up", "erase"} or ("erase",) in what for what in story)
    refused = any(
        what[0] == "work" and (what[1] == "invalid" or what[3] in {"error", "server error"})
        for what in story
    )
    return forgotten <= FORGOTTEN_MAX and not ended and not refused


async def play(story: list[Happening], *, polled: bool, uploaded: bool) -> None:
    """The story, then its end, then what only callbacks can tell."""
    async with world(polled=polled, uploaded=uploaded) as it:
        for what in story:
            await happen(it, what)
        await finish(it)
        await check_outcome(it)
        if is_harmless(story):
            assert (await it.state()).status == "completed"
        # What no list shows is known by its callback, however late that comes.
        it.start()
        for job in await it.live_jobs():
            await it.call_back_truly(job.id)
        await finish(it)
        await check_outcome(it)
        await check_nothing_left(it)


CALLED_BACK_BEFORE_IT_CAN_BE_READ = [
    ("work", "lost with a job", "behind", "completed", 0, ("true callback", 1))
]


@example(CALLED_BACK_BEFORE_IT_CAN_BE_READ, False, False)
@settings(max_examples=3 * settings().max_examples)
@given(stories, st.booleans(), st.booleans())
def test_one_job_at_most_and_it_always_ends(
    story: list[Happening], polled: bool, uploaded: bool
) -> None:
    with capture_logs() as lines:
        asyncio.run(play(story, polled=polled, uploaded=uploaded))
    assert not [line for line in lines if line["event"] == "reconciler.failed"]


@given(stories, st.integers(0, 30))
def test_erased_at_any_time_it_is_gone_here_and_at_the_provider(
    story: list[Happening], erased_after: int
) -> None:
    with capture_logs() as lines:
        erased = [*story[:erased_after], ("erase",), *story[erased_after:]]
        asyncio.run(play(erased, polled=False, uploaded=False))
    assert not [line for line in lines if line["event"] == "reconciler.failed"]


async def look_after_the_end(story: list[Happening]) -> None:
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
            loose = (Done, Wait, Settle, Confirm, Supersede, Remove, *asked, *erasing)
            assert isinstance(owed, loose)
            if not state.erasing and not any(
                s.outcome in {"unknown", "superseded"}
                or (s.outcome == "accepted" and s.number != state.finished_by)
                or (s.callback_job is not None and s.outcome in {"abandoned", "refused"})
                or (state.given_up and "completed" in s.called_back)
                for s in state.submissions
            ):
                assert isinstance(owed, Done | Wait)
                assert not isinstance(owed, Wait) or it.case.attempts.retry_at_ms


@given(stories)
def test_after_the_end_only_loose_ends_are_left(story: list[Happening]) -> None:
    with capture_logs():
        asyncio.run(look_after_the_end(story))
