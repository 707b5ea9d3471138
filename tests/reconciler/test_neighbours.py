"""No tenant, no kind of work and no bad moment of a provider stops the others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from time import monotonic

import httpx
import pytest

from stenolog.log.recorder import new_id
from stenolog.providers.port import FetchedJob, Provider, UnknownJob
from stenolog.reconciler.pools import SLOTS
from stenolog.simulator.assemblyai import behaviour as day
from stenolog.simulator.assemblyai.behaviour import Behaviour, Callback, Fault
from stenolog.simulator.assemblyai.callbacks import DeliveryRules
from stenolog.simulator.assemblyai.provider import API_KEY, Simulator
from tests.house.waiting import until
from tests.reconciler.house import Around, House, house

OTHER = "00000000-0000-4000-8000-0000000000ab"
FORBIDDEN = day.refusal(403, "This feature is not enabled for your account")
SOON_S = 10.0


async def uploaded(home: House) -> str:
    """A small file of ours."""

    async def chunks() -> AsyncIterator[bytes]:
        yield b"voice"

    upload = new_id()
    await home.uploads.store(upload, chunks(), bytes_max=100)
    return upload


@pytest.mark.parametrize("count", [1, 2, 6])
@pytest.mark.parametrize(
    "fault",
    [FORBIDDEN, day.refusal(404, "Not found"), Fault(status=451)],
    ids=["403", "404", "451"],
)
async def test_requests_that_are_refused_keep_no_other_tenant_waiting(
    tmp_path: Path, simulator: Simulator, count: int, fault: Fault
) -> None:
    async with house(tmp_path, simulator) as home:
        for _ in range(count):
            await home.request(Behaviour(create_faults=(fault,) * 100))
        await until(lambda: len(simulator.creates) >= min(count + 1, 3))
        began = monotonic()
        good = await home.request(tenant=OTHER)
        assert (await home.ended(good)).status == "completed"
        assert monotonic() - began < SOON_S
        for refused in home.ids[:-1]:
            assert (await home.handler.load(refused)).status == "queued"


async def test_an_account_that_is_refused_is_probed_by_one_until_it_is_mended(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with house(tmp_path, simulator) as home:
        simulator.outage = FORBIDDEN
        for _ in range(20):
            await home.request()
        await until(lambda: len(simulator.creates) >= 3)
        await simulator.pause(1_000)
        assert len(simulator.creates) < 30
        simulator.outage = None
        for identifier in home.ids:
            assert (await home.ended(identifier)).status == "completed"


async def test_slow_uploads_of_one_tenant_delay_no_submit_and_no_result(tmp_path: Path) -> None:
    slow = Fault(status=503, wait_ms=60_000)
    simulator = Simulator(
        rules=DeliveryRules(spacing_ms=100, timeout_ms=2_000), faults=[("upload", slow)] * 64
    )
    async with simulator.serve(), house(tmp_path, simulator, http_timeout_ms=5_000) as home:
        finishing = await home.request(Behaviour(run_ms=1_500, callbacks=(Callback(),)))
        await home.when(finishing, lambda state: state.status == "processing")
        for _ in range(64):
            await home.request(upload=await uploaded(home))
        sending = 3 * SLOTS["upload"] // 4  # the last slots are not for one tenant alone
        await until(lambda: _uploads(simulator) >= sending)
        began = monotonic()
        good = await home.request(tenant=OTHER)
        assert (await home.ended(good)).status == "completed"
        assert (await home.ended(finishing)).status == "completed"
        assert monotonic() - began < SOON_S
        other = await home.request(tenant=OTHER, upload=await uploaded(home))
        await until(lambda: _uploads(simulator) == sending + 1)
        assert (await home.handler.load(other)).status == "queued"
        uploads = home.reconciler.figures().pools[("assemblyai", "us"), "upload"]
        assert (uploads.running, uploads.waiting) == (sending + 1, 64 - sending)
        assert uploads.waited_ms > 0


def _uploads(simulator: Simulator) -> int:
    return sum(seen.path == "/v2/upload" for seen in simulator.requests)


async def test_a_slow_upload_is_no_probe_for_creates(tmp_path: Path) -> None:
    simulator = Simulator(faults=[("upload", Fault(status=503, wait_ms=60_000))] * 4)
    async with simulator.serve(), house(tmp_path, simulator, http_timeout_ms=5_000) as home:
        first = await home.request(Behaviour(create_faults=(day.UNAVAILABLE,)))
        await until(lambda: len(simulator.creates) == 1)
        await home.request(upload=await uploaded(home))
        good = await home.request(tenant=OTHER)
        assert (await home.ended(good)).status == "completed"
        assert (await home.ended(first)).status == "completed"


async def test_uploads_that_fail_are_tried_again_once_a_list_is_answered(tmp_path: Path) -> None:
    simulator = Simulator(faults=[("upload", day.UNAVAILABLE)] * 2)
    async with simulator.serve(), house(tmp_path, simulator) as home:
        identifier = await home.request(upload=await uploaded(home))
        assert (await home.ended(identifier)).status == "completed"
        assert {"limit": "200", "status": "queued"} in home.lists


async def test_one_answer_that_asks_for_a_day_stops_no_submission(
    tmp_path: Path, simulator: Simulator
) -> None:
    told = day.refusal(503, "Service unavailable", Retry_After="99999")
    async with house(tmp_path, simulator) as home:
        first = await home.request(Behaviour(read_faults=(told,)))
        await until(lambda: home.gets() == 1)
        later = await home.request()
        await home.when(later, lambda state: state.status == "processing")
        assert (await home.handler.load(first)).status == "processing"
        standing = home.standing
        assert set(standing.provider.paused_ms) == {"fetch"}


async def test_thirty_failures_of_one_moment_cost_one_short_wait(
    tmp_path: Path, simulator: Simulator
) -> None:
    blip = replace(day.UNAVAILABLE, wait_ms=4_000)
    simulator.behave = lambda body: Behaviour(create_faults=(blip,))
    async with house(tmp_path, simulator, http_timeout_ms=15_000) as home:
        await asyncio.gather(*(home.request() for _ in range(30)))
        await until(lambda: len(simulator.creates) >= 30)
        simulator.behave = lambda body: Behaviour()
        refused = [
            home.when(one, lambda state: state.submissions[0].outcome == "refused")
            for one in home.ids
        ]
        await asyncio.gather(*refused)
        began = monotonic()
        later = await home.request()
        await home.when(later, lambda state: state.status != "queued")
        assert monotonic() - began < SOON_S


class Counted:
    """Stands for the bytes of an answer, and is counted while somebody keeps them."""

    alive = 0

    def __init__(self) -> None:
        Counted.alive += 1

    def __del__(self) -> None:
        Counted.alive -= 1


class Counting(Around):
    """Notes how many answers were kept when the next one was asked for."""

    def __init__(self, inner: Provider) -> None:
        super().__init__(inner)
        self.kept: list[int] = []

    async def fetch(self, job: str) -> FetchedJob | UnknownJob:
        self.kept.append(Counted.alive)
        found: FetchedJob | UnknownJob = await self.inner.fetch(job)
        return found if isinstance(found, UnknownJob) else replace(found, held=Counted())


async def test_no_answer_is_kept_while_the_next_candidate_is_asked_for(
    tmp_path: Path, simulator: Simulator
) -> None:
    counting: list[Counting] = []

    def around(provider: Provider) -> Counting:
        counting.append(Counting(provider))
        return counting[-1]

    async with house(tmp_path, simulator, around=around) as home:
        lost = Behaviour(lost_reply=True, callbacks=day.MISSING)
        identifier = await home.request(lost, audio_url="https://audio.example/same.mp3")
        await until(lambda: len(simulator.creates) == 1)
        async with httpx.AsyncClient(base_url=simulator.base_url) as other:
            for _ in range(3):  # of somebody else, for the same audio
                with suppress(httpx.RemoteProtocolError):  # these replies are lost, too
                    await other.post(
                        "/v2/transcript",
                        json={"audio_url": "https://audio.example/same.mp3"},
                        headers={"Authorization": API_KEY},
                    )
        assert (await home.ended(identifier)).status == "completed"
        assert len(counting[0].kept) >= 4
        assert set(counting[0].kept) == {0}
