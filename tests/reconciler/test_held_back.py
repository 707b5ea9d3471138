"""A pause holds back what it is about, counts against nobody, and is over for all at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from stenolog.clock import now_ms
from stenolog.errors import ProviderHeldBack, ProviderUnavailable
from stenolog.providers.port import FetchedJob, JobPage, JobStatus, Provider, UnknownJob
from stenolog.reconciler.acting import LAST_ASKS_HELD_MS_MAX, LAST_ASKS_MAX
from stenolog.reconciler.actions import GiveUp
from stenolog.reconciler.attempts import Attempts
from stenolog.reconciler.pools import PoolKind
from stenolog.simulator.assemblyai import behaviour as day
from stenolog.simulator.assemblyai.behaviour import Behaviour, Callback
from stenolog.simulator.assemblyai.provider import Simulator
from tests.house.waiting import until
from tests.reconciler.house import QUICK, TENANT, Around, House, house, resting
from tests.reconciler.test_neighbours import OTHER, SOON_S, uploaded

UNAVAILABLE_FOR_AN_HOUR = day.refusal(503, "Service unavailable", Retry_After="3600")


class HeldBack(Around):
    """A provider that holds back every question for a job, and all uploads, while it is told to."""

    def __init__(self, inner: Provider) -> None:
        super().__init__(inner)
        self.holds, self.retry_in_ms, self.held = True, 10, 0
        self.resumed: list[Callable[[], None]] = []

    def when_resumed(self, call: Callable[[], None]) -> None:
        self.resumed.append(call)

    def resume(self) -> None:
        """Tell that nothing is held back any more."""
        self.holds = False
        for call in self.resumed:
            call()

    async def fetch(self, job: str) -> FetchedJob | UnknownJob:
        self._hold(429)
        found: FetchedJob | UnknownJob = await self.inner.fetch(job)
        return found

    async def upload(self, chunks: Any, size: int) -> str:
        self._hold(503)
        return await self.inner.upload(chunks, size)

    def _hold(self, status: int) -> None:
        if self.holds:
            self.held += 1
            raise ProviderHeldBack("left alone", status=status, retry_in_ms=self.retry_in_ms)


def held_back(made: list[HeldBack]) -> Callable[[Provider], HeldBack]:
    def around(provider: Provider) -> HeldBack:
        made.append(HeldBack(provider))
        return made[-1]

    return around


async def test_while_the_account_is_paused_nobody_claims_what_is_not_sent(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with house(tmp_path, simulator) as home:
        simulator.outage = day.too_many_requests(1)
        first = await home.request()
        await home.when(first, lambda one: bool(one.last and one.last.outcome == "refused"))
        for number in range(40):
            await home.request(tenant=(TENANT, OTHER)[number % 2])
        await until(lambda: len(simulator.creates) >= 4)
        asked = len(simulator.creates)
        refused = [await home.types(one) for one in home.ids]
        claims = sum(types.count("submission.refused") for types in refused)
        assert claims <= asked < 8
        simulator.outage = None
        for one in home.ids:
            assert (await home.ended(one)).status == "completed"


@pytest.mark.parametrize("lost_reply", [False, True], ids=["running", "claimed"])
async def test_a_list_that_wants_to_be_left_alone_keeps_no_callback_from_being_heeded(
    tmp_path: Path, *, lost_reply: bool
) -> None:
    simulator = Simulator(faults=[("list", UNAVAILABLE_FOR_AN_HOUR)])
    timing = replace(QUICK, polled=True)
    async with simulator.serve(), house(tmp_path, simulator, timing=timing) as home:
        going = Behaviour(run_ms=4_000, callbacks=(Callback(),), lost_reply=lost_reply)
        one = await home.request(going)
        await until(lambda: len(home.lists) == 1)
        assert not (await home.handler.load(one)).terminal
        state = await home.ended(one)
        assert (state.status, len(simulator.creates)) == ("completed", 1)


async def test_who_reads_a_list_does_not_wait_as_long_as_the_list_was_told(
    tmp_path: Path, simulator: Simulator
) -> None:
    class Told(Around):
        """A provider whose list asks for an hour once."""

        told = False

        async def list_jobs(self, *, status: JobStatus | None, before: str | None) -> JobPage:
            if not self.told:
                self.told = True
                raise ProviderUnavailable("busy", status=503, retry_in_ms=3_600_000)
            page: JobPage = await self.inner.list_jobs(status=status, before=before)
            return page

    async with house(tmp_path, simulator, around=Told) as home:
        one = await home.request(Behaviour(lost_reply=True, callbacks=day.MISSING))
        await home.when(one, lambda state: state.status == "processing")
        assert len(simulator.creates) == 1


async def test_questions_that_were_held_back_are_not_the_last_ones(
    tmp_path: Path, simulator: Simulator
) -> None:
    made: list[HeldBack] = []
    timing = replace(QUICK, job_lifetime_ms=500)
    async with house(tmp_path, simulator, around=held_back(made), timing=timing) as home:
        one = await home.request(Behaviour(run_ms=0, callbacks=day.MISSING))
        await until(lambda: made[0].held > 3 * LAST_ASKS_MAX)
        assert not (await home.handler.load(one)).terminal
        made[0].holds = False
        assert (await home.ended(one)).status == "completed"


async def test_a_job_is_given_up_unasked_when_nobody_may_ask_for_hours(
    tmp_path: Path, simulator: Simulator
) -> None:
    made: list[HeldBack] = []
    ahead_ms = 0
    async with resting(
        tmp_path, simulator, around=held_back(made), clock=lambda: now_ms() + ahead_ms
    ) as home:
        async with home.reconciling():
            one = await home.request(Behaviour(never_ends=True))
            state = await home.when(one, lambda now: now.status == "processing")
        last, failing = GiveUp(number=1, lost=False), Attempts(last_asks=LAST_ASKS_MAX)
        ahead_ms = QUICK.job_lifetime_ms + LAST_ASKS_HELD_MS_MAX - 60_000
        with pytest.raises(ProviderHeldBack):
            await home.actor.do(last, state, failing, QUICK)
        ahead_ms += 120_000
        await home.actor.do(last, state, Attempts(), QUICK)
        assert (await home.ended(one)).failure == "deadline"


async def test_uploads_that_are_paused_have_no_list_read_for_each_of_them(
    tmp_path: Path, simulator: Simulator
) -> None:
    made: list[HeldBack] = []
    async with resting(tmp_path, simulator, around=held_back(made)) as home:
        made[0].retry_in_ms = 3_600_000
        for _ in range(10):
            await home.request(upload=await uploaded(home))
        async with home.reconciling():
            await until(lambda: waiting(home, "upload") == 10)
            assert not home.lists
            made[0].resume()
            for one in home.ids:
                assert (await home.ended(one)).status == "completed"


async def test_what_waits_for_a_pause_goes_on_once_the_provider_says_that_it_is_over(
    tmp_path: Path, simulator: Simulator
) -> None:
    made: list[HeldBack] = []
    async with house(tmp_path, simulator, around=held_back(made)) as home:
        made[0].retry_in_ms = 3_600_000
        ids = [await home.request() for _ in range(5)]
        await until(lambda: made[0].held >= 1)
        await asyncio.gather(*(callback_of(home, one) for one in ids))
        began = monotonic()
        made[0].resume()
        for one in ids:
            assert (await home.ended(one)).status == "completed"
        assert monotonic() - began < SOON_S


async def callback_of(home: House, one: str) -> None:
    """Its callback has come."""
    await home.when(one, lambda state: bool(state.last and state.last.called_back))


def waiting(home: House, kind: PoolKind) -> int:
    """How many wait for a request of this kind."""
    pool = home.reconciler.figures().pools.get((("assemblyai", "us"), kind))
    return 0 if pool is None else pool.waiting
