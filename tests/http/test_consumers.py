"""`/api/v1/consumers`: places that are kept for readers, and batches for competing workers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from stenolog.feed.consumers.books import CONSUMERS_PER_TENANT_MAX
from tests.house.composed import Composed
from tests.house.waiting import until
from tests.http.asking import get, refusal
from tests.http.spoken import completed

CONSUMERS = "/api/v1/consumers"
MINE = f"{CONSUMERS}/mine"
REQUESTED, COMPLETED = "stenolog.transcription.requested", "stenolog.transcription.completed"


async def put(service: Composed, path: str = MINE, **body: object) -> dict[str, Any]:
    answer = await service.client.put(path, json=body)
    assert answer.status_code in {200, 201}, answer.text
    return dict(answer.json())


async def post(service: Composed, what: str, path: str = MINE, **body: object) -> dict[str, Any]:
    answer = await service.client.post(f"{path}/{what}", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def refused(service: Composed, what: str, path: str = MINE, **body: object) -> dict[str, Any]:
    return await refusal(service, "POST", f"{path}/{what}", json=body)


async def requested(service: Composed, count: int) -> list[str]:
    made = [await service.submit() for _ in range(count)]
    await service.projected()
    return made


def subjects(page: dict[str, Any]) -> Sequence[str]:
    return [one["subject"] for one in page["items"]]


async def test_a_reader_gets_what_it_has_not_acknowledged(service: Composed) -> None:
    made = await requested(service, 3)
    consumer = await put(service, types=["stenolog.transcription.*"])
    assert (consumer["acknowledged"], consumer["lag_events"], consumer["place"]) == (0, 3, "known")
    assert consumer["oldest_age_ms"] >= 0
    first = await get(service, f"{MINE}/events", limit=2)
    assert (subjects(first), first["more"]) == (made[:2], True)
    assert await get(service, f"{MINE}/events", limit=2) == first, "nothing was acknowledged"
    after = await post(service, "ack", position=first["after"], epoch=first["epoch"])
    assert (after["acknowledged"], after["lag_events"]) == (first["after"], 1)
    last = await get(service, f"{MINE}/events")
    assert (subjects(last), last["more"]) == (made[2:], False)
    assert int(last["items"][0]["previous"]) == int(first["items"][1]["sequence"])
    await post(service, "ack", position=last["after"])
    again = await post(service, "ack", position=first["after"])
    assert again["acknowledged"] == last["after"], "nothing goes back"
    assert (again["lag_events"], again["oldest_at"]) == (0, None)
    assert (await get(service, f"{MINE}/events"))["items"] == []


async def test_a_consumer_begins_where_it_is_told_to(service: Composed) -> None:
    first, second = await requested(service, 2)
    [event, later] = (await get(service, "/api/v1/events"))["items"]
    starts = {
        "beginning": [first, second],
        "now": [],
        int(event["position"]): [second],
        event["time"]: [first, second],
        later["time"]: [second],
        "2999-01-01T00:00:00+01:00": [],
    }
    for number, (start, told) in enumerate(starts.items()):
        path = f"{CONSUMERS}/c{number}"
        answer = await service.client.put(path, json={"start": start})
        assert answer.status_code == 201
        assert subjects(await get(service, f"{path}/events")) == told, start
        answer = await service.client.put(path, json={"start": "beginning"})
        assert answer.status_code == 200
        assert subjects(await get(service, f"{path}/events")) == told, "its place does not move"
        await post(service, "reset", path, to="beginning")
        assert subjects(await get(service, f"{path}/events")) == [first, second]
    listed = await get(service, CONSUMERS, limit=4)
    assert [one["name"] for one in listed["items"]] == ["c0", "c1", "c2", "c3"]
    rest = await get(service, CONSUMERS, after=listed["next"])
    assert [one["name"] for one in rest["items"]] == ["c4", "c5"]


async def test_a_filter_may_change_and_counts_from_then_on(service: Composed) -> None:
    await completed(service, {})
    consumer = await put(service, types=[COMPLETED])
    assert (consumer["types"], consumer["lag_events"]) == ([COMPLETED], 1)
    assert (await put(service))["types"] is None
    page = await get(service, f"{MINE}/events")
    assert [one["type"] for one in page["items"]] == [REQUESTED, COMPLETED]


async def test_workers_share_what_there_is_and_each_transcription_stays_in_order(
    service: Composed,
) -> None:
    whole = await completed(service, {})
    other, third = await requested(service, 2)
    await put(service)
    one = await post(service, "claim", limit=1)
    assert [(item["type"], item["attempt"]) for item in one["items"]] == [(REQUESTED, 1)]
    two = await post(service, "claim", limit=10)
    assert subjects(two) == [other, third], "the outcome waits for what came before it"
    assert (await post(service, "claim"))["lease"] is None
    assert (await get(service, MINE))["open"] == 4
    assert (await post(service, "ack", lease=two["lease"]))["acknowledged"] == 2
    assert (await post(service, "claim"))["lease"] is None
    assert (await post(service, "ack", lease=one["lease"]))["acknowledged"] == 1
    assert (await post(service, "ack", lease=one["lease"]))["acknowledged"] == 0, "repeated"
    last = await post(service, "claim")
    assert [(item["type"], item["subject"]) for item in last["items"]] == [(COMPLETED, whole)]
    await post(service, "ack", lease=last["lease"])
    done = await get(service, MINE)
    assert (done["open"], done["lag_events"]) == (0, 0)
    assert done["acknowledged"] >= int(last["items"][0]["position"])


async def test_a_worker_may_do_half_and_give_the_rest_back(service: Composed) -> None:
    first, second = await requested(service, 2)
    await put(service)
    batch = await post(service, "claim")
    position = int(batch["items"][0]["position"])
    done = await post(service, "ack", lease=batch["lease"], position=position)
    assert done["acknowledged"] == 1
    held = await get(service, f"{MINE}/events")
    assert subjects(held) == [second], "a reader without leases sees what is open"
    problem = await refused(service, "ack", position=held["after"])
    assert (problem["status"], problem["type"]) == (409, "/docs/errors#held-by-workers")
    assert (await post(service, "release", lease=batch["lease"]))["released"] == 1
    assert (await refused(service, "release", lease=batch["lease"]))["status"] == 409
    again = await post(service, "claim")
    assert [(one["subject"], one["attempt"]) for one in again["items"]] == [(second, 2)]
    await post(service, "release", lease=again["lease"], retry_in_ms=3_600_000)
    assert (await post(service, "claim"))["items"] == [], "it is held back"
    assert first not in subjects(await get(service, f"{MINE}/events"))


async def test_a_slow_worker_is_told_that_its_lease_has_ended(service: Composed) -> None:
    [only] = await requested(service, 1)
    await put(service)
    slow = await post(service, "claim", lease_ms=1_000)
    quick = await post(service, "claim", wait_ms=10_000)
    assert [(one["subject"], one["attempt"]) for one in quick["items"]] == [(only, 2)]
    for what in ("ack", "release"):
        problem = await refused(service, what, lease=slow["lease"])
        assert (problem["status"], problem["type"]) == (409, "/docs/errors#lease-ended")
    assert (await post(service, "ack", lease=quick["lease"]))["acknowledged"] == 1


async def test_who_waits_is_told_of_what_comes(service: Composed) -> None:
    await put(service)
    reading = asyncio.create_task(get(service, f"{MINE}/events", wait_ms=20_000))
    claiming = asyncio.create_task(post(service, "claim", wait_ms=20_000))
    [only] = await requested(service, 1)
    assert subjects(await reading) == [only]
    batch = await claiming
    assert subjects(batch) == [only]
    waiting = asyncio.create_task(post(service, "claim", wait_ms=20_000))
    await post(service, "release", lease=batch["lease"])
    assert subjects(await waiting) == [only], "what is given back is had at once"


async def test_a_key_that_is_revoked_waits_for_nothing(service: Composed) -> None:
    secret = await service.new_key("default", "events:read")
    headers = {"Authorization": secret}
    await put(service)
    asked = [
        service.client.get("/api/v1/events", params={"wait_ms": 20_000}, headers=headers),
        service.client.get(f"{MINE}/events", params={"wait_ms": 20_000}, headers=headers),
        service.client.post(f"{MINE}/claim", json={"wait_ms": 20_000}, headers=headers),
    ]
    waiting = [asyncio.create_task(one) for one in asked]
    await until(lambda: len(service.edge.news._waited_for) > 0)
    prefix = (await get(service, "/api/v1/keys"))["items"][0]["prefix"]
    assert (await service.client.delete(f"/api/v1/keys/{prefix}")).status_code == 200
    await requested(service, 1)
    assert [one.status_code for one in await asyncio.gather(*waiting)] == [401] * 3


async def test_places_that_this_log_has_not_are_conflicts(service: Composed) -> None:
    await requested(service, 1)
    await put(service)
    head = await service.events.head()
    for what, body in (
        ("ack", {"position": head + 1}),
        ("ack", {"position": 1, "epoch": "2-x"}),
        ("reset", {"to": head + 1}),
        ("reset", {"to": 0, "epoch": "2-x"}),
    ):
        problem = await refused(service, what, **body)
        assert (problem["status"], problem["epoch"]) == (409, "1")
        assert problem["go_on_from"] <= head
    assert (await get(service, MINE))["acknowledged"] == 0


@pytest.mark.parametrize(
    ("what", "body", "field"),
    [
        ("", {"types": []}, "types"),
        ("", {"types": "stenolog.*"}, "types"),
        ("", {"types": ["stenolog.callback.received"]}, "types"),
        ("", {"start": "yesterday"}, "start"),
        ("", {"start": True}, "start"),
        ("", {"start": "2026-02-30T00:00:00Z"}, "start"),
        ("", {"begin": "now"}, "begin"),
        ("/claim", {"limit": 201}, "limit"),
        ("/claim", {"lease_ms": 999}, "lease_ms"),
        ("/claim", {"wait_ms": True}, "wait_ms"),
        ("/ack", {}, "position"),
        ("/ack", {"position": -1}, "position"),
        ("/ack", {"lease": "mine"}, "lease"),
        ("/release", {}, "lease"),
        ("/reset", {}, "to"),
        ("/reset", {"to": 1, "epoch": 1}, "epoch"),
    ],
)
async def test_what_cannot_be_asked_is_refused(
    service: Composed, what: str, body: dict[str, object], field: str
) -> None:
    method = "POST" if what else "PUT"
    problem = await refusal(service, method, f"{MINE}{what}", json=body)
    assert problem["status"] == 400
    assert [one["field"] for one in problem["errors"]] == [field]


async def test_consumers_are_their_tenants_own(service: Composed) -> None:
    await requested(service, 2)
    await put(service)
    other = {"Authorization": await service.new_key("another")}
    batch = await post(service, "claim", limit=1)
    for method, path, body in (
        ("GET", MINE, None),
        ("GET", f"{MINE}/events", None),
        ("DELETE", MINE, None),
        ("POST", f"{MINE}/claim", {}),
        ("POST", f"{MINE}/ack", {"lease": batch["lease"]}),
        ("POST", f"{MINE}/ack", {"position": 1}),
        ("POST", f"{MINE}/release", {"lease": batch["lease"]}),
        ("POST", f"{MINE}/reset", {"to": "now"}),
    ):
        answer = await service.client.request(method, path, json=body, headers=other)
        assert answer.status_code == 404, (method, path)
    theirs = await service.client.put(MINE, json={}, headers=other)
    assert theirs.status_code == 201
    assert (theirs.json()["lag_events"], theirs.json()["open"]) == (0, 0)
    assert (await service.client.get(CONSUMERS, headers=other)).json()["items"] == [theirs.json()]
    assert (await post(service, "ack", lease=batch["lease"]))["acknowledged"] == 1
    assert (await service.client.delete(MINE)).status_code == 204
    assert (await refusal(service, "GET", MINE))["status"] == 404
    assert (await service.client.get(MINE, headers=other)).status_code == 200


async def test_there_is_room_for_so_many_and_names_are_short(service: Composed) -> None:
    names = [f"{CONSUMERS}/n{number}" for number in range(CONSUMERS_PER_TENANT_MAX)]
    made: Sequence[httpx.Response] = await asyncio.gather(
        *(service.client.put(name, json={}) for name in names)
    )
    assert {one.status_code for one in made} == {201}
    problem = await refusal(service, "PUT", f"{CONSUMERS}/more", json={})
    assert (problem["status"], problem["type"]) == (409, "/docs/errors#too-many-consumers")
    for name in ("-x", "x" * 65, "a b"):
        assert (await refusal(service, "PUT", f"{CONSUMERS}/{name}", json={}))["status"] == 400
