"""What the provider says of redacted audio, and what of it is the customer's to know."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from stenolog.errors import InvalidRequest, ProviderUnavailable
from stenolog.log.actors import OPERATOR
from stenolog.log.facts import erasure_requested
from stenolog.log.recorder import Cause
from stenolog.reconciler.redacted_audio import ProvidersAudio
from stenolog.simulator.assemblyai.behaviour import UNAUTHENTICATED, Behaviour, Fault, refusal
from stenolog.simulator.assemblyai.provider import Simulator
from tests.reconciler.house import house

TIMEOUT_MS = 5_000


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (refusal(400, "not available"), InvalidRequest),
        (refusal(404, "not found"), InvalidRequest),
        (UNAUTHENTICATED, ProviderUnavailable),
        (refusal(402, "pay"), ProviderUnavailable),
        (refusal(500, "oops"), ProviderUnavailable),
    ],
)
async def test_only_what_is_said_of_the_audio_says_that_there_is_none(
    tmp_path: Path, simulator: Simulator, fault: Fault, error: type[Exception]
) -> None:
    async with house(tmp_path, simulator, http_timeout_ms=TIMEOUT_MS) as home:
        identifier = await home.request(
            redact_pii=True, redact_pii_policies=["date"], redact_pii_audio=True
        )
        await home.ended(identifier)
        audio = cast("ProvidersAudio", home.edge.redacted_audio)
        link = await audio.link(identifier)
        assert link is not None
        assert link.startswith(f"{home.url}/redacted-audio/")
        simulator.outage = fault
        with pytest.raises(error):
            await audio.link(identifier)
        simulator.outage = None


async def test_what_never_had_a_job_has_none(tmp_path: Path, simulator: Simulator) -> None:
    async with house(tmp_path, simulator) as home:
        wrong = Behaviour(create_faults=(refusal(400, "wrong"),))
        identifier = await home.request(wrong)
        assert (await home.ended(identifier)).finished_by == 1
        with pytest.raises(InvalidRequest):
            await cast("ProvidersAudio", home.edge.redacted_audio).link(identifier)


async def test_once_a_deletion_is_in_the_log_there_is_none_whatever_views_show(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with house(tmp_path, simulator, http_timeout_ms=TIMEOUT_MS) as home:
        identifier = await home.request(
            redact_pii=True, redact_pii_policies=["date"], redact_pii_audio=True
        )
        await home.ended(identifier)
        state = await home.handler.load(identifier)
        simulator.outage = refusal(500, "the job stays for a while")
        cause = Cause(tenant=state.tenant, actor=OPERATOR, correlation_id=state.correlation_id)
        await home.facts.record(state.stream, [erasure_requested(identifier, "v2")], cause)
        simulator.outage = None
        audio = cast("ProvidersAudio", home.edge.redacted_audio)
        with pytest.raises(InvalidRequest):
            await audio.link(identifier)
