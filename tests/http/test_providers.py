"""Who can be asked for what: one table, which says what is refused and by whom it is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import SecretStr

from stenolog.bootstrap.capabilities import capabilities_of, provider_items
from stenolog.cli.main import stenolog
from stenolog.config.settings import Settings
from stenolog.edge.transcriptions.extras import Extras
from stenolog.edge.transcriptions.offer import Offer
from stenolog.errors import InvalidRequest
from stenolog.providers.capabilities import FEATURES
from stenolog.wire.assemblyai.parameters import KNOWN
from stenolog.wire.assemblyai.transcript_request import checked_request
from tests.house.composed import Composed

AUDIO = {"audio_url": "https://audio.example/1.mp3"}


def test_a_feature_is_a_parameter_and_the_least_that_asks_for_it_is_a_request() -> None:
    for name, least in FEATURES.items():
        assert name in least
        assert name in KNOWN
        assert checked_request({**AUDIO, **least}).unknown == ()


def test_what_a_model_lacks_is_refused_and_what_it_has_is_not() -> None:
    table = capabilities_of(Settings())
    nova = table["aimlapi"].model("nova-3")
    assert "keyterms_prompt" in nova.features
    assert "custom_topics" in nova.lacks
    assert table["aimlapi"].model("whoever/made-it").word_times is None
    assert table["aimlapi"].model("microsoft/mai-transcribe-1.5").features == {
        "summarization",
        "temperature",
    }
    local = table["local"].model("any at all")
    assert {"language_code", "prompt"} <= set(local.lacks)
    for name, least in FEATURES.items():
        refused = any(table["local"].unsupported({**least}))
        assert refused == (name in local.lacks)
    assert table["assemblyai"].judges
    assert not table["assemblyai"].model("*").lacks


async def test_the_table_is_answered_with_what_is_configured(service: Composed) -> None:
    answer = await service.client.get("/api/v1/providers")
    assert answer.status_code == 200
    items = {one["name"]: one for one in answer.json()["items"]}
    assert [*items] == ["assemblyai", "aimlapi", "local"]
    assert items["assemblyai"]["configured"]
    assert items["assemblyai"]["default"]
    assert items["assemblyai"]["regions"] == ["us", "eu"]
    assert items["aimlapi"]["missing"] == "STENOLOG_AIMLAPI_API_KEY is not set"
    assert not items["local"]["default"]
    again = await service.client.get(
        "/api/v1/providers", headers={"If-None-Match": answer.headers["ETag"]}
    )
    assert again.status_code == 304
    reader = {"Authorization": await service.new_key("acme", "transcripts:write")}
    assert (await service.client.get("/api/v1/providers", headers=reader)).status_code == 403


def test_whoever_cannot_call_us_is_polled() -> None:
    settings = Settings(assemblyai_api_key=SecretStr("k"), aimlapi_api_key=SecretStr("k"))

    def completions(*, polled: bool) -> list[object]:
        return [one["completion"] for one in provider_items(settings, polled=polled)]

    assert completions(polled=False) == ["callback", "polling", "callback"]
    assert completions(polled=True) == ["polling", "polling", "callback"]


async def test_what_one_cannot_do_is_refused_with_who_can(service: Composed) -> None:
    body = {**AUDIO, "provider": "local", "custom_topics": True, "prompt": "Invoices."}
    answer = await service.client.post("/api/v1/transcripts", json=body)
    assert answer.status_code == 400
    assert answer.json()["detail"] == (
        "custom_topics is not supported by the embedded engine; prompt is not supported by the "
        "embedded engine; it can be asked of provider assemblyai"
    )


def test_whoever_is_not_configured_is_named_where_nobody_else_can() -> None:
    offer = Offer(
        "local",
        {"local": (None,)},
        {name: one.unsupported for name, one in capabilities_of(Settings()).items()},
    )
    with pytest.raises(InvalidRequest) as refused:
        offer.choose(Extras(), {"prompt": "Invoices."})
    assert str(refused.value).endswith("; it could be asked of assemblyai, not configured here")
    with pytest.raises(InvalidRequest) as refused:
        offer.choose(Extras(), {"language_code": "de"})
    said = "; it could be asked of assemblyai or aimlapi, not configured here"
    assert str(refused.value).endswith(said)
    both = {"aimlapi": {"model": "nova-3"}, "redact_static_entities": {"name": ["Anna"]}}
    with pytest.raises(InvalidRequest) as refused:
        offer.choose(Extras(), both)
    assert "asked of" not in str(refused.value), "nobody can"


def test_the_command_says_it_on_eighty_columns_and_for_programs(tmp_path: Path) -> None:
    options = ["providers", "--data-dir", str(tmp_path)]
    shown = CliRunner().invoke(stenolog, options)
    assert shown.exit_code == 0
    lines = shown.stdout.splitlines()
    assert max(map(len, lines)) < 80
    assert [line.split()[0] for line in lines[:4]] == ["provider", "assemblyai", "aimlapi", "local"]
    assert "from the settings; no service runs on this data directory" in shown.stderr
    told = CliRunner().invoke(stenolog, [*options, "--json"])
    assert [one["name"] for one in json.loads(told.stdout)["items"]] == [
        "assemblyai",
        "aimlapi",
        "local",
    ]
