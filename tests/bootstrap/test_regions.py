"""What was asked for in a region stays there: submission, lost reply, question."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from stenolog.simulator.assemblyai.behaviour import Behaviour
from stenolog.simulator.assemblyai.provider import Simulator
from stenolog.simulator.threaded import ThreadedSimulator
from tests.gateway_process import GatewayProcess, gateway

US_KEY, EU_KEY = "key-of-the-us", "key-of-the-eu"
PATIENCE_S = 20.0


@pytest.fixture
def regions() -> Iterator[tuple[Simulator, Simulator]]:
    """A provider in each region; the one in the EU loses its first reply."""
    us, eu = Simulator(api_key=US_KEY), Simulator(api_key=EU_KEY)
    days = iter((Behaviour(lost_reply=True, callbacks=()),))
    eu.behave = lambda body: next(days, Behaviour())
    with ThreadedSimulator(us), ThreadedSimulator(eu):
        yield us, eu


def asked(running: GatewayProcess, path: str, body: object = None, **headers: str) -> Any:
    """The JSON answer."""
    request = urllib.request.Request(
        running.url + path,
        None if body is None else json.dumps(body).encode(),
        {"authorization": running.key, **headers},
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.load(answer)


def keys_of(simulator: Simulator) -> set[str]:
    """Every key that it was asked with."""
    return {seen.headers["authorization"] for seen in simulator.requests}


def completed(running: GatewayProcess, transcript_id: str) -> None:
    """Return once it is."""
    ends = monotonic() + PATIENCE_S
    while asked(running, f"/v2/transcript/{transcript_id}")["status"] != "completed":
        assert monotonic() < ends, running.said
        sleep(0.05)


def test_each_transcription_stays_in_its_region(
    tmp_path: Path, regions: tuple[Simulator, Simulator]
) -> None:
    us, eu = regions
    settings = {
        "ASSEMBLYAI_API_KEY": US_KEY,
        "ASSEMBLYAI_BASE_URL": us.base_url,
        "ASSEMBLYAI_EU_API_KEY": EU_KEY,
        "ASSEMBLYAI_EU_BASE_URL": eu.base_url,
        "SETTLE_MS": "300",
        "SWEEP_INTERVAL_MS": "200",
        "CALLBACK_SILENCE_MS": "200",
    }
    audio = {"audio_url": "https://audio.example/1.mp3"}
    with gateway(tmp_path / "data", settings) as running:
        here = asked(running, "/v2/transcript", audio)["id"]
        completed(running, here)
        assert len(us.jobs) == 1
        assert len(eu.requests) == 0
        there = asked(running, "/v2/transcript", audio, **{"Stenolog-Region": "eu"})["id"]
        native = asked(running, "/api/v1/transcripts", {**audio, "region": "eu"})
        assert native["region"] == "eu"
        completed(running, native["id"])
        ends = monotonic() + PATIENCE_S
        while asked(running, f"/api/v1/transcripts/{there}")["provider_job"] is None:
            assert monotonic() < ends, running.said
            sleep(0.05)
    assert len(eu.jobs) == 2, "the lost reply was adopted, not paid for twice"
    assert len(us.creates) == 1
    assert keys_of(eu) == {EU_KEY}
    assert keys_of(us) == {US_KEY}
