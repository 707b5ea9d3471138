"""What the adapter makes of the service's answers."""

from __future__ import annotations

import json

import pytest

from stenolog.errors import ProviderRefused, ProviderUnavailable
from stenolog.providers.assemblyai.adapter import AssemblyAI
from stenolog.providers.port import CallbackTarget
from stenolog.simulator.assemblyai.behaviour import Behaviour, refusal, too_many_requests
from stenolog.simulator.assemblyai.provider import Simulator
from stenolog.wire.assemblyai import sentences

AUDIO = "https://audio.example/1.mp3"
TARGET = CallbackTarget(url="http://127.0.0.1:9/callbacks/a/b", header_name="X-A", header_value="b")


async def job_of(adapter: AssemblyAI, **params: object) -> str:
    """A new job."""
    return await adapter.submit(adapter.create_body(params, AUDIO, TARGET))


async def test_redacted_audio_is_a_link_once_it_is_there(
    adapter: AssemblyAI, simulator: Simulator
) -> None:
    redacted = {"redact_pii": True, "redact_pii_policies": ["person_name"]}
    simulator.behave = lambda body: Behaviour(run_ms=0)
    job = await job_of(adapter, **redacted, redact_pii_audio=True)
    link = await adapter.redacted_audio(job)
    assert link is not None
    assert link.startswith(simulator.base_url)
    simulator.behave = lambda body: Behaviour(never_ends=True)
    unfinished = await job_of(adapter, **redacted, redact_pii_audio=True)
    assert await adapter.redacted_audio(unfinished) is None


async def test_redacted_audio_that_was_not_asked_for_is_refused(
    adapter: AssemblyAI, simulator: Simulator
) -> None:
    simulator.behave = lambda body: Behaviour(run_ms=0)
    job = await job_of(adapter)
    with pytest.raises(ProviderRefused) as refused:
        await adapter.redacted_audio(job)
    assert refused.value.final


async def test_retry_after_to_one_question_holds_back_every_request(
    adapter: AssemblyAI, simulator: Simulator
) -> None:
    job = await job_of(adapter)
    simulator.outage = too_many_requests(30)
    with pytest.raises(ProviderUnavailable) as refused:
        await adapter.fetch(job)
    assert refused.value.retry_in_ms == 30_000
    simulator.outage = None
    asked = len(simulator.requests)
    for request in (
        lambda: adapter.fetch(job),
        lambda: adapter.list_jobs(status=None, before=None),
        lambda: adapter.submit(b"{}"),
        lambda: adapter.delete(job),
        lambda: adapter.redacted_audio(job),
    ):
        with pytest.raises(ProviderUnavailable) as held:
            await request()
        assert held.value.retry_in_ms is not None
        assert 25_000 < held.value.retry_in_ms <= 30_000
    with pytest.raises(ProviderUnavailable):
        adapter.create_body({}, AUDIO, TARGET)
    assert len(simulator.requests) == asked


async def test_an_unavailable_service_that_says_when_is_left_alone_until_then(
    adapter: AssemblyAI, simulator: Simulator
) -> None:
    simulator.outage = refusal(503, sentences.SERVICE_UNAVAILABLE, Retry_After="30")
    with pytest.raises(ProviderUnavailable):
        await adapter.fetch("any")
    with pytest.raises(ProviderUnavailable):
        await adapter.fetch("any")
    assert len(simulator.requests) == 1


async def test_integers_over_64_bits_come_back_as_they_were(
    adapter: AssemblyAI, simulator: Simulator
) -> None:
    large = 2**80 + 1
    simulator.behave = lambda body: Behaviour(run_ms=0, result={"token_id": large, "words": []})
    job = await job_of(adapter)
    fetched = await adapter.fetch(job)
    assert fetched is not None
    assert json.loads(fetched.raw)["token_id"] == large
