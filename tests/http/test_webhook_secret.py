"""A tenant's webhook secret: made and shown once, rotated, removed; and the keys for v1a."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stenolog.endpoints.signatures import secret_text
from tests.house.composed import Composed

PATH = "/api/v1/webhook-secret"
KEYS = "/.well-known/webhook-keys"


async def put(service: Composed, **given: Any) -> dict[str, Any]:
    answer = await service.client.put(PATH, json=given)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert isinstance(body, dict)
    return body


async def test_it_is_shown_once_and_is_nowhere_in_clear(service: Composed) -> None:
    assert (await service.client.get(PATH)).json()["secrets"] == []
    made = await put(service)
    secret = made.pop("secret")
    assert secret.startswith("whsec_")
    assert [one["signs_until"] for one in made["secrets"]] == [None]
    assert (await service.client.get(PATH)).json() == made
    (event,) = [one for one in await service.recorded() if one.type == "signing_secret.made"]
    assert (event.sequence, event.commitment) == (0, None)
    raw = secret.removeprefix("whsec_").encode()
    for file in service.settings.data_dir.glob("*.db*"):
        assert raw not in file.read_bytes()


async def test_a_rotation_overlaps_and_four_sign_at_most(service: Composed) -> None:
    await put(service)
    rotated = await put(service, overlap_ms=1_000_000)
    assert [one["number"] for one in rotated["secrets"]] == [2, 1]
    assert rotated["secrets"][1]["signs_until"] > rotated["secrets"][0]["made_at"]
    at_once = await put(service, overlap_ms=0)
    assert [one["number"] for one in at_once["secrets"]] == [3]
    for _ in range(6):
        many = await put(service)
    assert [one["number"] for one in many["secrets"]] == [9, 8, 7, 6]
    kept = await service.keys.secrets(f"signing webhook-secret-{await tenant_of(service)}")
    assert len(kept) <= 5


async def tenant_of(service: Composed) -> str:
    found = [one for one in await service.recorded() if one.type == "signing_secret.made"]
    return found[0].tenant


async def test_a_secret_from_elsewhere_is_kept_and_no_other_is_taken(service: Composed) -> None:
    brought = secret_text(b"s" * 24)
    assert (await put(service, secret=brought))["secret"] == brought
    wrong: list[dict[str, Any]] = [
        {"secret": "whsec_short"},
        {"secret": 5},
        {"overlap_ms": -1},
        {"overlap_ms": 8 * 86_400_000},
        {"overlap_ms": True},
        {"overlap_ms": 1.5},
        {"asymmetric": "yes"},
        {"secrets": brought},
    ]
    for given in wrong:
        answer = await service.client.put(PATH, json=given)
        assert answer.status_code == 400, given
        assert answer.json()["errors"][0]["field"] == next(iter(given))
    assert len((await service.client.get(PATH)).json()["secrets"]) == 1


async def test_the_choice_of_v1a_stays_until_it_is_changed(service: Composed) -> None:
    first = await put(service, asymmetric=True)
    assert first["public_key"].startswith("whpk_")
    assert (await put(service))["public_key"] == first["public_key"]
    assert (await put(service, asymmetric=False))["public_key"] is None
    published = (await service.client.get(KEYS, headers={"Authorization": ""})).json()
    tenant = await tenant_of(service)
    assert published == {"keys": [{"tenant": tenant, "key": first["public_key"]}]}
    assert (await service.client.get(f"{KEYS}?tenant={tenant}")).json() == published
    assert (await service.client.get(f"{KEYS}?tenant={tenant[:-1]}")).json() == {"keys": []}
    assert (await service.client.get(f"{KEYS}?tenants=x")).status_code == 400


async def test_tenants_have_their_own_and_removing_ends_it(service: Composed) -> None:
    other = {"Authorization": await service.new_key("acme")}
    ours = await put(service, asymmetric=True)
    theirs = (await service.client.put(PATH, json={"asymmetric": True}, headers=other)).json()
    assert ours["public_key"] != theirs["public_key"]
    assert (await service.client.delete(PATH)).status_code == 204
    assert (await service.client.delete(PATH)).status_code == 204
    assert (await service.client.get(PATH)).json()["secrets"] == []
    assert len((await service.client.get(PATH, headers=other)).json()["secrets"]) == 1
    assert (await put(service))["secrets"][0]["signs_until"] is None


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_it_needs_its_scope(service: Composed, method: str) -> None:
    lacking = {"Authorization": await service.new_key("default", "transcripts:write", "keys:write")}
    assert (await service.client.request(method, PATH, headers=lacking)).status_code == 403


async def test_an_empty_body_is_enough_and_what_is_no_json_is_refused(service: Composed) -> None:
    assert (await service.client.put(PATH)).status_code == 200
    assert (await service.client.put(PATH, content=b"[]")).status_code == 400
    large = json.dumps({"secret": "x" * 5_000}).encode()
    assert (await service.client.put(PATH, content=large)).status_code == 413
