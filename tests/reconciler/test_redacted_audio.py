"""What the provider says of redacted audio, and what of it is the customer's to know."""

from __future__ import annotations

from pathlib import Path

import pytest

from stenolog.bootstrap.providers import FACTS
from stenolog.egress.client import Egress
from stenolog.egress.guard import AddressPolicy
from stenolog.errors import InvalidRequest, ProviderUnavailable
from stenolog.providers.assemblyai.adapter import AssemblyAI
from stenolog.providers.assemblyai.connection import ServiceAddress
from stenolog.providers.audio_download import AudioDownload
from stenolog.reconciler.recording import ProviderGate, Recorder
from stenolog.reconciler.redacted_audio import ProvidersAudio
from stenolog.simulator.assemblyai.behaviour import UNAUTHENTICATED, Fault, refusal
from stenolog.simulator.assemblyai.provider import API_KEY, Simulator
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
    egress = Egress(AddressPolicy.of(origins=[simulator.base_url]))
    address = ServiceAddress(base_url=simulator.base_url, api_key=API_KEY)
    provider = AssemblyAI("assemblyai", lambda: address, egress, timeout_ms=TIMEOUT_MS)
    async with house(tmp_path, simulator) as home:
        identifier = await home.request(redact_pii=True, redact_pii_audio=True)
        await home.ended(identifier)
        recorder = Recorder(
            home.handler,
            {("assemblyai", "us"): ProviderGate(provider, "https://unused.example")},
            FACTS,
        )
        audio = ProvidersAudio(recorder, AudioDownload(egress), lambda one: f"link-to-{one}")
        assert await audio.link(identifier) == f"link-to-{identifier}"
        simulator.outage = fault
        with pytest.raises(error):
            await audio.link(identifier)
        simulator.outage = None
    await egress.aclose()
