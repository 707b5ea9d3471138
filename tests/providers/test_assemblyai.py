"""What the adapter makes of the service's answers."""

from __future__ import annotations

import errno
import json
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from stenolog.egress.client import Egress
from stenolog.egress.guard import AddressPolicy
from stenolog.errors import ProviderHeldBack, ProviderRefused, ProviderUnavailable
from stenolog.providers.assemblyai.adapter import AssemblyAI
from stenolog.providers.connection import ServiceAddress
from stenolog.providers.pace import Pace
from stenolog.providers.port import CallbackTarget, FetchedJob, Standing
from stenolog.simulator.assemblyai.behaviour import Behaviour, refusal, too_many_requests
from stenolog.simulator.assemblyai.provider import API_KEY, Simulator
from stenolog.wire.assemblyai import sentences

AUDIO = "https://audio.example/1.mp3"
TARGET = CallbackTarget(url="http://127.0.0.1:9/callbacks/a/b", header_name="X-A", header_value="b")


async def job_of(adapter: AssemblyAI, **params: object) -> str:
    """A new job."""
    return await adapter.submit(adapter.create_body(params, AUDIO, TARGET))


@asynccontextmanager
async def moved(simulator: Simulator) -> AsyncIterator[tuple[AssemblyAI, list[int]]]:
    """An adapter, and the time that it goes by, in ms, which the test moves."""
    moment = [1_000_000]
    egress = Egress(AddressPolicy.of(origins=[simulator.base_url]))
    address = ServiceAddress(base_url=simulator.base_url, api_key=API_KEY)
    pace = Pace(now_ms=lambda: moment[0])
    try:
        yield AssemblyAI("assemblyai", lambda: address, egress, timeout_ms=2_000, pace=pace), moment
    finally:
        await egress.aclose()


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


async def test_a_503_that_says_when_pauses_only_that_kind_of_request(
    adapter: AssemblyAI, simulator: Simulator
) -> None:
    job = await job_of(adapter)
    simulator.outage = refusal(503, sentences.SERVICE_UNAVAILABLE, Retry_After="99999")
    with pytest.raises(ProviderUnavailable) as told:
        await adapter.fetch(job)
    assert told.value.retry_in_ms == 3_600_000, "the one that was told waits as long as it was told"
    simulator.outage = None
    with pytest.raises(ProviderHeldBack) as held:
        await adapter.fetch(job)
    assert 0 < (held.value.retry_in_ms or 0) <= 60_000
    await adapter.list_jobs(status=None, before=None)
    await job_of(adapter)
    await adapter.delete(job)
    standing = adapter.standing()
    assert set(standing.paused_ms) == {"fetch"}
    assert standing.requests["fetch", "5xx"] == 1
    assert standing.requests["create", "2xx"] == 2
    assert standing.answered_at_ms is not None
    adapter.started_anew()
    assert await adapter.fetch(job) is not None


async def test_a_429_that_asks_for_an_hour_pauses_the_account_for_a_probe_at_most(
    simulator: Simulator,
) -> None:
    async with moved(simulator) as (adapter, moment):
        simulator.outage = too_many_requests(99_999)
        with pytest.raises(ProviderUnavailable):
            await adapter.fetch("any")
        simulator.outage = None
        with pytest.raises(ProviderHeldBack):
            await adapter.list_jobs(status=None, before=None)
        moment[0] += 60_000
        await adapter.list_jobs(status=None, before=None)
        assert not adapter.standing().paused_ms
        await job_of(adapter)


async def test_a_403_of_one_request_begins_no_pause_while_another_ends(
    simulator: Simulator,
) -> None:
    async with moved(simulator) as (adapter, moment):
        simulator.outage = too_many_requests(1)
        with pytest.raises(ProviderUnavailable):
            await adapter.fetch("any")
        simulator.outage = None
        moment[0] += 2_000
        own = refusal(403, "This feature is not enabled for your account")
        simulator.behave = lambda body: Behaviour(create_faults=(own,))
        with pytest.raises(ProviderRefused) as refused:
            await job_of(adapter)
        assert refused.value.status == 403
        assert not adapter.standing().paused_ms
        await job_of(adapter)


async def test_what_this_machine_cannot_send_is_not_held_against_the_provider() -> None:
    lacking = [True]

    def resolve(host: str, port: int) -> Sequence[str]:
        if lacking[0]:
            raise OSError(errno.EMFILE, "Too many open files")
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    moment = [1_000_000]
    egress = Egress(AddressPolicy.of(origins=["http://a.example"]), resolve=resolve)
    address = ServiceAddress(base_url="http://a.example", api_key="key")
    pace = Pace(now_ms=lambda: moment[0])
    adapter = AssemblyAI("assemblyai", lambda: address, egress, timeout_ms=2_000, pace=pace)
    for ask in (
        lambda: adapter.fetch("any"),
        lambda: adapter.list_jobs(status=None, before=None),
        lambda: adapter.submit(b"{}"),
    ):
        with pytest.raises(ProviderHeldBack, match="this machine: too many open files"):
            await ask()
        with pytest.raises(ProviderHeldBack, match="this machine: too many open files"):
            adapter.create_body({}, AUDIO, TARGET)  # so nothing is claimed meanwhile
        moment[0] += 60_000
    assert adapter.standing() == Standing()
    lacking[0] = False
    with pytest.raises(ProviderUnavailable) as failed:
        await adapter.fetch("any")
    assert not isinstance(failed.value, ProviderHeldBack)
    assert adapter.standing().requests == {("fetch", "none"): 1}
    await egress.aclose()


async def test_a_time_to_come_back_is_compared_with_the_answer_s_own_clock(
    adapter: AssemblyAI, simulator: Simulator
) -> None:
    simulator.outage = refusal(
        503,
        sentences.SERVICE_UNAVAILABLE,
        Date="Mon, 30 Nov 2015 10:00:00 GMT",
        Retry_After="Mon, 30 Nov 2015 10:00:30 GMT",
    )
    with pytest.raises(ProviderUnavailable) as told:
        await adapter.fetch("any")
    assert told.value.retry_in_ms == 30_000


async def test_integers_over_64_bits_come_back_as_they_were(
    adapter: AssemblyAI, simulator: Simulator
) -> None:
    large = 2**80 + 1
    simulator.behave = lambda body: Behaviour(run_ms=0, result={"token_id": large, "words": []})
    job = await job_of(adapter)
    fetched = await adapter.fetch(job)
    assert isinstance(fetched, FetchedJob)
    assert json.loads(fetched.raw)["token_id"] == large
