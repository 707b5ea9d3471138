"""A tenant's jobs are limited by queueing: nobody is refused, and nobody waits for others."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from typing import Any

from stenolog.errors import PayloadDamaged, ProviderUnavailable, RecordDamaged
from stenolog.heartbeat import BEAT_EVERY_MS
from stenolog.log.events.transcriptions import TRANSCRIPTION
from stenolog.providers.port import JobPage, JobStatus, Provider
from stenolog.simulator.assemblyai import behaviour as day
from stenolog.simulator.assemblyai.behaviour import Behaviour
from stenolog.simulator.assemblyai.provider import Simulator
from stenolog.stores.sqlite.log.store import SqliteLog
from tests.house.waiting import until
from tests.reconciler.house import Around, House, house
from tests.reconciler.test_erasure import request_erasure
from tests.reconciler.test_held_back import HeldBack, held_back
from tests.reconciler.test_neighbours import uploaded

OTHER = "00000000-0000-4000-8000-0000000000ab"


def most_at_once(simulator: Simulator) -> int:
    """How many jobs ran at the same time at most."""
    jobs = simulator.jobs
    return max(
        sum(
            other.created_ms <= job.created_ms and (other.ends_ms or 2**62) > job.created_ms
            for other in jobs
        )
        for job in jobs
    )


async def all_ended(home: House) -> None:
    for identifier in home.ids:
        assert (await home.ended(identifier)).status == "completed"


async def test_more_than_the_limit_wait_in_the_order_of_their_requests(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with house(tmp_path, simulator, tenant_concurrency=2) as home:
        wanted = [await home.request(Behaviour(run_ms=150)) for _ in range(8)]
        await all_ended(home)
        assert most_at_once(simulator) <= 2
        order = [
            job.request.audio_url.split("/")[-1].removesuffix(".mp3") for job in simulator.jobs
        ]
        assert sorted(order, key=wanted.index) == wanted
        # Two run side by side: each is at most one place away from where it was asked for.
        assert all(abs(order.index(one) - wanted.index(one)) <= 1 for one in wanted)


async def test_one_tenant_does_not_wait_for_another(tmp_path: Path, simulator: Simulator) -> None:
    async with house(tmp_path, simulator, tenant_concurrency=1) as home:
        await home.request(Behaviour(never_ends=True))
        await until(lambda: len(simulator.jobs) == 1)
        waiting = [await home.request() for _ in range(3)]
        other = await home.request(tenant=OTHER)
        assert (await home.ended(other)).status == "completed"
        for identifier in waiting:
            assert (await home.handler.load(identifier)).submissions == ()


async def test_a_job_that_cannot_be_made_gives_its_turn_to_the_next(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with house(tmp_path, simulator, tenant_concurrency=1) as home:
        faults = (day.refusal(400, "audio_url is wrong"),)
        refused = await home.request(Behaviour(create_faults=faults))
        following = await home.request()
        assert (await home.ended(refused)).status == "error"
        assert (await home.ended(following)).status == "completed"


async def test_a_fault_of_ours_gives_its_turn_to_the_next(
    tmp_path: Path, simulator: Simulator
) -> None:
    class CannotBeMade(Around):
        """A provider for which one request cannot be written."""

        def create_body(self, params: Mapping[str, object], *others: Any, **how: Any) -> bytes:
            if "bad" in params:
                raise PayloadDamaged("injected")
            return self.inner.create_body(params, *others, **how)

    async with house(tmp_path, simulator, tenant_concurrency=1, around=CannotBeMade) as home:
        await home.request(bad=True)
        following = await home.request()
        assert (await home.ended(following)).status == "completed"


async def test_a_stream_that_cannot_be_read_any_more_keeps_no_turn(
    tmp_path: Path, simulator: Simulator
) -> None:
    damaged: set[str] = set()

    class Damaged(SqliteLog):
        """A log in which a record goes bad while the gateway runs."""

        async def read_stream(self, stream: str, *args: Any, **given: Any) -> Any:
            if stream.removeprefix(TRANSCRIPTION) in damaged:
                raise RecordDamaged("injected", position=1, stream=stream)
            return await super().read_stream(stream, *args, **given)

    async with house(tmp_path, simulator, tenant_concurrency=1, log=Damaged) as home:
        running = await home.request(Behaviour(run_ms=1_000))
        await until(lambda: len(simulator.jobs) == 1)
        unreadable = await home.request()
        following = await home.request()
        await until(lambda: home.reconciler.figures().turns_waiting == 2)
        damaged.add(unreadable)
        assert (await home.ended(running)).status == "completed"
        assert (await home.ended(following)).status == "completed"


async def test_an_erased_job_keeps_its_turn_for_as_long_as_the_provider_runs_it(
    tmp_path: Path, simulator: Simulator
) -> None:
    simulator.deletes_unfinished = False
    async with house(tmp_path, simulator, tenant_concurrency=1) as home:
        first = await home.request(Behaviour(run_ms=600))
        await home.when(first, lambda state: state.status == "processing")
        await request_erasure(home, first)
        following = await home.request()
        assert (await home.ended(following)).status == "completed"
        await home.when(first, lambda state: state.erased)
    assert most_at_once(simulator) == 1


async def test_what_runs_is_known_after_a_start_before_anything_is_submitted(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with house(tmp_path, simulator, tenant_concurrency=1) as home:
        ids = home.ids
        await home.request(Behaviour(run_ms=1_500))
        await until(lambda: len(simulator.jobs) == 1)
        for _ in range(3):
            await home.request(Behaviour(run_ms=100))
    async with house(tmp_path, simulator, tenant_concurrency=1, ids=ids) as home:
        await all_ended(home)
    assert len(simulator.jobs) == 4
    assert most_at_once(simulator) == 1


async def test_uploads_that_are_held_back_keep_no_turn_from_the_tenant_s_other_jobs(
    tmp_path: Path, simulator: Simulator
) -> None:
    made: list[HeldBack] = []
    async with house(tmp_path, simulator, around=held_back(made), tenant_concurrency=1) as home:
        made[0].retry_in_ms = 3_600_000
        uploads = [await home.request(upload=await uploaded(home)) for _ in range(5)]
        await until(lambda: bool(made[0].held))
        url = await home.request()
        await home.when(url, lambda state: state.status == "processing")
        made[0].resume()
        for one in (*uploads, url):
            assert (await home.ended(one)).status == "completed"
    assert most_at_once(simulator) == 1


async def test_uploads_that_fail_leave_the_tenant_s_other_jobs_their_turns(
    tmp_path: Path, simulator: Simulator
) -> None:
    """One at a time probes; the others keep no turn for it."""
    failing: list[FailingUploads] = []

    def around(provider: Provider) -> FailingUploads:
        failing.append(FailingUploads(provider))
        return failing[-1]

    async with house(tmp_path, simulator, around=around, tenant_concurrency=2) as home:
        for _ in range(4):
            await home.request(upload=await uploaded(home))
        await until(lambda: failing[0].failed >= 3)
        began = monotonic()
        urls = [await home.request() for _ in range(3)]
        for url in urls:
            assert (await home.ended(url)).status == "completed"
        assert monotonic() - began < BEAT_EVERY_MS / 1_000  # no turn waits for the loop's beat
    assert most_at_once(simulator) <= 2


class FailingUploads(Around):
    """A provider that takes no uploads and shows no list, and does not say why."""

    def __init__(self, inner: Provider) -> None:
        super().__init__(inner)
        self.holds, self.failed = True, 0

    async def upload(self, chunks: Any, size: int) -> str:
        self._fail()
        return str(await self.inner.upload(chunks, size))

    async def list_jobs(self, *, status: JobStatus | None, before: str | None) -> JobPage:
        self._fail()  # or it would tell that the provider is back
        page: JobPage = await self.inner.list_jobs(status=status, before=before)
        return page

    def _fail(self) -> None:
        if self.holds:
            self.failed += 1
            raise ProviderUnavailable("down", status=500)
