"""Who is asked: the request's providers, else the key's, its tenant's, the gateway's; recorded."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from tests.house.composed import Composed, composed

AUDIO = {"audio_url": "https://audio.example/1.mp3"}
NATIVE, V2, STT = "/api/v1/transcripts", "/v2/transcript", "/v1/stt/create"
Places = list[tuple[str, str | None]]


@pytest.fixture
async def three(tmp_path: Path) -> AsyncIterator[Composed]:
    """A gateway beside which all providers stand; AssemblyAI in two regions, the default."""
    async with composed(tmp_path, aimlapi_api_key=SecretStr("k")) as service:
        yield service


async def made(service: Composed, **given: Any) -> dict[str, Any]:
    """A new key of tenant `acme`, as it is answered and listed."""
    answer = await service.client.post(
        "/api/v1/keys", json={"name": "x", "tenant": "acme", **given}
    )
    assert answer.status_code == 201, answer.text
    key: dict[str, Any] = answer.json()
    shown = (await service.client.get("/api/v1/keys?limit=1")).json()["items"][0]
    assert {**shown, "key": key["key"]} == key
    return key


async def places(service: Composed, surface: str, key: str = "", **given: Any) -> Places:
    """Where the log says that a new transcription may be asked, in this order."""
    headers = {"Authorization": key or service.key, **given.pop("headers", {})}
    body = {"url": AUDIO["audio_url"]} if surface == STT else AUDIO
    answer = await service.client.post(surface, json={**body, **given}, headers=headers)
    assert answer.status_code < 300, answer.text
    said = answer.json()
    [requested] = await service.stream(said.get("id") or said["generation_id"])
    data = requested.data
    first = (data["provider"], data["region"])
    return [first, *((one["provider"], one["region"]) for one in data["fallbacks"])]


async def test_the_request_comes_before_the_key_the_tenant_and_the_gateway(
    three: Composed,
) -> None:
    plain = (await made(three))["key"]
    assert await places(three, V2, plain) == [("assemblyai", "us")], "the gateway's own"
    of_tenant = await made(three, tenant_providers=["aimlapi", "assemblyai"])
    assert (of_tenant["provider"], of_tenant["tenant_providers"]) == (
        None,
        ["aimlapi", "assemblyai"],
    )
    both: Places = [("aimlapi", None), ("assemblyai", "us")]
    assert await places(three, V2, of_tenant["key"]) == both
    assert await places(three, NATIVE, plain) == both, "an older key of the tenant"
    assert await places(three, V2) == [("assemblyai", "us")], "another tenant's"
    own = (await made(three, provider="local"))["key"]
    for surface in (V2, NATIVE, STT):
        model = {"model": "nova-3"} if surface == STT else {}
        assert await places(three, surface, own, **model) == [("local", None)]
        asked = {"Stenolog-Provider": "aimlapi"}
        assert await places(three, surface, own, headers=asked, **model) == [("aimlapi", None)]


async def test_several_are_asked_in_the_order_in_which_they_are_named(three: Composed) -> None:
    wanted: Places = [("local", None), ("assemblyai", "eu"), ("aimlapi", None)]
    names = [name for name, _ in wanted]
    assert await places(three, NATIVE, providers=names, region="eu") == wanted
    headers = {"Stenolog-Providers": "local, assemblyai,aimlapi", "Stenolog-Region": "eu"}
    assert await places(three, V2, headers=headers) == wanted
    both = {"Stenolog-Providers": "local,assemblyai,aimlapi"}
    assert await places(three, NATIVE, providers=names, headers=both, region="eu") == wanted


async def test_a_create_of_aimlapis_goes_to_the_first_that_serves_its_model(
    three: Composed,
) -> None:
    two = {"Stenolog-Providers": "assemblyai,local"}
    both: Places = [("assemblyai", "us"), ("local", None)]
    assert await places(three, STT, model="nova-3", headers=two) == [("local", None)]
    assert await places(three, STT, model="aai/universal", headers=two) == both
    key = (await made(three, tenant_providers=["assemblyai", "aimlapi", "local"]))["key"]
    served: Places = [("aimlapi", None), ("local", None)]
    assert await places(three, STT, key, model="nova-3") == served
    assert await places(three, STT, key, model="nova-3", topics=True) == [("aimlapi", None)]
    named = {"Stenolog-Providers": "aimlapi,local"}
    body = {"url": AUDIO["audio_url"], "model": "nova-3", "topics": True}
    refused = await three.client.post(STT, json=body, headers={"Authorization": three.key, **named})
    assert refused.status_code == 400
    assert "topics" in refused.text


async def test_a_default_that_cannot_do_what_is_asked_is_passed_over(three: Composed) -> None:
    key = (await made(three, tenant_providers=["local", "aimlapi", "assemblyai"]))["key"]
    assert await places(three, V2, key, prompt="Invoices.") == [("assemblyai", "us")]
    assert await places(three, V2, key, language_code="de") == [
        ("aimlapi", None),
        ("assemblyai", "us"),
    ]


@pytest.mark.parametrize(
    ("given", "field", "said"),
    [
        ({"provider": "nobody"}, "provider", "must be one of: assemblyai, aimlapi, local"),
        ({"providers": ["local", "nobody"]}, "providers", "must be one of: assemblyai, aimlapi"),
        ({"providers": ["local", "local"]}, "providers", "must name each provider once"),
        ({"providers": []}, "providers", "must be a list of 1 to 8 names"),
        ({"providers": "local"}, "providers", "must be a list of 1 to 8 names"),
        ({"providers": ["local", 7]}, "providers", "must be a list of 1 to 8 names"),
        ({"providers": ["local"], "provider": "local"}, "providers", "cannot be given beside"),
        ({"providers": ["local", "aimlapi"], "region": "eu"}, "region", "has no regions"),
        (
            {"providers": ["assemblyai", "local"], "prompt": "Invoices."},
            "prompt",
            "not supported by the embedded engine",
        ),
    ],
)
async def test_what_cannot_be_had_is_refused_by_name(
    three: Composed, given: dict[str, object], field: str, said: str
) -> None:
    answer = await three.client.post(NATIVE, json={**AUDIO, **given})
    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert error["field"] == field
    assert said in error["message"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"provider": "nobody"}, "provider must be one of: assemblyai, aimlapi, local"),
        ({"tenant_providers": ["nobody"]}, "tenant_providers must be one of"),
        ({"tenant_providers": ["local", "local"]}, "must name each provider once"),
        ({"tenant_providers": "local"}, "tenant_providers must be a list"),
    ],
)
async def test_a_key_is_not_made_for_who_is_not_here(
    three: Composed, given: dict[str, object], said: str
) -> None:
    answer = await three.client.post("/api/v1/keys", json={"name": "x", **given})
    assert answer.status_code == 400
    assert said in answer.json()["detail"]


async def test_defaults_go_nowhere_else_when_none_of_them_is_here(tmp_path: Path) -> None:
    async with composed(tmp_path, aimlapi_api_key=SecretStr("k")) as service:
        key = (await made(service, tenant_providers=["aimlapi"]))["key"]
    async with composed(tmp_path) as service:
        answer = await service.client.post(V2, json=AUDIO, headers={"Authorization": key})
        assert answer.status_code == 400
        assert answer.json()["error"] == "provider must be one of: assemblyai, local"


async def test_a_repetition_must_name_the_same_providers(three: Composed) -> None:
    async def create(*names: str) -> int:
        answer = await three.client.post(
            NATIVE,
            json={**AUDIO, "providers": names},
            headers={"Idempotency-Key": "k"},
        )
        return answer.status_code

    assert await create("local", "assemblyai") == 201
    assert await create("local", "assemblyai") == 201
    assert await create("assemblyai", "local") == 409
