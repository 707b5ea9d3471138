"""Long transcripts are read without holding up the loop, and within a budget of memory."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from stenolog.egress.client import Egress
from stenolog.egress.guard import AddressPolicy
from stenolog.errors import ProviderUnavailable
from stenolog.providers.assemblyai.adapter import AssemblyAI
from stenolog.providers.assemblyai.answers import read_job
from stenolog.providers.connection import ServiceAddress
from stenolog.providers.read_times import READ_TIMES
from stenolog.providers.transcripts import BESIDE_BYTES_MIN, Transcripts
from stenolog.side_process import SideProcess
from tests.egress.scripted import always, answer, serving
from tests.engine.drips import Drip, dripping

JOB = "9ea68fd3-f953-42c1-9742-976c447fb463"
BEAT_S = 0.001


def long_answer(words: int, job: str = JOB) -> bytes:
    """A finished transcript of so many words, each of them said twice, as with speakers."""
    said = [
        {"text": "conversation", "start": n * 400, "end": n * 400 + 350, "confidence": 0.98765}
        for n in range(words)
    ]
    told = {"id": job, "status": "completed", "words": said, "utterances": said}
    return json.dumps({**told, "audio_duration": words * 0.4}).encode()


@asynccontextmanager
async def reading(
    body: bytes, transcripts: Transcripts, timeout_ms: int = 5_000
) -> AsyncIterator[AssemblyAI]:
    """An adapter in front of a service that gives this answer."""
    async with (
        serving(always(answer(body=body))) as server,
        asking(server.url, transcripts, timeout_ms) as adapter,
    ):
        yield adapter


@asynccontextmanager
async def asking(url: str, transcripts: Transcripts, timeout_ms: int) -> AsyncIterator[AssemblyAI]:
    """An adapter in front of a service."""
    egress = Egress(AddressPolicy.of(origins=[url]))
    address = ServiceAddress(base_url=url, api_key="key")
    try:
        yield AssemblyAI(
            "assemblyai", lambda: address, egress, timeout_ms=timeout_ms, transcripts=transcripts
        )
    finally:
        await egress.aclose()


async def longest_hold_s(work: asyncio.Task[object]) -> float:
    """How long the loop was held at most while the work was done."""
    longest, before = 0.0, time.perf_counter()
    while not work.done():
        await asyncio.sleep(BEAT_S)
        now = time.perf_counter()
        longest, before = max(longest, now - before - BEAT_S), now
    return longest


async def test_a_long_transcript_is_read_beside_the_loop() -> None:
    body = long_answer(60_000)
    began = time.perf_counter()
    expected = read_job(body, JOB)
    here_s = time.perf_counter() - began
    beside = SideProcess()
    transcripts = Transcripts(beside)
    try:
        async with reading(body, transcripts) as adapter:
            await adapter.fetch(JOB)  # the process is started
            holds = []
            for _ in range(3):
                fetching: asyncio.Task[object] = asyncio.create_task(adapter.fetch(JOB))
                holds.append(await longest_hold_s(fetching))
                assert fetching.result() == expected
                del fetching
            # The best of three, as others use this machine too; read here, it would be `here_s`.
            assert min(holds) < max(0.02, here_s / 3), (holds, here_s)
        assert transcripts.budget.held_bytes == 0
    finally:
        await beside.close()


async def test_an_answer_is_counted_for_as_long_as_it_is_kept() -> None:
    body = long_answer(10)
    transcripts = Transcripts()
    async with reading(body, transcripts) as adapter:
        found = await adapter.fetch(JOB)
        assert found is not None
        assert transcripts.budget.held_bytes == len(body)
        del found
        assert transcripts.budget.held_bytes == 0


async def test_many_long_ones_are_in_memory_one_after_the_other() -> None:
    body = long_answer(2_000)
    transcripts = Transcripts(bytes_max=2 * len(body))
    most = 0
    async with reading(body, transcripts) as adapter:

        async def fetch() -> None:
            nonlocal most
            found = await adapter.fetch(JOB)
            assert found is not None
            most = max(most, transcripts.budget.held_bytes)
            await asyncio.sleep(0.01)  # it is recorded

        await asyncio.gather(*(fetch() for _ in range(12)))
    assert most <= 3 * len(body)
    assert transcripts.budget.held_bytes == 0


async def test_one_that_finds_no_room_in_time_is_asked_for_again() -> None:
    transcripts = Transcripts(bytes_max=10)
    keeping = transcripts.budget.begin("assemblyai")
    await keeping.grow(10)
    async with reading(long_answer(10), transcripts, timeout_ms=30) as adapter:
        with pytest.raises(ProviderUnavailable, match="too many"):
            await adapter.fetch(JOB)
    keeping.release()
    assert transcripts.budget.held_bytes == 0


async def test_an_answer_that_drips_is_broken_off_and_holds_nothing() -> None:
    transcripts = Transcripts()
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
    with dripping(Drip(head=head, piece=b" " * 100)) as drip:
        async with asking(drip.url, transcripts, timeout_ms=500) as adapter:
            began = time.monotonic()
            with pytest.raises(ProviderUnavailable, match="bytes took"):
                await adapter.fetch(JOB)
            assert time.monotonic() - began < READ_TIMES * 0.5 - 1
    assert transcripts.budget.held_bytes == 0


async def test_time_that_an_answer_waits_for_room_is_not_counted_as_slowness() -> None:
    body = long_answer(2_000)
    transcripts = Transcripts(bytes_max=2 * len(body))
    keeping = transcripts.budget.begin("assemblyai")
    await keeping.grow(2 * len(body))
    async with reading(body, transcripts, timeout_ms=200) as adapter:
        fetching = asyncio.create_task(adapter.fetch(JOB))
        with dripping(Drip(head=b"", piece=b"")) as silent:
            async with asking(silent.url, Transcripts(), 200) as other:
                with pytest.raises(ProviderUnavailable):  # an answer may take no longer to begin
                    await other.fetch(JOB)
        assert not fetching.done()
        keeping.release()
        assert await fetching is not None


async def test_a_long_answer_about_another_job_is_refused_beside_the_loop_too() -> None:
    body = long_answer(20_000, job="1ea68fd3-f953-42c1-9742-976c447fb463")
    assert len(body) > BESIDE_BYTES_MIN
    beside = SideProcess()
    try:
        async with reading(body, Transcripts(beside)) as adapter:
            with pytest.raises(ProviderUnavailable, match="another job"):
                await adapter.fetch(JOB)
    finally:
        await beside.close()
