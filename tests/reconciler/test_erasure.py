"""Erasure at the provider: every job goes, whatever the provider's day is like."""

from __future__ import annotations

from pathlib import Path

import pytest

from stenolog.commands.transcription.decide_jobs import DUPLICATES_MAX
from stenolog.commands.transcription.state import stream_of
from stenolog.log.facts import erasure_requested
from stenolog.log.recorder import Cause
from stenolog.providers.port import AudioFile
from stenolog.simulator.assemblyai import behaviour as day
from stenolog.simulator.assemblyai.behaviour import Behaviour, Fault
from stenolog.simulator.assemblyai.provider import Simulator
from tests.house.waiting import until
from tests.reconciler.house import CLIENT, TENANT, Around, House, house

LIFE = [
    "transcription.requested",
    "submission.claimed",
    "submission.accepted",
    "callback.received",
    "transcription.completed",
    "erasure.requested",
    "submission.removed",
    "erasure.completed",
]


async def request_erasure(home: House, identifier: str) -> None:
    cause = Cause(tenant=TENANT, actor=CLIENT, correlation_id=identifier)
    await home.facts.record(stream_of(identifier), [erasure_requested(identifier, "v2")], cause)


async def erased(home: House, identifier: str) -> None:
    await home.when(identifier, lambda state: state.erased)
    assert home.jobs_of(identifier) == []
    assert await home.keys.data_key_of(f"transcription-{identifier}") is None


async def test_a_finished_job_is_deleted_once(tmp_path: Path, simulator: Simulator) -> None:
    async with house(tmp_path, simulator) as home:
        identifier = await home.request()
        await home.ended(identifier)
        await request_erasure(home, identifier)
        await erased(home, identifier)
        assert await home.types(identifier) == LIFE
        deletes = [seen for seen in simulator.requests if seen.method == "DELETE"]
        assert len(deletes) == 1


async def test_a_provider_that_is_down_is_asked_again(tmp_path: Path, simulator: Simulator) -> None:
    async with house(tmp_path, simulator) as home:
        identifier = await home.request()
        await home.ended(identifier)
        simulator.outage = Fault(status=503)
        await request_erasure(home, identifier)
        await until(lambda: sum(s.method == "DELETE" for s in simulator.requests) >= 2)
        assert await home.keys.data_key_of(f"transcription-{identifier}") is None
        simulator.outage = None
        await erased(home, identifier)


async def test_an_unfinished_job_is_deleted_when_the_provider_allows_it(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with house(tmp_path, simulator) as home:
        identifier = await home.request(Behaviour(queued_ms=0, run_ms=1_500))
        await home.when(identifier, lambda state: bool(state.last and state.last.accepted_position))
        await request_erasure(home, identifier)
        await erased(home, identifier)
        types = await home.types(identifier)
        assert "transcription.completed" not in types


async def test_a_job_of_unknown_outcome_is_found_and_deleted(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with house(tmp_path, simulator) as home:
        await home.request(Behaviour(run_ms=60_000))  # a stranger among the jobs
        identifier = await home.request(
            Behaviour(queued_ms=0, run_ms=20, lost_reply=True, callbacks=day.MISSING)
        )
        await until(lambda: bool(home.jobs_of(identifier)))
        await request_erasure(home, identifier)
        await erased(home, identifier)
        assert "submission.accepted" not in await home.types(identifier)


@pytest.mark.parametrize("erasing", [True, False])
async def test_jobs_beyond_those_that_can_be_named_are_deleted_all_the_same(
    tmp_path: Path, simulator: Simulator, *, erasing: bool
) -> None:
    """`erasure.completed` says that all jobs are gone, also those that no event could name."""
    async with house(tmp_path, simulator) as home:
        many = Behaviour(run_ms=20, lost_reply=True, callbacks=day.MISSING, jobs=DUPLICATES_MAX + 3)
        identifier = await home.request(many)
        await until(lambda: len(home.jobs_of(identifier)) == DUPLICATES_MAX + 3)
        if not erasing:
            await home.ended(identifier)
            await until(lambda: len(home.jobs_of(identifier)) == 1)
        await request_erasure(home, identifier)
        await erased(home, identifier)
        assert (await home.stream(identifier))[-1].data["deleted"] == DUPLICATES_MAX + 1


async def test_one_that_was_never_submitted_is_over_at_once(
    tmp_path: Path, simulator: Simulator
) -> None:
    simulator.outage = day.UNAVAILABLE
    async with house(tmp_path, simulator) as home:
        identifier = await home.request()
        await until(lambda: bool(simulator.requests))
        await request_erasure(home, identifier)
        await home.when(identifier, lambda state: state.erased)
        assert not simulator.jobs


async def test_a_job_known_only_by_a_sealed_handle_goes_before_its_key(
    tmp_path: Path, simulator: Simulator
) -> None:
    class OddHandles(Around):
        """Handles in a form that no event may hold in clear."""

        async def submit(self, body: bytes, audio: AudioFile | None) -> str:
            return "job of another form/" + await self.inner.submit(body, audio)

        async def fetch(self, job: str) -> object:
            return await self.inner.fetch(job.rpartition("/")[2])

        async def delete(self, job: str) -> None:
            await self.inner.delete(job.rpartition("/")[2])

    async with house(tmp_path, simulator, around=OddHandles) as home:
        identifier = await home.request()
        await home.ended(identifier)
        await request_erasure(home, identifier)
        await erased(home, identifier)
