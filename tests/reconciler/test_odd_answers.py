"""Answers that no document has, met on the way of a whole transcription."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stenolog.clock import now_ms
from stenolog.errors import ProviderRefused, ProviderUnavailable
from stenolog.providers.paging import pages_of
from stenolog.providers.port import (
    AudioFile,
    FetchedJob,
    JobPage,
    JobStatus,
    ListedJob,
    UnknownJob,
)
from stenolog.reconciler.acting import LAST_ASKS_MAX
from stenolog.reconciler.actions import GiveUp
from stenolog.reconciler.attempts import Attempts
from stenolog.reconciler.forwarding import (
    FAILED_SENTENCE,
    KEPT_MS_MAX,
    UPLOADS_FAILED_MAX,
    Forwarder,
)
from stenolog.reconciler.settle import QUESTIONS_MAX
from stenolog.simulator.assemblyai import behaviour as day
from stenolog.simulator.assemblyai.behaviour import Behaviour
from stenolog.simulator.assemblyai.days import DAYS
from stenolog.simulator.assemblyai.provider import Simulator
from tests.reconciler.house import QUICK, Around, House, house
from tests.reconciler.test_erasure import erased, request_erasure
from tests.unit.commands.stories import REQUESTED, told

UPLOAD = "00000000-0000-4000-8000-0000000000cc"


@pytest.mark.parametrize(
    "name", ["read-other-job", "gzip", "create-401", "create-no-balance", "text-json"]
)
async def test_the_customer_gets_the_words_of_the_one_job(
    tmp_path: Path, simulator: Simulator, name: str
) -> None:
    async with house(tmp_path, simulator) as home:
        identifier = await home.request(DAYS[name].behaviour)
        assert (await home.ended(identifier)).status == "completed"
        [job] = home.jobs_of(identifier)
        told_us = json.loads(await home.payload(identifier, "transcription.completed"))
        assert (told_us["id"], told_us["text"]) == (job.id, job.transcript(now_ms())["text"])


async def test_a_lost_reply_is_adopted_although_the_first_list_failed(tmp_path: Path) -> None:
    simulator = Simulator(faults=DAYS["list-500"].faults)
    async with simulator.serve(), house(tmp_path, simulator) as home:
        identifier = await home.request(replace(DAYS["list-500"].behaviour, callbacks=()))
        assert (await home.ended(identifier)).status == "completed"
        assert len(simulator.creates) == 1


@pytest.mark.parametrize(
    ("others", "readable", "first"),
    [(QUESTIONS_MAX + 10, True, False), (QUESTIONS_MAX + 10, True, True), (1, False, False)],
)
async def test_a_lost_reply_is_adopted_however_odd_the_jobs_listed_beside_it_are(
    tmp_path: Path, simulator: Simulator, others: int, *, readable: bool, first: bool
) -> None:
    url = "https://audio.example/popular.mp3"

    class Popular(Around):
        """Lists jobs of the same audio that it does not know, or cannot tell of."""

        async def list_jobs(self, *, status: JobStatus | None, before: str | None) -> JobPage:
            page: JobPage = await self.inner.list_jobs(status=status, before=before)
            odd = ListedJob(id="", audio_url=url, created_at_ms=None)
            listed = [replace(odd, id=f"odd-{number}") for number in range(others)]
            return replace(page, jobs=[*page.jobs, *listed] if first else [*listed, *page.jobs])

        async def fetch(self, job: str) -> FetchedJob | UnknownJob:
            if not job.startswith("odd-"):
                found: FetchedJob | UnknownJob = await self.inner.fetch(job)
                return found
            if readable:
                return UnknownJob()
            raise ProviderUnavailable("the answer is not JSON")

    async with house(tmp_path, simulator, around=Popular) as home:
        late = Behaviour(lost_reply=True, callbacks=day.MISSING, read_faults=(day.UNKNOWN_JOB,))
        home.behave(url, late)  # its own job is not known either, the first time
        identifier = await home.request(audio_url=url)
        await home.when(identifier, lambda state: state.status == "processing")
        assert len(simulator.creates) == 1


@pytest.mark.parametrize("fault", [day.WEB_PAGE, day.refusal(404, "Not found")])
async def test_a_list_that_stays_unreadable_keeps_no_finished_job_from_us(
    tmp_path: Path, fault: day.Fault
) -> None:
    simulator = Simulator(faults=[("list", fault)] * 5)
    timing = replace(QUICK, polled=True)
    async with simulator.serve(), house(tmp_path, simulator, timing=timing) as home:
        identifier = await home.request(Behaviour(callbacks=day.MISSING))
        assert (await home.ended(identifier)).status == "completed"


async def test_a_web_page_does_not_delete_a_job(tmp_path: Path) -> None:
    simulator = Simulator(faults=DAYS["delete-web-page"].faults)
    async with simulator.serve(), house(tmp_path, simulator) as home:
        identifier = await home.request()
        await home.ended(identifier)
        await request_erasure(home, identifier)
        await erased(home, identifier)
        assert sum(seen.method == "DELETE" for seen in simulator.requests) == 2


async def test_a_job_that_we_may_not_ask_for_is_given_up_all_the_same(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with house(tmp_path, simulator) as home:
        identifier = await home.request(Behaviour(never_ends=True))
        state = await home.when(identifier, lambda now: now.status == "processing")
        simulator.outage = day.UNAUTHENTICATED
        last, end = GiveUp(number=1, lost=False), Attempts(last_asks=LAST_ASKS_MAX)
        with pytest.raises(ProviderRefused):
            await home.actor.do(last, state, Attempts(last_asks=LAST_ASKS_MAX - 1), QUICK)
        await home.actor.do(last, state, end, QUICK)
        ended = await home.ended(identifier)
        assert (ended.status, ended.failure) == ("error", "deadline")


async def test_a_claim_without_a_job_is_given_up_without_asking_for_one(
    tmp_path: Path, simulator: Simulator
) -> None:
    timing = replace(QUICK, settle_ms=60_000)
    async with house(tmp_path, simulator, timing=timing) as home:
        identifier = await home.request(Behaviour(create_faults=(day.DROPPED,)))
        state = await home.when(identifier, lambda now: bool(now.submissions))
        await home.actor.do(GiveUp(number=1, lost=False), state, Attempts(), timing)
        assert (await home.ended(identifier)).failure == "deadline"


async def uploaded(home: House) -> str:
    """A file of ours."""

    async def chunks() -> AsyncIterator[bytes]:
        yield b"voice"

    await home.uploads.store(UPLOAD, chunks(), bytes_max=100)
    return UPLOAD


@pytest.mark.parametrize("fault", [day.UNAVAILABLE, day.UNAUTHENTICATED])
async def test_a_file_is_not_sent_again_because_its_create_was_refused_for_now(
    tmp_path: Path, simulator: Simulator, fault: day.Fault
) -> None:
    simulator.behave = lambda body: Behaviour(create_faults=(fault,))
    async with house(tmp_path, simulator) as home:
        identifier = await home.request(upload=await uploaded(home))
        assert (await home.ended(identifier)).status == "completed"
        assert len(simulator.uploads) == 1
        assert len(simulator.creates) == 2


@pytest.mark.parametrize("kept", [True, False])
async def test_a_file_that_the_provider_has_lost_is_sent_again(
    tmp_path: Path, simulator: Simulator, *, kept: bool
) -> None:
    class Forgetful(Around):
        """A provider that loses its files before a create, as by a start."""

        async def submit(self, body: bytes, audio: AudioFile | None) -> str:
            if len(simulator.creates) == (1 if kept else 0):
                simulator.memory.uploads.pop_where(lambda upload: True)
            return await self.inner.submit(body, audio)

    days = iter([Behaviour(create_faults=(day.UNAVAILABLE,))] if kept else [])
    simulator.behave = lambda body: next(days, Behaviour())
    models = ("universal-2",)
    async with house(tmp_path, simulator, around=Forgetful, speech_models=models) as home:
        identifier = await home.request(upload=await uploaded(home))
        assert (await home.ended(identifier)).status == "completed"
        stream = await home.stream(identifier)
        assert "setting" not in {event.data.get("reason") for event in stream}
        assert sum(seen.path == "/v2/upload" for seen in simulator.requests) == 2


def test_a_file_that_is_always_lost_is_not_sent_for_ever() -> None:
    forwarder = Forwarder(BrokenOff(), now_ms)
    state = told(REQUESTED)
    lost = ProviderRefused("no", status=403, final=True, upload_lost=True)
    again = [forwarder.is_lost(state, lost) for _ in range(UPLOADS_FAILED_MAX)]
    assert again == [True] * (UPLOADS_FAILED_MAX - 1) + [False]
    assert not forwarder.is_lost(state, ProviderRefused("no", status=403, final=True))


async def test_a_job_that_failed_is_made_of_a_file_of_its_own(
    tmp_path: Path, simulator: Simulator
) -> None:
    days = iter([DAYS["server-error"].behaviour])
    simulator.behave = lambda body: next(days, Behaviour())
    async with house(tmp_path, simulator) as home:
        identifier = await home.request(upload=await uploaded(home))
        assert (await home.ended(identifier)).status == "completed"
        assert len({job.request.audio_url for job in simulator.jobs}) == 2


async def test_an_upload_that_broke_off_is_sent_again(tmp_path: Path) -> None:
    simulator = Simulator(faults=DAYS["upload-failed"].faults)
    async with simulator.serve(), house(tmp_path, simulator) as home:
        identifier = await home.request(upload=await uploaded(home))
        assert (await home.ended(identifier)).status == "completed"


class BrokenOff:
    """A file, and a provider whose uploads always break off."""

    async def open(self, upload_id: str) -> tuple[int, AsyncIterator[bytes]] | None:
        async def chunks() -> AsyncIterator[bytes]:
            yield b""

        return 1, chunks()

    async def upload(self, chunks: AsyncIterator[bytes], size: int) -> str:
        raise ProviderUnavailable("the upload failed", status=422)


async def test_a_file_that_always_breaks_off_is_not_sent_for_ever() -> None:
    provider: Any = BrokenOff()
    forwarder = Forwarder(BrokenOff(), now_ms)
    state = replace(told(REQUESTED), upload=UPLOAD)
    for _ in range(UPLOADS_FAILED_MAX - 1):
        with pytest.raises(ProviderUnavailable):
            await forwarder.send(state, provider)
    with pytest.raises(ProviderRefused) as refused:
        await forwarder.send(state, provider)
    assert (refused.value.final, refused.value.sentence) == (True, FAILED_SENTENCE)


class Counting(BrokenOff):
    """A provider that takes every upload, each under another URL."""

    taken = 0

    async def upload(self, chunks: AsyncIterator[bytes], size: int) -> str:
        self.taken += 1
        return f"https://provider.example/upload/{self.taken}"


async def test_a_file_is_sent_again_before_the_provider_may_have_dropped_it() -> None:
    provider: Any = Counting()
    clock = [1_000_000]
    forwarder = Forwarder(BrokenOff(), lambda: clock[0])
    state = replace(told(REQUESTED), upload=UPLOAD)

    async def url() -> str:
        await forwarder.send(state, provider)
        return forwarder.kept_url(state)

    first = await url()
    forwarder.keep(state, forwarder.use(state))
    clock[0] += KEPT_MS_MAX - 1
    assert await url() == first
    clock[0] += 1
    second = await url()
    assert (second != first, provider.taken) == (True, 2)
    clock[0] += KEPT_MS_MAX - 1
    assert await url() == second, "it counts from the last time"
    clock[0] -= KEPT_MS_MAX  # set back: nobody knows how old the URL is
    assert await url() != second


class Circle:
    """A list whose second page leads back to the first."""

    def __init__(self) -> None:
        self.asked: list[str | None] = []

    async def list_jobs(self, *, status: str | None, before: str | None) -> JobPage:
        self.asked.append(before)
        other = "b" if before == "a" else "a"
        return JobPage(jobs=[ListedJob(id=other, audio_url="", created_at_ms=None)], older=other)


async def test_a_list_that_leads_in_a_circle_is_left() -> None:
    provider: Any = Circle()
    with pytest.raises(ProviderUnavailable):
        async for _ in pages_of(provider, status=None, pages_max=100):
            pass
    assert provider.asked == [None, "a", "b"]
