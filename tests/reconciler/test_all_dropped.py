"""No callback ever arrives, or the service is away: every job ends, and is asked for once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from stenolog.bootstrap.gauges import show_reconciler
from stenolog.bootstrap.overseeing import Overseer
from stenolog.clock import now_ms
from stenolog.log.recorder import new_id
from stenolog.reconciler.gates import ProviderRegion
from stenolog.reconciler.timing import Timing
from stenolog.simulator.assemblyai import behaviour as day
from stenolog.simulator.assemblyai.behaviour import Behaviour
from stenolog.simulator.assemblyai.provider import Simulator
from tests.house.waiting import until
from tests.reconciler.house import QUICK, House, house
from tests.reconciler.memory_provider import PAGE_JOBS, MemoryProvider

TIMING = Timing(
    settle_ms=90_000, silence_ms=200_000, sweep_interval_ms=30_000, job_lifetime_ms=86_400_000
)
SILENT_MS = 261_000  # after which a job without a callback is looked for
RUN_MS = 20_000
JOBS = 200
PLACE: ProviderRegion = ("assemblyai", "us")
MISSING = 'stenolog_provider_callbacks_missing{provider="assemblyai",region="us"}'


@dataclass
class Virtual:
    """The machine's clock, which a test moves ahead."""

    ahead_ms: int = 0
    provider: MemoryProvider = field(init=False)

    def __post_init__(self) -> None:
        self.provider = MemoryProvider(self)
        self.provider.run_ms = RUN_MS

    def __call__(self) -> int:
        return now_ms() + self.ahead_ms

    @asynccontextmanager
    async def house(
        self, directory: Path, simulator: Simulator, **given: Any
    ) -> AsyncIterator[House]:
        """A service whose provider is the one in memory."""
        given = {"timing": TIMING, "around": lambda _: self.provider, **given}
        async with house(directory, simulator, clock=self, **given) as home:
            yield home

    async def wait(self, home: House, ms: int) -> None:
        """Time passes, and everything that rests is told."""
        self.ahead_ms += ms
        home.reconciler.wake(new_id(), "start")
        await self.sweep(home)

    async def sweep(self, home: House) -> None:
        """Lists that are due are read."""
        for sweeper in home.reconciler.sweepers.at.values():
            next_ms = sweeper.next_ms()
            if next_ms is not None and next_ms <= self():
                await sweeper.sweep()


def watched(home: House) -> int:
    return home.reconciler.figures().sweeps[PLACE].watched


async def requested(home: House, count: int) -> None:
    """So many transcriptions run at the provider."""
    await asyncio.gather(*(home.request() for _ in range(count)))
    await until(lambda: watched(home) == count)


async def check_each_once(home: House, provider: MemoryProvider) -> None:
    """Everything has ended, each job was asked for once, and lists cost what they may."""
    await until(lambda: home.reconciler.open_count == 0)
    for identifier in home.ids:
        assert (await home.handler.load(identifier)).status == "completed"
    assert [job.asked for job in provider.jobs.values()] == [1] * len(home.ids)


async def check_all_dropped(directory: Path, simulator: Simulator, jobs: int) -> None:
    virtual = Virtual()
    async with virtual.house(directory, simulator) as home:
        await requested(home, jobs)
        assert not virtual.provider.counts["fetch"]
        assert not virtual.provider.counts["list"]
        await virtual.wait(home, SILENT_MS)
        await check_each_once(home, virtual.provider)
        counts = virtual.provider.counts
        assert counts["create"] == jobs
        assert counts["list"] + counts["fetch"] <= 1.05 * (jobs / PAGE_JOBS + jobs)


async def test_jobs_whose_callbacks_are_all_dropped_end_each_after_one_question(
    tmp_path: Path, simulator: Simulator
) -> None:
    await check_all_dropped(tmp_path, simulator, JOBS)


@pytest.mark.soak
async def test_a_thousand_jobs_whose_callbacks_are_all_dropped_end(
    tmp_path: Path, simulator: Simulator
) -> None:
    await check_all_dropped(tmp_path, simulator, 1_000)


