"""Keys and projections over `/api/v1`: who may make what, and who may build again."""

from __future__ import annotations

from typing import Any

import pytest

from stenolog.bootstrap.projections import PROJECTIONS
from stenolog.commands.api_keys import DEFAULT_SCOPES, SCOPES
from tests.house.composed import Composed
from tests.http.asking import get, pages, refusal
from tests.http.spoken import BASE, WORDS, completed


async def test_a_key_is_made_shown_once_and_works_at_once(service: Composed) -> None:
    answer = await service.client.post("/api/v1/keys", json={"name": "backend", "tenant": "acme"})
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert answer.headers["Cache-Control"] == "no-store"
    assert (made["tenant"], made["name"], tuple(made["scopes"])) == (
        "acme",
        "backend",
        DEFAULT_SCOPES,
    )
    headers = {"Authorization": made["key"]}
    assert (await service.client.get(BASE, headers=headers)).status_code == 200
    listed = await pages(service, "/api/v1/keys", 1)
    assert [row["name"] for row in listed] == ["backend", "first"], "newest first"
    assert all("key" not in row and "hash" not in row for row in listed)


async def test_a_key_gives_away_no_more_than_it_has(service: Composed) -> None:
    manager = {"Authorization": await service.new_key("acme", "keys:write", "transcripts:read")}

    async def make(**given: Any) -> int:
        answer = await service.client.post(
            "/api/v1/keys", json={"name": "x", **given}, headers=manager
        )
        return answer.status_code

    assert await make(scopes=["transcripts:read"]) == 201
    assert await make(scopes=["transcripts:read"], tenant="acme") == 201
    assert await make(scopes=["transcripts:read"], tenant="default") == 403
    assert await make(scopes=["transcripts:read"], tenant="new") == 403
    assert await make(scopes=["transcripts:write"]) == 403
    assert await make() == 403, "the default scopes are more than it has"
    listed = (await service.client.get("/api/v1/keys", headers=manager)).json()["items"]
    assert {row["tenant"] for row in listed} == {"acme"}
    assert len(listed) == 3


async def test_all_is_what_the_first_key_has_and_gives_to_whom_it_names(service: Composed) -> None:
    listed = (await service.client.get("/api/v1/keys")).json()["items"]
    assert [(row["name"], row["scopes"]) for row in listed] == [("first", ["all"])]
    mine = {"Authorization": await service.new_key("default", *SCOPES)}
    wanted = {"name": "x", "scopes": ["all", "ops:read"]}
    answer = await service.client.post("/api/v1/keys", json=wanted, headers=mine)
    assert answer.status_code == 403, "it has each, but not what will come"
    answer = await service.client.post("/api/v1/keys", json=wanted)
    assert (answer.status_code, answer.json()["scopes"]) == (201, ["all"])
    theirs = {"Authorization": answer.json()["key"]}
    assert (await service.client.get("/api/v1/keys", headers=theirs)).status_code == 200


@pytest.mark.parametrize("path", ["/v2/transcript/{id}", "/api/v1/transcripts/{id}"])
async def test_erasing_has_a_scope_that_keys_have_unless_they_are_made_without(
    service: Composed, path: str
) -> None:
    scopes = [scope for scope in DEFAULT_SCOPES if scope != "compliance:erase"]
    headers = {"Authorization": await service.new_key("default", *scopes)}
    transcription_id = await service.submit()
    await service.projected()
    path = path.format(id=transcription_id)
    answer = await service.client.delete(path, headers=headers)
    assert answer.status_code == 403
    assert "compliance:erase" in answer.text
    assert (await service.client.get(path, headers=headers)).json()["status"] == "queued"
    made = await service.client.post("/api/v1/keys", json={"name": "x"})
    headers = {"Authorization": made.json()["key"]}
    assert (await service.client.delete(path, headers=headers)).status_code == 200


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"name": ""},
        {"name": "x" * 129},
        {"name": "a\x00b"},
        {"name": 7},
        {"name": "x", "tenant": ""},
        {"name": "x", "scopes": "all"},
        {"name": "x", "scopes": ["nothing:write"]},
        {"name": "x", "scopes": ["compliance:write"]},
        {"name": "x", "scopes": [["transcripts:read"]]},
        {"name": "x", "scope": ["transcripts:read"]},
        {"name": "x", "region": "mars"},
        {"name": "x", "tenant_region": 7},
    ],
)
async def test_a_wrong_key_request_is_a_problem(service: Composed, given: dict[str, Any]) -> None:
    problem = await refusal(service, "POST", "/api/v1/keys", json=given)
    assert problem["status"] == 400
    assert problem["errors"]


async def test_projections_are_listed_and_built_again(service: Composed) -> None:
    transcription_id = await completed(service, {"speaker_labels": True})
    before = await get(service, "/api/v1/projections")
    assert {one["name"] for one in before["items"]} == {*PROJECTIONS, "search"}
    assert {one["failures"] for one in before["items"]} == {0}
    answer = await service.client.post("/api/v1/projections/words/rebuild")
    assert (answer.status_code, answer.json()) == (202, {"projections": ["words"]})
    shown = await pages(service, f"{BASE}/{transcription_id}/words", 5)
    assert [one["text"] for one in shown] == [one["text"] for one in WORDS]
    everything = await service.client.post("/api/v1/projections/all/rebuild")
    assert set(everything.json()["projections"]) == {*PROJECTIONS, "search"}
    problem = await refusal(service, "POST", "/api/v1/projections/nothing/rebuild")
    assert problem["status"] == 404


async def test_rebuilding_needs_an_operator(service: Composed) -> None:
    headers = {"Authorization": await service.new_key("acme", *DEFAULT_SCOPES)}
    for method, path in (("GET", ""), ("POST", "/words/rebuild")):
        problem = await refusal(service, method, f"/api/v1/projections{path}", headers=headers)
        assert problem["status"] == 403
        assert "ops:read" in problem["detail"]


async def test_events_have_a_scope_of_their_own(service: Composed) -> None:
    transcription_id = await service.submit()
    headers = {"Authorization": await service.new_key("default", "transcripts:read")}
    problem = await refusal(service, "GET", f"{BASE}/{transcription_id}/events", headers=headers)
    assert problem["status"] == 403
