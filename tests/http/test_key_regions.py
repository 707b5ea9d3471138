"""Where audio goes: the request's region, else the key's, its tenant's, the gateway's; recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.house.composed import Composed, composed

AUDIO = {"audio_url": "https://audio.example/1.mp3"}
SURFACES = ("/v2/transcript", "/api/v1/transcripts")


async def made(service: Composed, **given: Any) -> str:
    """A new key of tenant `acme`."""
    answer = await service.client.post(
        "/api/v1/keys", json={"name": "x", "tenant": "acme", **given}
    )
    assert answer.status_code == 201, answer.text
    key = answer.json()
    shown = (await service.client.get("/api/v1/keys?limit=1")).json()["items"][0]
    assert {**shown, "key": key["key"]} == key
    assert key["region"] == given.get("region")
    return str(key["key"])


async def region_of(
    service: Composed, key: str, surface: str, *, asked: str | None = None, **headers: str
) -> str | None:
    """What the log says of a new transcription."""
    native = surface == SURFACES[1]
    answer = await service.client.post(
        surface,
        json={**AUDIO, "region": asked} if native else AUDIO,
        headers={"Authorization": key, "Stenolog-Region": asked or "", **headers},
    )
    assert answer.status_code < 300, answer.text
    [requested] = await service.stream(answer.json()["id"])
    region: str | None = requested.data["region"]
    return region


@pytest.mark.parametrize("surface", SURFACES)
async def test_the_request_comes_before_the_key_the_tenant_and_the_gateway(
    service: Composed, surface: str
) -> None:
    plain = await made(service)
    assert await region_of(service, plain, surface) == "us", "the gateway's own"
    of_tenant = await made(service, tenant_region="eu")
    assert await region_of(service, of_tenant, surface) == "eu"
    own = await made(service, region="us")
    assert await region_of(service, own, surface) == "us"
    assert await region_of(service, own, surface, asked="eu") == "eu"
    assert await region_of(service, service.key, surface) == "us", "another tenant's"


async def test_a_tenants_region_counts_for_its_older_keys_and_can_be_changed(
    tmp_path: Path,
) -> None:
    async with composed(tmp_path) as service:
        older = await made(service)
        assert await region_of(service, older, SURFACES[0]) == "us"
        await made(service, tenant_region="eu")
        assert await region_of(service, older, SURFACES[0]) == "eu"
        await made(service, tenant_region="us")
    async with composed(tmp_path) as service:
        listed = (await service.client.get("/api/v1/keys")).json()["items"]
        assert {one["tenant_region"] for one in listed if one["tenant"] == "acme"} == {"us"}
        assert await region_of(service, older, SURFACES[0]) == "us"


async def test_a_region_that_is_not_offered_is_refused_by_name(tmp_path: Path) -> None:
    async with composed(tmp_path, assemblyai_eu_base_url=None) as service:
        for field in ("region", "tenant_region"):
            given = {"name": "x", "tenant": "never made", field: "eu"}
            answer = await service.client.post("/api/v1/keys", json=given)
            assert answer.status_code == 400
            assert answer.json()["detail"] == f"{field} must be one of: us"
        listed = (await service.client.get("/api/v1/keys")).json()["items"]
        assert {one["tenant"] for one in listed} == {"default"}


@pytest.mark.parametrize("surface", SURFACES)
async def test_what_is_no_longer_offered_sends_audio_nowhere_else(
    tmp_path: Path, surface: str
) -> None:
    async with composed(tmp_path) as service:
        key = await made(service, region="eu")
    async with composed(tmp_path, assemblyai_eu_base_url=None) as service:
        headers = {"Authorization": key}
        answer = await service.client.post(surface, json=AUDIO, headers=headers)
        assert answer.status_code == 400
        assert "eu is the default of this API key or its tenant" in answer.text
        assert await region_of(service, key, surface, asked="us") == "us"


async def test_a_provider_without_regions_takes_a_key_that_has_one(service: Composed) -> None:
    assert list(service.edge.regions["local"]) == [None]
    key = await made(service, region="eu")
    local = {"Stenolog-Provider": "local"}
    assert await region_of(service, key, SURFACES[0], **local) is None
    refused = await service.client.post(
        SURFACES[0],
        json=AUDIO,
        headers={"Authorization": key, "Stenolog-Region": "eu", **local},
    )
    assert refused.status_code == 400


async def test_an_empty_region_in_a_body_is_none_of_ours(service: Composed) -> None:
    """What was meant is not known, so the audio goes nowhere."""
    key = await made(service, region="eu")
    answer = await service.client.post(
        SURFACES[1], json={**AUDIO, "region": ""}, headers={"Authorization": key}
    )
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "region")


async def test_a_repeated_request_is_the_same_whatever_the_keys_region(service: Composed) -> None:
    answers = [
        await service.client.post(
            SURFACES[0],
            json=AUDIO,
            headers={"Authorization": await made(service, **given), "Idempotency-Key": "1"},
        )
        for given in ({"region": "eu"}, {"region": "us"})
    ]
    assert answers[0].json() == answers[1].json()
    [requested] = await service.stream(answers[0].json()["id"])
    assert requested.data["region"] == "eu"
