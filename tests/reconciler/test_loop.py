"""What the loop promises beside the provider's days: stores that fail, waking, two at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stenolog.errors import OutcomeUnknown, StoreUnavailable
from stenolog.log.store import Append, Appended
from stenolog.providers.port import FetchedJob, Provider, UnknownJob
from stenolog.simulator.assemblyai import behaviour as day
from stenolog.simulator.assemblyai.behaviour import Behaviour, Callback
from stenolog.simulator.assemblyai.provider import Simulator
from stenolog.stores.sqlite.log.store import SqliteLog
from tests.house.waiting import until
from tests.reconciler.house import QUICK, Around, house

FAILING = ("submission.claimed", "submission.accepted", "transcription.completed")


class FailingLog(SqliteLog):
    """What the reconciler appends fails the first time."""

    loses_replies = False

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.seen: set[str] = set()

    async def append_all(self, appends: Sequence[Append]) -> Sequence[Appended]:
        [append] = appends
        name = f"{append.stream} {[event.type for event in append.events]}"
        first = name not in self.seen and append.events[0].type in FAILING
        self.seen.add(name)
        if first and not self.loses_replies:
            raise StoreUnavailable("injected: nothing was written")
        appended = await super().append_all(appends)
        if first:
            raise OutcomeUnknown("injected: the reply was lost")
        return appended


class UnsaidLog(FailingLog):
    """Writes, and does not say so the first time."""

    loses_replies = True


@pytest.mark.parametrize("log", [FailingLog, UnsaidLog])
async def test_a_log_that_fails_costs_time_and_no_second_job(
    tmp_path: Path, simulator: Simulator, log: type[FailingLog]
) -> None:
    async with house(tmp_path, simulator, log=log) as home:
        identifier = await home.request()
        assert (await home.ended(identifier)).status == "completed"
        live = [job for job in simulator.jobs if not job.deleted]
        assert len(live) == 1
        types = await home.types(identifier)
        assert types.count("transcription.completed") == 1


async def test_a_superseded_job_that_runs_is_removed_when_it_may_be(
    tmp_path: Path, simulator: Simulator
) -> None:
    simulator.deletes_unfinished = False
    made = 0

    def behave(body: object) -> Behaviour:
        nonlocal made
        made += 1
        if made == 1:  # hidden from the list; its only callback comes long before its end
            early = Callback(since="creation", after_ms=1_600, status="completed", retried=False)
            return Behaviour(
                lost_reply=True, listed_after_ms=60_000, run_ms=3_500, callbacks=(early,)
            )
        return Behaviour(run_ms=20)

    simulator.behave = behave
    async with house(tmp_path, simulator) as home:
        identifier = await home.request()
        await home.ended(identifier)
        state = await home.when(identifier, lambda s: s.submissions[0].outcome == "removed")
        assert state.finished_by == 2
        assert [job.deleted for job in simulator.jobs] == [True, False]
        deletes = [seen.status for seen in simulator.requests if seen.method == "DELETE"]
        assert deletes[0] == 400
        assert deletes[-1] == 200


class Forgetting(Around):
    """A provider that does not know its newest jobs when it is asked the first time."""

    def __init__(self, inner: Provider) -> None:
        super().__init__(inner)
        self._asked: set[str] = set()

    async def fetch(self, job: str) -> FetchedJob | UnknownJob:
        if job not in self._asked:
            self._asked.add(job)
            return UnknownJob()
        found: FetchedJob | UnknownJob = await self.inner.fetch(job)
        return found


async def test_a_job_that_is_not_known_yet_is_not_given_up(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with house(
        tmp_path, simulator, around=Forgetting, timing=replace(QUICK, settle_ms=1_000)
    ) as home:
        identifier = await home.request()
        assert (await home.ended(identifier)).status == "completed"
        assert len(simulator.creates) == 1


class Cancelling(Around):
    """A provider whose calls for jobs are cancelled, though nobody has asked for that."""

    cancelled = 0

    async def fetch(self, job: str) -> FetchedJob | UnknownJob:
        Cancelling.cancelled += 1
        raise asyncio.CancelledError


async def test_work_that_is_cancelled_from_inside_is_not_forgotten(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with house(tmp_path, simulator, around=Cancelling) as home:
        await home.request()
        await until(lambda: Cancelling.cancelled > 0)
        for _ in range(10):  # the task ends
            await asyncio.sleep(0)
        assert home.reconciler.open_count == 1


async def test_a_provider_that_has_come_back_is_asked_at_once(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with house(tmp_path, simulator) as home:
        simulator.outage = day.too_many_requests(3_600)
        identifier = await home.request()
        await home.when(identifier, lambda s: bool(s.last and s.last.outcome == "refused"))
        simulator.outage = None
        other = await home.request()
        # It was looked at and is held back: nothing but the waking has it asked for again.
        await until(
            lambda: sum(one.waiting for one in home.reconciler.figures().pools.values()) == 1
        )
        home.reconciler.wake_all("local", "start")
        assert (await home.handler.load(other)).status == "queued"
        home.reconciler.wake_all("assemblyai", "start")
        # The one whose own Retry-After is in the log waits; the other one does not.
        assert (await home.ended(other)).status == "completed"
        assert (await home.handler.load(identifier)).status == "queued"


async def test_waking_a_hundred_times_asks_once_or_twice(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with house(tmp_path, simulator) as home:
        identifier = await home.request(Behaviour(never_ends=True))
        await home.when(identifier, lambda s: s.status == "processing")
        for _ in range(100):
            home.reconciler.wake(identifier, "callback")
        await until(lambda: home.gets() >= 1)
        await simulator.pause(300)
        assert home.gets() <= 2


async def test_what_nobody_knows_is_woken_without_harm(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with house(tmp_path, simulator) as home:
        home.reconciler.wake("00000000-0000-4000-8000-00000000dead", "callback")
        await until(lambda: home.reconciler.open_count == 0)


async def test_stopping_is_not_lost_when_something_wakes_it_at_the_same_time(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with house(tmp_path, simulator) as home:
        identifier = await home.request()
        await home.ended(identifier)
        await until(lambda: home.reconciler.open_count == 0)
        home.reconciler.wake(identifier, "start", in_ms=60_000)
        await home.types(identifier)  # meanwhile it goes to sleep, for a minute
        # The house stops it before anything else runs; a loop that goes on would never end.
        home.reconciler.wake(identifier, "start", in_ms=50_000)
