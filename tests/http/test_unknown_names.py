"""A name that nobody knows is refused, or told: it never looks answered."""

from __future__ import annotations

from typing import Any

import pytest

from stenolog.edge.http.unknown_names import NAMED_MAX
from stenolog.projections.of.lists import ITEM_VIEWS
from tests.house.composed import Composed
from tests.http.asking import get, refusal
from tests.http.spoken import BASE, URL, completed

NOBODY = "0193a1b2-0000-7000-8000-000000000009"


async def test_an_unknown_query_parameter_is_refused_with_the_nearest_name(
    service: Composed,
) -> None:
    one = await completed(service, {"speaker_labels": True})
    for path, name, meant in [
        (BASE, "as_off", "as_of"),
        (BASE, "limt", "limit"),
        (BASE, "colour", ""),
        (BASE, "Status", "status"),
        (f"{BASE}/{one}", "limit", ""),
        *((f"{BASE}/{one}/{view}", "aftr", "after") for view in ITEM_VIEWS),
        (f"{BASE}/{one}/utterances", "speakers", "speaker"),
        (f"{BASE}/{one}/words", "sentiment", ""),
        (f"{BASE}/{one}/summary", "speaker", ""),
        (f"{BASE}/{one}/events", "page", ""),
        ("/api/v1/keys", "limits", "limit"),
        ("/api/v1/log/proof/inclusion", "positon", "position"),
        ("/api/v1/log/proof/consistency", "form", "from"),
        ("/api/v1/log/tree-head", "at", ""),
        ("/api/v1/projections", "name", ""),
    ]:
        problem = await refusal(service, "GET", f"{path}?{name}=1")
        assert problem["status"] == 400, path
        assert [error["field"] for error in problem["errors"]] == [name], path
        assert (f"did you mean {meant}?" in problem["detail"]) is bool(meant), problem["detail"]
    for method, path in [
        ("POST", BASE),
        ("DELETE", f"{BASE}/{one}"),
        ("POST", "/api/v1/keys"),
        ("DELETE", "/api/v1/keys/abcd"),
        ("POST", "/api/v1/projections/all/rebuild"),
    ]:
        assert (await refusal(service, method, f"{path}?dry_run=1", json={}))["status"] == 400
    assert (await get(service, f"{BASE}/{one}"))["erased"] is False
    # AssemblyAI ignores what it does not know.
    assert (await service.client.get("/v2/transcript?limt=1")).status_code == 200


async def test_a_query_parameter_is_given_once(service: Composed) -> None:
    problem = await refusal(service, "GET", f"{BASE}?limit=1&limit=2")
    assert (problem["status"], problem["detail"]) == (400, "limit must be given once")


@pytest.mark.parametrize("name", ["as_of", "limt"])
async def test_who_has_no_key_is_told_so_first(service: Composed, name: str) -> None:
    answer = await service.client.get(f"{BASE}?{name}=1", headers={"Authorization": "nobody"})
    assert answer.status_code == 401


async def test_a_misspelt_member_is_refused_before_anything_is_stored(service: Composed) -> None:
    for name, meant in [
        ("subjectt", "subject"),
        ("Metadata", "metadata"),
        ("regoin", "region"),
        ("speaker_label", "speaker_labels"),
        ("audio_ulr", "audio_url"),
        ("webhok_url", "webhook_url"),
    ]:
        problem = await refusal(service, "POST", BASE, json={"audio_url": URL, name: None})
        assert problem["errors"] == [
            {"field": name, "message": f"is not known; did you mean {meant}?"}
        ]
    assert await service.recorded() == []


async def test_a_body_of_thousands_of_members_is_counted_before_any_is_compared(
    service: Composed,
) -> None:
    many = {f"subjec{number}": 1 for number in range(257)}
    problem = await refusal(service, "POST", BASE, json={"audio_url": URL, **many})
    assert problem["detail"] == "The request has more than 256 parameters"
    few = {name: many[name] for name in list(many)[:100]}
    problem = await refusal(service, "POST", BASE, json={"audio_url": URL, **few})
    assert len(problem["errors"]) == NAMED_MAX


async def test_other_unknown_members_are_forwarded_and_told(service: Composed) -> None:
    await service.stand_still()
    new: dict[str, Any] = {"quiet_mode_2027": True, "speaker_options": {"brand_new_words": 2}}
    answer = await service.client.post(BASE, json={"audio_url": URL, **new})
    assert answer.status_code == 201
    body = answer.json()
    told = {one["message"].split()[0]: one["code"] for one in body["warnings"]}
    assert told == dict.fromkeys(
        ("quiet_mode_2027", "speaker_options.brand_new_words"), "unknown-parameter"
    )
    assert (await get(service, f"{BASE}/{body['id']}"))["warnings"] == body["warnings"]
    await service.projected()
    assert (await get(service, f"{BASE}/{body['id']}"))["warnings"] == body["warnings"]
    plain = await service.client.post(BASE, json={"audio_url": URL})
    assert plain.json()["warnings"] == []


async def test_other_bodies_have_no_unknown_members(service: Composed) -> None:
    for path, body in [
        ("/api/v1/keys", {"name": "x", "scope": []}),
        ("/api/v1/projections/all/rebuild", {"since": 1}),
    ]:
        assert (await refusal(service, "POST", path, json=body))["status"] == 400
    answer = await service.client.post("/api/v1/projections/all/rebuild", content=b"")
    assert answer.status_code == 202
