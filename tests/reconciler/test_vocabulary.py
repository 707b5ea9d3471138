"""What the provider says about words is the customer's; about a setting of ours, the operator's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from stenolog.simulator.assemblyai import behaviour as day
from stenolog.simulator.assemblyai.behaviour import Behaviour
from stenolog.simulator.assemblyai.days import DAYS
from stenolog.simulator.assemblyai.provider import Simulator
from tests.house.waiting import until
from tests.reconciler.house import House, house

MODELS = ("universal-3-5-pro", "universal-2")
RETIRED = DAYS["model-retired"].behaviour


async def refusals(home: House, identifier: str) -> list[dict[str, Any]]:
    return [
        dict(event.data)
        for event in await home.stream(identifier)
        if event.type == "submission.refused"
    ]


def alarms(lines: Any) -> list[Any]:
    return [line for line in lines if line["event"] == "provider.setting_refused"]


async def test_a_model_of_ours_that_is_retired_is_an_alarm_and_never_the_customers_error(
    tmp_path: Path, simulator: Simulator
) -> None:
    with capture_logs() as lines:
        async with house(tmp_path, simulator, speech_models=MODELS) as home:
            identifier = await home.request(RETIRED)
            assert (await home.ended(identifier)).status == "completed"
            first, second = [dict(one.body or {}) for one in simulator.creates]
            assert first.pop("speech_models") == list(MODELS)
            assert "speech_models" not in second
            (refused,) = await refusals(home, identifier)
            assert (refused["status"], refused["reason"]) == (400, "setting")
            standing = home.standing
            assert standing.settings_refused == 1
    (alarm,) = alarms(lines)
    assert alarm["log_level"] == "error"
    assert "STENOLOG_SPEECH_MODELS" in alarm["advice"]


async def test_what_is_wrong_without_our_setting_too_is_the_customers_error(
    tmp_path: Path, simulator: Simulator
) -> None:
    with capture_logs() as lines:
        async with house(tmp_path, simulator, speech_models=MODELS) as home:
            identifier = await home.request(summary_type="essay")
            assert (await home.ended(identifier)).status == "error"
            assert (await home.sentence(identifier)).startswith("summary_type must be one of: ")
            assert len(simulator.creates) == 2, "one more try, and no other"
    assert alarms(lines) == []


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        (
            {"speech_models": ["universal-3-pro"]},
            'The "universal-3-pro" speech model(s) have been deprecated. '
            'Use speech_models: ["universal-3-5-pro", "universal-2"] instead.',
        ),
        (
            {"speech_models": ["of-tomorrow"]},
            '"speech_models" must be a non-empty list containing one or more of: '
            '"assemblyai-stt-3-7", "universal-3-5-pro", "universal-2"',
        ),
        (
            {"speech_understanding": {"request": {"action_items": {"effort": "huge"}}}},
            "speech_understanding.request.action_items.effort must be one of: low, medium",
        ),
    ],
)
async def test_words_of_the_customers_own_are_refused_once_in_the_providers_words(
    tmp_path: Path, simulator: Simulator, params: dict[str, Any], sentence: str
) -> None:
    async with house(tmp_path, simulator) as home:
        identifier = await home.request(**params)
        assert (await home.ended(identifier)).status == "error"
        assert await home.sentence(identifier) == sentence
        assert len(simulator.creates) == 1


async def test_a_provider_that_used_another_model_is_counted(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with house(tmp_path, simulator) as home:
        await home.ended(await home.request(DAYS["model-fallback"].behaviour))
        await home.ended(await home.request())
        standing = home.standing
        assert standing.provider.warned == 1


async def test_a_request_without_models_sends_none(tmp_path: Path, simulator: Simulator) -> None:
    async with house(tmp_path, simulator) as home:
        await home.ended(await home.request(RETIRED))
        (created,) = simulator.creates
        assert "speech_models" not in (created.body or {})


async def test_a_403_about_a_limit_pauses_the_account_for_everybody(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with house(tmp_path, simulator) as home:
        simulator.outage = day.LIMIT_AS_403
        first = await home.request()
        await until(lambda: len(simulator.creates) == 1)
        others = [await home.request(tenant=home.ids[0]) for _ in range(5)]
        standing = home.standing
        assert standing.provider.paused_ms["all"] > 0
        assert not standing.creates_open, "the provider is there"
        await simulator.pause(1_500)
        assert len(simulator.creates) <= 3, "one at a time asks whether it is over"
        simulator.outage = None
        for identifier in (first, *others):
            assert (await home.ended(identifier)).status == "completed"
        assert {one["reason"] for one in await refusals(home, first)} == {"throttled"}


async def test_a_403_is_the_requests_own_where_the_account_is_answered_otherwise(
    tmp_path: Path, simulator: Simulator
) -> None:
    own = day.refusal(403, "This feature is not enabled for your account")
    async with house(tmp_path, simulator) as home:
        identifier = await home.request(Behaviour(create_faults=(own,)))
        assert (await home.ended(identifier)).status == "completed"
        assert {"limit": "1"} in home.lists
        (refused,) = await refusals(home, identifier)
        assert refused["status"] == 403


async def test_a_403_about_one_upload_or_the_key_is_no_limit(
    tmp_path: Path, simulator: Simulator
) -> None:
    lost = day.refusal(403, "Cannot access uploaded file")
    async with house(tmp_path, simulator) as home:
        identifier = await home.request(Behaviour(create_faults=(lost,)))
        assert (await home.ended(identifier)).status == "error"
        standing = home.standing
        assert standing.provider.paused_ms == {}
