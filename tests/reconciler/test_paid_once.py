"""A job is paid for once: what nobody knows is no denial, and what is denied needs a witness."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from stenolog.clock import now_ms
from stenolog.commands.transcription.decide_jobs import PAGES_MAX
from stenolog.providers.port import FetchedJob, UnknownJob
from stenolog.reconciler.forgotten import FORGOTTEN_A_MINUTE_MAX
from stenolog.reconciler.trouble import STOPPED, UNKNOWN
from stenolog.side_process import SideProcessEnded
from stenolog.simulator.assemblyai import behaviour as day
from stenolog.simulator.assemblyai.behaviour import Behaviour, Callback
from stenolog.simulator.assemblyai.days import DAYS
from stenolog.simulator.assemblyai.jobs import Job
from stenolog.simulator.assemblyai.provider import Simulator
from tests.house.waiting import until
from tests.reconciler.house import QUICK, Around, House, house
from tests.reconciler.test_erasure import erased, request_erasure

POLLED = replace(QUICK, settle_ms=100, sweep_interval_ms=100, polled=True)
RUNNING = Behaviour(never_ends=True, callbacks=day.MISSING)
A_MOMENT_S = 0.5  # that an outage takes: time for some denials


async def accepted(home: House, behaviour: Behaviour = RUNNING) -> tuple[str, Job]:
    """A transcription with a job at the provider."""
    identifier = await home.request(behaviour)
    await home.when(identifier, lambda state: state.status == "processing")
    [job] = home.jobs_of(identifier)
    return identifier, job


def lose(simulator: Simulator, *jobs: Job) -> None:
    """The provider does not know these jobs any more."""
    for job in jobs:
        simulator.memory.jobs.pop(job.id)


async def denied(home: House, job: Job, times: int = 3) -> None:
    """Return once the provider was asked in vain so often from now on."""
    asked = home.gets(job.id)
    await until(lambda: home.gets(job.id) >= asked + times)


async def test_a_job_that_is_gone_is_made_again_once_another_shows_whose_account_it_is(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with house(tmp_path, simulator, timing=POLLED) as home:
        await accepted(home)
        identifier, job = await accepted(home)
        lose(simulator, job)
        state = await home.when(identifier, lambda now: len(now.submissions) == 2)
        assert state.submissions[0].abandonment == "forgotten"
        assert home.gets(job.id) >= 2


async def test_without_another_job_of_ours_a_denied_one_stays_and_its_end_says_why(
    tmp_path: Path, simulator: Simulator
) -> None:
    timing = replace(POLLED, job_lifetime_ms=1_500)
    async with house(tmp_path, simulator, timing=timing) as home:
        identifier, job = await accepted(home)
        lose(simulator, job)
        assert (await home.ended(identifier)).failure == "deadline"
        assert (await home.sentence(identifier)).endswith(UNKNOWN)
        assert len(simulator.creates) == 1
        assert 3 <= home.gets(job.id) <= 8, "at growing intervals"


@pytest.mark.parametrize("set_back_ms", [0, 3_600_000])
async def test_jobs_of_another_account_show_nothing_about_those_of_before(
    tmp_path: Path, simulator: Simulator, set_back_ms: int
) -> None:
    """The key was changed: the new account knows no job of before, and has newer ones.

    So it is after a start with a clock that is behind what the log says, too.
    """
    async with house(tmp_path, simulator, timing=POLLED) as before:
        identifier, job = await accepted(before)
    lose(simulator, job)

    def clock() -> int:
        return now_ms() - set_back_ms

    async with house(tmp_path, simulator, ids=[identifier], timing=POLLED, clock=clock) as home:
        await accepted(home)
        await denied(home, job, times=5)
        assert (await home.handler.load(identifier)).status == "processing"
        assert len(simulator.creates) == 2


@pytest.mark.parametrize("faults", [(), (day.SERVER_ERROR,) * 99])
async def test_a_job_that_is_no_witness_hides_none_that_is_listed_after_it(
    tmp_path: Path, simulator: Simulator, faults: tuple[day.Fault, ...]
) -> None:
    async with house(tmp_path, simulator, timing=POLLED) as before:
        await before.ended(await before.request(Behaviour(run_ms=0)))  # the witness
        identifier, job = await accepted(before)
        young = await before.request(Behaviour(run_ms=0))
        await before.ended(young)
        [no_witness] = before.jobs_of(young)
    # It is claimed later, and listed as if it were older; or it cannot be read.
    odd = replace(no_witness.behaviour, read_faults=faults)
    changed = replace(no_witness, behaviour=odd, created_ms=job.created_ms - 1, reads=0)
    simulator.memory.jobs.put(no_witness.id, changed)
    lose(simulator, job)
    async with house(tmp_path, simulator, ids=[identifier], timing=POLLED) as home:
        await home.when(identifier, lambda now: len(now.submissions) == 2)
        assert home.gets(no_witness.id) >= 2, "it was looked at first"


@pytest.mark.parametrize("own_words", [True, False])
async def test_many_jobs_that_are_denied_for_a_moment_are_not_paid_for_again(
    tmp_path: Path, simulator: Simulator, *, own_words: bool
) -> None:
    framework = b'{"timestamp": 1, "status": 404, "error": "Not Found", "path": "/v2/transcript"}'
    fault = day.UNKNOWN_JOB if own_words else day.Fault(status=404, body=framework)
    timing = replace(POLLED, sweep_interval_ms=400)
    async with house(tmp_path, simulator, timing=timing) as home:
        ids = [(await accepted(home, Behaviour(run_ms=1_500)))[0] for _ in range(4)]
        simulator.outage = fault
        await asyncio.sleep(A_MOMENT_S)
        simulator.outage = None
        for identifier in ids:
            assert (await home.ended(identifier)).status == "completed"
        assert len(simulator.creates) == 4


async def test_many_forgotten_jobs_stop_and_alarm_instead_of_being_paid_for_again(
    tmp_path: Path, simulator: Simulator
) -> None:
    timing = replace(POLLED, job_lifetime_ms=2_500)
    async with house(tmp_path, simulator, timing=timing) as home:
        await accepted(home)
        lost = [await accepted(home) for _ in range(FORGOTTEN_A_MINUTE_MAX + 3)]
        lose(simulator, *(job for _, job in lost))
        first = 1 + len(lost)
        await until(lambda: len(simulator.creates) == first + FORGOTTEN_A_MINUTE_MAX)
        standing = home.standing
        await until(lambda: any(s.forgets for s in home.reconciler.figures().standing.values()))
        assert not standing.provider.odd
        ended = [await home.ended(identifier) for identifier, _ in lost]
        assert len(simulator.creates) == first + FORGOTTEN_A_MINUTE_MAX
        stopped = [state.id for state in ended if len(state.submissions) == 1]
        assert len(stopped) == 3
        for identifier in stopped:
            assert (await home.sentence(identifier)).endswith(STOPPED)


async def test_a_callbacks_job_that_is_not_known_yet_is_found_by_the_list(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with house(tmp_path, simulator) as home:
        early = Callback(since="creation", after_ms=20, status="completed")
        day_ = Behaviour(
            lost_reply=True, callbacks=(early,), read_faults=(day.UNKNOWN_JOB,) * 2, run_ms=1_000
        )
        identifier = await home.request(day_)
        assert (await home.ended(identifier)).status == "completed"
        assert len(simulator.creates) == 1


async def test_an_answer_with_the_job_of_another_is_nobodys_text(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with house(tmp_path, simulator, timing=replace(POLLED, job_lifetime_ms=1_000)) as home:
        _, other = await accepted(home)
        identifier, job = await accepted(home, Behaviour(run_ms=0, callbacks=day.MISSING))
        # The provider has mixed them up: under this id there is a job with another token.
        simulator.memory.jobs.put(job.id, replace(job, request=other.request))
        assert (await home.ended(identifier)).status == "error"
        assert "was made for something else" in await home.sentence(identifier)
        standing = home.standing
        assert standing.odd["not-ours"] >= 1


async def test_a_second_job_of_one_create_is_deleted_when_its_callback_names_it(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with house(tmp_path, simulator) as home:
        identifier = await home.request(DAYS["made-twice"].behaviour)
        assert (await home.ended(identifier)).status == "completed"
        await home.when(identifier, lambda now: any(one.removal for one in now.duplicates))
        assert len(home.jobs_of(identifier)) == 1
        types = await home.types(identifier)
        assert types.count("callback.received") == 2
        assert types.count("submission.duplicated") == types.count("submission.removed") == 1
        await request_erasure(home, identifier)
        await erased(home, identifier)
        last = (await home.stream(identifier))[-1]
        assert last.data == {"jobs": 2, "deleted": 2, "unknown": 0, "expired": 0, "ended": 0}


async def test_a_second_job_of_one_create_is_deleted_when_the_list_shows_it(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with house(tmp_path, simulator) as home:
        twice = replace(DAYS["made-twice"].behaviour, callbacks=day.MISSING, run_ms=0)
        identifier = await home.request(twice)
        assert (await home.ended(identifier)).status == "completed"
        await home.when(identifier, lambda now: any(one.removal for one in now.duplicates))
        assert len(home.jobs_of(identifier)) == 1


async def test_a_second_job_whose_callback_is_lost_is_looked_for_after_an_adoption(
    tmp_path: Path, simulator: Simulator
) -> None:
    """The first job calls back, the second never; erased or not, none of them is left behind."""
    async with house(tmp_path, simulator, timing=replace(QUICK, settle_ms=1_000)) as home:
        twice = replace(DAYS["made-twice"].behaviour, callbacks=day.MISSING, run_ms=0)
        kept, gone = [await home.request(twice) for _ in range(2)]
        await until(lambda: len(simulator.jobs) == 4)
        (first, second), (other, _) = home.jobs_of(kept), home.jobs_of(gone)
        for job in (first, other):
            assert await simulator.send(job.id) == 204
        for identifier, job in ((kept, first), (gone, other)):
            state = await home.ended(identifier)
            assert (state.status, state.submissions[0].provider_job) == ("completed", job.id)
        await request_erasure(home, gone)
        await home.when(kept, lambda now: not now.work.open)
        assert home.jobs_of(kept) == [first]
        assert home.gets(second.id) >= 1
        types = await home.types(kept)
        assert types.index("submission.searched") > types.index("submission.duplicated")
        await erased(home, gone)
        assert not home.jobs_of(gone)
        assert (await home.stream(gone))[-1].data["deleted"] == 2


async def test_a_page_in_the_place_of_an_answer_is_settled_and_not_repeated(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with house(tmp_path, simulator) as home:
        late = replace(day.UNAVAILABLE_PAGE, wait_ms=300)  # all are on their way by then
        page = replace(DAYS["create-503-page"].behaviour, reply=late, callbacks=day.MISSING)
        simulator.behave = lambda body: page
        ids = [await home.request() for _ in range(8)]
        for identifier in ids:
            assert (await home.ended(identifier)).status == "completed"
            assert "submission.unanswered" in await home.types(identifier)
        assert len(simulator.creates) == len(simulator.jobs) == 8


async def test_what_one_place_answered_with_a_page_is_settled_by_one_pair_of_sweeps(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with house(tmp_path, simulator, timing=replace(QUICK, settle_ms=900)) as home:
        blip = replace(day.UNAVAILABLE_PAGE, wait_ms=300)
        simulator.behave = lambda body: Behaviour(create_faults=(blip,))
        ids = [await home.request() for _ in range(12)]
        await until(lambda: len(simulator.creates) == 12)
        for identifier in ids:
            await home.when(identifier, lambda now: now.submissions[0].outcome == "abandoned")
        # Two are enough; on a busy machine the claims come apart. Each alone would need two.
        assert len(home.lists) <= len(ids)


async def test_a_request_that_a_proxy_refuses_ends_after_three_pages_with_status_and_size(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with house(tmp_path, simulator, timing=POLLED) as home:
        identifier = await home.request(DAYS["create-413-page"].behaviour)
        ended = await home.ended(identifier)
        assert (ended.status, ended.failure) == ("error", "refused")
        assert len(simulator.creates) == PAGES_MAX
        sentence, page = await home.sentence(identifier), ended.submissions[-1].page
        assert page is not None
        assert "status 413" in sentence
        assert f"of {page.request_bytes} bytes" in sentence


async def test_a_status_that_nobody_knows_is_counted_and_the_end_says_so(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with house(tmp_path, simulator, timing=replace(POLLED, job_lifetime_ms=800)) as home:
        identifier, _ = await accepted(home, DAYS["odd-status"].behaviour)
        assert (await home.ended(identifier)).failure == "deadline"
        assert (await home.sentence(identifier)).endswith('"cancelled", which is not known.')
        standing = home.standing
        assert standing.odd["status"] >= 1


async def test_a_list_that_ignores_what_it_is_asked_for_hides_no_finished_job(
    tmp_path: Path, simulator: Simulator
) -> None:
    simulator.memory.matches = lambda job, query, now_ms: True
    async with house(tmp_path, simulator, timing=POLLED) as home:
        identifier, _ = await accepted(home, Behaviour(run_ms=300, callbacks=day.MISSING))
        assert (await home.ended(identifier)).status == "completed"
        standing = home.standing
        assert standing.odd["list-ignores-status"] >= 1


@pytest.mark.parametrize("known", ["unknown", "deleted"])
async def test_an_erasure_says_how_it_is_known_that_the_job_is_gone(
    tmp_path: Path, simulator: Simulator, known: str
) -> None:
    framework = b'{"timestamp": 1, "status": 404, "error": "Not Found", "path": "/v2/transcript"}'
    async with house(tmp_path, simulator) as home:
        identifier, job = await accepted(home, Behaviour(run_ms=0, callbacks=day.MISSING))
        simulator.outage = day.Fault(status=404, body=framework)
        await request_erasure(home, identifier)
        await until(lambda: any(s.method == "DELETE" for s in simulator.requests))
        await asyncio.sleep(0.1)
        assert "submission.removed" not in await home.types(identifier), "a proxy deletes nothing"
        if known == "unknown":
            lose(simulator, job)
        simulator.outage = None
        await erased(home, identifier)
        *_, removed, completed = await home.stream(identifier)
        assert removed.data == {"submission": 1, "duplicate": None, "known": known}
        assert (completed.data["jobs"], completed.data[known]) == (1, 1)


async def test_a_job_that_is_denied_and_shown_all_the_same_is_not_gone(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with house(tmp_path, simulator) as home:
        identifier, _ = await accepted(home, Behaviour(run_ms=0, callbacks=day.MISSING))
        simulator.fail("delete", day.UNKNOWN_JOB)
        await request_erasure(home, identifier)
        await erased(home, identifier)
        assert sum(seen.method == "DELETE" for seen in simulator.requests) == 2
        assert (await home.stream(identifier))[-1].data["deleted"] == 1


async def test_a_process_of_ours_that_ends_over_an_answer_is_no_end_of_the_transcription(
    tmp_path: Path, simulator: Simulator
) -> None:
    ended = 0

    class Deadly(Around):
        """A provider whose answers end the process that reads them, for a while."""

        async def fetch(self, job: str) -> FetchedJob | UnknownJob:
            nonlocal ended
            if ended < 3:
                ended += 1
                raise SideProcessEnded("killed")
            found: FetchedJob | UnknownJob = await self.inner.fetch(job)
            return found

    timing = replace(POLLED, job_lifetime_ms=200)  # all of it passes meanwhile
    async with house(tmp_path, simulator, timing=timing, around=Deadly) as home:
        identifier, _ = await accepted(home, Behaviour(run_ms=0, callbacks=day.MISSING))
        state = await home.ended(identifier)
        assert (state.status, ended) == ("completed", 3)
        assert state.finished_by == 1