async def check_away(directory: Path, simulator: Simulator, jobs: int) -> None:
    virtual = Virtual()
    async with virtual.house(directory, simulator) as before:
        await requested(before, jobs // 2)
        virtual.provider.run_ms = 3_600_000
        await asyncio.gather(*(before.request() for _ in range(jobs // 2)))
        await until(lambda: len(virtual.provider.jobs) > jobs // 2)
    virtual.ahead_ms += 600_000
    async with virtual.house(directory, simulator, ids=before.ids) as home:
        await until(lambda: home.reconciler.open_count == jobs // 2 == watched(home))
        assert virtual.provider.counts["fetch"] == jobs // 2
        await virtual.wait(home, 3_600_000)
        await check_each_once(home, virtual.provider)
        assert virtual.provider.counts["create"] == jobs


async def test_a_service_that_was_away_asks_for_what_ended_and_waits_for_what_runs(
    tmp_path: Path, simulator: Simulator
) -> None:
    await check_away(tmp_path, simulator, JOBS)


@pytest.mark.soak
async def test_a_service_that_was_away_for_ten_minutes_in_the_middle_of_a_thousand_jobs(
    tmp_path: Path, simulator: Simulator
) -> None:
    await check_away(tmp_path, simulator, 1_000)


async def test_a_job_that_runs_long_costs_no_question(tmp_path: Path, simulator: Simulator) -> None:
    virtual = Virtual()
    virtual.provider.run_ms = 7_200_000
    async with virtual.house(tmp_path, simulator) as home:
        await requested(home, 3)
        for _ in range(6):
            await virtual.wait(home, 600_000)
            await until(lambda: not busy(home))
        assert not virtual.provider.counts["fetch"]
        assert virtual.provider.counts["list"] >= 6
        await virtual.wait(home, 7_200_000)
        await check_each_once(home, virtual.provider)


def busy(home: House) -> bool:
    return bool(home.reconciler.figures().busy or home.reconciler.figures().due)


async def test_an_hour_without_list_or_callback_is_enough_after_fifty_minutes_away(
    tmp_path: Path, simulator: Simulator
) -> None:
    virtual = Virtual()
    virtual.provider.run_ms, virtual.provider.lifetime_ms = 1_200_000, 3_600_000
    given = {"aimlapi_api_key": SecretStr("key"), "timing": replace(TIMING, polled=True)}
    async with virtual.house(tmp_path, simulator, **given) as before:
        await asyncio.gather(*(before.request(at=("aimlapi", None)) for _ in range(40)))
        await until(lambda: len(virtual.provider.jobs) == 40)
    virtual.ahead_ms += 50 * 60_000
    async with virtual.house(tmp_path, simulator, ids=before.ids, **given) as home:
        for identifier in home.ids:
            assert (await home.ended(identifier)).status == "completed"
            types = await home.types(identifier)
            assert types[-2:] == ["submission.delayed", "transcription.completed"]
        assert virtual.provider.counts["create"] == 40
        assert not virtual.provider.counts["list"]
        assert home.metrics.figures()["stenolog_submissions_delayed_total"] == 40


async def test_a_dead_callback_address_is_noticed_and_forgotten_once_a_callback_comes(
    tmp_path: Path, simulator: Simulator
) -> None:
    virtual = Virtual()
    async with house(tmp_path, simulator, timing=QUICK, clock=virtual) as home:
        silent = await home.request(Behaviour(run_ms=1, callbacks=day.MISSING))
        await home.when(silent, lambda state: state.status == "processing")
        assert not figures(home)[MISSING]
        await virtual.wait(home, SILENT_MS)
        ended = await home.ended(silent)
        assert ended.status == "completed"
        *_, fact, end = await home.stream(silent)
        assert (fact.type, fact.data["kind"]) == ("callback.unmatched", "missing")
        assert end.data["reason"] == "silence"
        assert home.counted("stenolog_callbacks_unmatched_total") == {'{kind="missing"}': 1}
        await until(lambda: figures(home)[MISSING] == 1)
        assert (await standing(home))["callbacks_missing"]
        heard = await home.request(Behaviour(run_ms=1))
        await home.ended(heard)
        await until(lambda: not figures(home)[MISSING])


async def test_the_log_says_up_to_where_everything_has_ended(
    tmp_path: Path, simulator: Simulator
) -> None:
    virtual = Virtual()
    virtual.provider.run_ms = 3_600_000
    async with virtual.house(tmp_path, simulator) as home:
        completeness = home.parts.reconciling.completeness
        await requested(home, 2)
        await completeness.look()
        await virtual.wait(home, 3_600_000)
        await check_each_once(home, virtual.provider)
        await completeness.look()
        *before, told = await home.events.read()
        assert (told.type, told.data) == ("sweep.completed", {"before": len(before) + 1})
        await completeness.look()
        assert await home.events.head() == told.position


def figures(home: House) -> dict[str, float]:
    show_reconciler(home.metrics.reconciler, home.reconciler.figures(), now_ms())
    return dict(home.metrics.figures())


async def standing(home: House) -> dict[str, Any]:
    await home.projected()
    answer = await home.client.get("/api/v1/reconciliation")
    assert answer.status_code == 200
    place: dict[str, Any] = answer.json()["places"][0]
    assert (place["provider"], place["region"]) == PLACE
    return place


async def test_an_operator_has_all_jobs_compared_now(tmp_path: Path, simulator: Simulator) -> None:
    virtual = Virtual()
    virtual.provider.run_ms = 0
    path = "/api/v1/reconciliation"
    async with virtual.house(tmp_path, simulator) as home:
        await requested(home, 3)
        asked = {"provider": "assemblyai", "dry_run": True}
        dry = (await home.client.post(path, json=asked)).json()["items"]
        assert [(one["compared"], one["missing"], one["error"]) for one in dry] == [(3, 3, None)]
        assert not virtual.provider.counts["fetch"]
        later = {"provider": "assemblyai", "since": "2100-01-01T00:00:00Z"}
        none = (await home.client.post(path, json=later)).json()["items"]
        assert [one["compared"] for one in none] == [0]
        other = (await home.client.post(path, json={"provider": "aimlapi"})).json()
        assert other == {"items": [], "next": None}
        for wrong in ({"since": "today"}, {"provider": "x"}, {"dry_run": 1}, {"dryrun": True}):
            assert (await home.client.post(path, json=wrong)).status_code == 400
        assert (await standing(home))["running"] == 3
        assert (await home.client.post(path)).json()["items"][0]["missing"] == 3
        await check_each_once(home, virtual.provider)
        assert [one["missing"] for one in (await standing(home))["last_sweeps"]] == [3, 0]


async def test_a_comparison_that_takes_long_goes_on_and_is_shown_when_it_has_ended(
    tmp_path: Path, simulator: Simulator
) -> None:
    virtual = Virtual()
    virtual.provider.run_ms = 0
    async with virtual.house(tmp_path, simulator) as home:
        await requested(home, 2)
        virtual.provider.gate.clear()
        overseer = Overseer(home.reconciler, home.views.oldest_open, answer_ms_max=50)
        for _ in range(2):
            [told] = json.loads(
                await overseer.compare(provider="assemblyai", since_ms=0, dry_run=False)
            )
            assert told["compared"] is None
            assert told["error"]
        assert virtual.provider.counts["list"] == 1
        virtual.provider.gate.set()
        await check_each_once(home, virtual.provider)
        [sweep] = json.loads(await overseer.standing())["places"][0]["last_sweeps"]
        assert sweep["missing"] == 2
        await overseer.close()


async def test_a_list_that_cannot_be_read_is_said_and_keeps_no_finished_job_from_us(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with house(tmp_path, simulator, timing=replace(QUICK, polled=True)) as home:
        for _ in range(50):
            simulator.fail("list", day.MALFORMED)
        silent = await home.request(Behaviour(run_ms=1, callbacks=day.MISSING))
        assert (await home.ended(silent)).status == "completed"
        assert home.reconciler.figures().sweeps[PLACE].failed >= 1
