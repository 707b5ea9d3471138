"""Server errors are submitted again, and a result after the end is still a result."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from stenolog.commands.transcription.decide import RESUBMISSIONS_MAX
from stenolog.simulator.assemblyai.behaviour import LYING, Behaviour
from stenolog.simulator.assemblyai.provider import Simulator
from stenolog.wire.assemblyai import sentences
from tests.house.waiting import until
from tests.reconciler.house import QUICK, house

FAILS = Behaviour(error=sentences.SERVER_ERROR)


async def test_a_server_error_of_the_provider_is_submitted_again(
    tmp_path: Path, simulator: Simulator
) -> None:
    days = iter((FAILS,))
    simulator.behave = lambda body: next(days, Behaviour())
    async with house(tmp_path, simulator) as home:
        identifier = await home.request()
        assert (await home.ended(identifier)).status == "completed"
        assert [one for one in await home.types(identifier) if one != "callback.received"] == [
            "transcription.requested",
            "submission.claimed",
            "submission.accepted",
            "submission.failed",
            "submission.claimed",
            "submission.accepted",
            "transcription.completed",
        ]
        told = json.loads(await home.payload(identifier, "submission.failed"))
        assert told["error"] == sentences.SERVER_ERROR
        assert told["answer"]["id"] == simulator.jobs[0].id


async def test_server_errors_are_not_submitted_again_for_ever(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with house(tmp_path, simulator) as home:
        identifier = await home.request(FAILS)
        state = await home.ended(identifier)
        assert state.status == "error"
        assert state.failed_submissions == RESUBMISSIONS_MAX
        assert len(simulator.creates) == 1 + RESUBMISSIONS_MAX
        assert await home.sentence(identifier) == sentences.SERVER_ERROR


@pytest.mark.parametrize(
    "sentence",
    [
        sentences.download_failed("https://audio.example/a.mp3"),
        sentences.not_audio("text/html"),
        sentences.AUDIO_TOO_SHORT,
        "Something that no table knows",
    ],
)
async def test_what_is_wrong_with_the_audio_fails_at_once(
    tmp_path: Path, simulator: Simulator, sentence: str
) -> None:
    async with house(tmp_path, simulator) as home:
        identifier = await home.request(Behaviour(error=sentence))
        assert (await home.ended(identifier)).status == "error"
        assert await home.sentence(identifier) == sentence
        assert len(simulator.creates) == 1


async def test_a_success_after_we_gave_up_is_an_event_of_its_own(
    tmp_path: Path, simulator: Simulator
) -> None:
    timing = replace(QUICK, job_lifetime_ms=300)
    async with house(tmp_path, simulator, timing=timing) as home:
        identifier = await home.request(Behaviour(run_ms=1_500))
        state = await home.ended(identifier)
        assert (state.status, state.failure) == ("error", "deadline")
        state = await home.when(identifier, lambda now: now.status == "completed")
        types = await home.types(identifier)
        assert types[-3:] == [
            "transcription.failed",
            "callback.received",
            "transcription.completed_late",
        ]
        answer = json.loads(await home.payload(identifier, "transcription.completed_late"))
        assert answer["id"] == simulator.jobs[0].id
        await until(lambda: home.reconciler.open_count == 0)
        await simulator.send(simulator.jobs[0].id)
        await until(lambda: home.reconciler.open_count == 0)
        assert await home.types(identifier) == types


async def test_a_late_callback_of_a_job_that_runs_changes_nothing(
    tmp_path: Path, simulator: Simulator
) -> None:
    timing = replace(QUICK, job_lifetime_ms=300)
    async with house(tmp_path, simulator, timing=timing) as home:
        identifier = await home.request(Behaviour(never_ends=True))
        await home.ended(identifier)
        asked = home.gets()
        await simulator.send(simulator.jobs[0].id, LYING)
        await until(lambda: home.gets() == asked + 1)
        await until(lambda: not (home.reconciler.figures().busy or home.reconciler.figures().due))
        assert (await home.handler.load(identifier)).status == "error"
        assert home.gets() == asked + 1
