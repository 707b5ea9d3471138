"""Errors of our own in a delivery: they count, they end, and they harm nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import structlog

from stenolog.clock import now_ms
from stenolog.delivery.rules import CALLS_END_MS, FAULTS_MAX, RETRIES_END_MS
from stenolog.simulator.receiver import Reply
from tests.delivery.house import House
from tests.house.stored_audio import StoredAudio
from tests.house.waiting import eventually

REDACTED: dict[str, Any] = {
    "redact_pii": True,
    "redact_pii_policies": ["phone_number"],
    "redact_pii_audio": True,
}


class MistakenAudio(StoredAudio):
    """Raises what nobody foresees, so many times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.left = times

    async def link(self, transcription_id: str) -> str | None:
        self.left -= 1
        if self.left >= 0:
            raise RuntimeError("injected: a mistake of ours")
        return await super().link(transcription_id)


async def audio_ending(home: House, transcription_id: str) -> Mapping[str, Any]:
    """How the delivery of the audio ended."""

    async def known() -> bool:
        return len(await home.facts(transcription_id)) == 2

    await eventually(known)
    (fact,) = [
        one for one in await home.facts(transcription_id) if one.data["kind"] == "redacted_audio"
    ]
    return {"type": fact.type, **fact.data}


async def test_an_error_of_ours_is_an_attempt_and_ends_after_ten(home: House) -> None:
    home.audio = MistakenAudio(1_000)
    with structlog.testing.capture_logs() as lines:
        async with home.delivering():
            transcription_id = await home.done(**REDACTED)
            ended = await audio_ending(home, transcription_id)
            await home.settled()
    assert (ended["reason"], ended["attempts"], ended["status"]) == ("exhausted", 10, None)
    assert len(home.got()) == 1, "the outcome itself was told"
    crashes = [line for line in lines if line["event"] == "delivery.crashed"]
    assert [line["faults"] for line in crashes] == list(range(1, 11))
    assert home.service.counted("stenolog_delivery_attempts_total")['{outcome="crashed"}'] == 10


async def test_what_an_error_of_ours_interrupted_goes_on(home: House) -> None:
    home.audio = MistakenAudio(2)
    async with home.delivering():
        ended = await audio_ending(home, await home.done(**REDACTED))
    assert (ended["type"], ended["attempts"], ended["status"]) == ("delivery.succeeded", 3, 200)


async def test_an_ending_that_can_never_be_recorded_is_dropped_in_the_end(home: House) -> None:
    transcription_id = await home.done()
    async with home.following() as fan_out:
        while await fan_out.subscription.step():
            pass
    home.service.events.mistaken = True
    with structlog.testing.capture_logs() as lines:
        async with home.delivering():
            await home.settled()
            home.service.events.mistaken = False
            other = await home.done("/other")
            await home.ended(other)
    assert await home.facts(transcription_id) == []
    assert len(home.got()) == 1, "what was answered is not asked again"
    crashes = [line for line in lines if line["event"] == "delivery.crashed"]
    assert len(crashes) == FAULTS_MAX
    assert [line["event"] for line in lines if line["log_level"] == "error"].count(
        "delivery.dropped"
    ) == 1


async def test_a_request_that_we_cannot_read_stops_nobodys_deliveries(home: House) -> None:
    odd, whole = await home.done("/odd"), await home.done()
    await home.service.projected()
    home.service.events.mistaken_payload = (await home.service.stream(odd))[0].position
    with structlog.testing.capture_logs() as lines:
        async with home.delivering():
            ended = await home.ended(odd)
            assert (await home.ended(whole))["type"] == "delivery.succeeded"
            await home.settled()
    assert (ended["reason"], ended["attempts"], ended["status"]) == ("exhausted", 10, None)
    assert [line["event"] for line in lines].count("fan_out.crashed") == 1
    assert home.got("/odd") == []


@pytest.mark.parametrize(("late_ms", "calls"), [(RETRIES_END_MS, 1), (CALLS_END_MS, 0)])
async def test_nothing_is_owed_for_ever(home: House, late_ms: int, calls: int) -> None:
    home.receiver.answer = lambda delivery: Reply(status=500)
    transcription_id = await home.done()
    async with home.following() as fan_out:
        while await fan_out.subscription.step():
            pass
    home.now_ms = lambda: now_ms() + late_ms
    async with home.delivering():
        ended = await home.ended(transcription_id)
        await home.settled()
    assert (ended["reason"], ended["attempts"]) == ("exhausted", calls)
    assert len(home.got()) == calls
