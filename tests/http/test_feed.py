"""`/api/v1/events`: every public event of a tenant, once, in order, in pages and as a stream."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from stenolog.commands.api_keys import prefix_of
from stenolog.edge.native.feed_query import WAIT_MS_MAX
from tests.house.composed import PUBLIC_URL, Composed
from tests.house.waiting import DEADLINE_S, until
from tests.http.asking import get, pages, refusal
from tests.http.spoken import BASE, completed

FEED = "/api/v1/events"
REQUESTED, COMPLETED = "stenolog.transcription.requested", "stenolog.transcription.completed"
STREAM = {"Accept": "text/event-stream"}


def sequences(items: list[dict[str, Any]]) -> list[int]:
    return [int(one["sequence"]) for one in items]


async def test_every_public_event_is_told_once_and_in_order(service: Composed) -> None:
    first = await completed(service, {})
    second = await service.submit()
    other = await service.new_key("another")
    mine = {"audio_url": "https://audio.example/x.mp3"}
    await service.client.post("/v2/transcript", json=mine, headers={"Authorization": other})
    assert (await service.client.delete(f"{BASE}/{first}")).status_code < 300
    await service.projected()
    items = await pages(service, FEED, 1)
    assert [(one["type"], one["subject"]) for one in items] == [
        (REQUESTED, first),
        (COMPLETED, first),
        (REQUESTED, second),
        ("stenolog.erasure.requested", first),
    ]
    assert sequences(items) == [1, 2, 3, 4]
    assert [int(one["previous"]) for one in items] == [0, 1, 2, 3]
    log = {one.id: one for one in await service.events.read()}
    for item in items:
        event = log[item["id"]]
        assert (item["position"], item["time"]) == (str(event.position), event.time)
        assert item["data"]["digest"] == event.commitment
        link = item["data"]["links"]["transcript"]
        assert link == f"{PUBLIC_URL}{BASE}/{item['subject']}"
    assert "audio.example" not in json.dumps(items), "it is thin"
    end = await get(service, FEED)
    assert (end["items"], end["next"], end["epoch"]) == (items, None, "1")
    assert end["after"] == await service.events.head()
    again = await get(service, FEED, after=items[1]["position"])
    assert again["items"] == items[2:]
    latest = await get(service, FEED, after="latest")
    assert (latest["items"], latest["after"]) == ([], end["after"])


async def test_a_filter_has_its_own_row_of_events(service: Composed) -> None:
    for _ in range(3):
        await completed(service, {})
    items = await pages(service, FEED, 2, types=f"{COMPLETED},stenolog.erasure.*")
    assert [one["type"] for one in items] == [COMPLETED] * 3
    assert sequences(items) == [2, 4, 6]
    assert [int(one["previous"]) for one in items] == [0, 2, 4]
    none = await get(service, FEED, types="stenolog.erasure.completed")
    assert none["items"] == []
    assert none["after"] == await service.events.head(), "what was looked at is behind the reader"


async def test_an_outcome_is_told_when_it_can_be_read(service: Composed) -> None:
    transcription_id, registration = await service.submitted()
    await service.projected()
    await service.stand_still()
    await service.call_back(registration)
    await service.complete(transcription_id, {"text": "so"})
    told = await get(service, FEED)
    assert [one["type"] for one in told["items"]] == [REQUESTED]
    assert told["after"] < await service.events.head()
    await service.follow()
    after = told["after"]
    [item] = (await get(service, FEED, after=after, wait_ms=5_000))["items"]
    assert item["type"] == COMPLETED
    assert (await get(service, f"{BASE}/{transcription_id}"))["status"] == "completed"


async def test_a_wait_ends_with_the_next_event_and_not_before(service: Composed) -> None:
    await service.submit()
    await service.projected()
    end = (await get(service, FEED))["after"]
    begun = time.monotonic()
    nothing = await get(service, FEED, after=end, wait_ms=120)
    assert nothing["items"] == []
    assert time.monotonic() - begun >= 0.12
    waiting = asyncio.create_task(get(service, FEED, after=end, wait_ms=WAIT_MS_MAX))
    await asyncio.sleep(0)
    other = {"Authorization": await service.new_key("another")}
    mine = {"audio_url": "https://audio.example/x.mp3"}
    await service.client.post("/v2/transcript", json=mine, headers=other)
    await service.projected()
    assert not waiting.done(), "that is another tenant's"
    transcription_id = await service.submit()
    [item] = (await waiting)["items"]
    assert item["subject"] == transcription_id


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"after": "-1"}, "after"),
        ({"after": "1e3"}, "after"),
        ({"after": "9" * 30}, "after"),
        ({"limit": "201"}, "limit"),
        ({"types": "transcription.completed"}, "types"),
        ({"types": "stenolog.callback.received"}, "types"),
        ({"wait_ms": str(WAIT_MS_MAX + 1)}, "wait_ms"),
        ({"wait_ms": "soon"}, "wait_ms"),
        ({"from": "1"}, "from"),
    ],
)
async def test_what_cannot_be_asked_is_refused(
    service: Composed, query: dict[str, str], field: str
) -> None:
    problem = await refusal(service, "GET", FEED, params=query)
    assert problem["status"] == 400
    assert [one["field"] for one in problem["errors"]] == [field]


@pytest.mark.parametrize("headers", [{}, STREAM])
async def test_a_place_that_this_log_has_not_is_a_conflict_that_says_where_to_go_on(
    service: Composed, headers: dict[str, str]
) -> None:
    await service.submit()
    await service.projected()
    head = await service.events.head()
    for query, go_on_from in (
        ({"after": str(head + 1)}, head),
        ({"after": str(10**15)}, head),
        ({"after": "3", "epoch": "2-" + "a" * 8}, 0),
        ({"epoch": "x" * 500}, 0),
    ):
        problem = await refusal(service, "GET", FEED, params=query, headers=headers)
        assert problem["status"] == 409
        assert (problem["go_on_from"], problem["epoch"]) == (go_on_from, "1")
        assert f"after={go_on_from}&epoch=1" in problem["detail"]
    assert (await get(service, FEED, after=head, epoch="1"))["items"] == []


async def test_the_scope_is_that_of_events(service: Composed) -> None:
    for path in (FEED, "/api/v1/event-types"):
        may = {"Authorization": await service.new_key("default", "events:read")}
        assert (await service.client.get(path, headers=may)).status_code == 200
        may_not = {"Authorization": await service.new_key("default", "transcripts:read")}
        assert (await service.client.get(path, headers=may_not)).status_code == 403


async def test_the_schema_that_an_event_names_is_there(service: Composed) -> None:
    await service.submit()
    await service.projected()
    [event] = (await get(service, FEED))["items"]
    types = {one["type"]: one for one in (await get(service, "/api/v1/event-types"))["items"]}
    answer = await service.client.get(event["dataschema"].removeprefix(PUBLIC_URL))
    assert answer.json() == types[event["type"]]["schema"]
    for wrong in ("stenolog.callback.received/1", f"{REQUESTED}/2", "x/1"):
        problem = await refusal(service, "GET", f"/api/v1/event-types/{wrong}")
        assert problem["status"] == 404


class Frames:
    """What a reader of a stream gets."""

    def __init__(self, answer: httpx.Response) -> None:
        self._lines = answer.aiter_lines()

    async def next(self) -> dict[str, str]:
        """The fields of the next frame that is no comment."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(DEADLINE_S):
            async for line in self._lines:
                if not line and fields:
                    return fields
                name, _, value = line.partition(": ")
                if name:
                    fields[name] = value
        raise EOFError

    async def event(self) -> dict[str, Any]:
        """The next event."""
        while True:
            frame = await self.next()
            if "data" in frame and frame["event"] != "end":
                event = json.loads(frame["data"])
                assert (frame["id"], frame["event"]) == (event["position"], event["type"])
                assert isinstance(event, dict)
                return event

    async def end(self) -> str:
        """Why the stream ends."""
        while (frame := await self.next()).get("event") != "end":
            pass
        return str(json.loads(frame["data"])["reason"])


@asynccontextmanager
async def streamed(service: Composed, **how: Any) -> AsyncIterator[Frames]:
    headers = {**STREAM, **how.pop("headers", {})}
    async with service.client.stream("GET", FEED, headers=headers, **how) as answer:
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        assert answer.headers["Cache-Control"] == "no-store"
        yield Frames(answer)


async def test_a_stream_has_what_was_and_then_what_comes(service: Composed) -> None:
    first = await completed(service, {})
    async with streamed(service, params={"limit": 1}) as frames:
        told = [await frames.event() for _ in range(2)]
        assert [one["type"] for one in told] == [REQUESTED, COMPLETED]
        assert {one["subject"] for one in told} == {first}
        second = await service.submit()
        assert (await frames.event())["subject"] == second
    async with streamed(service, headers={"Last-Event-ID": told[0]["position"]}) as frames:
        again = [await frames.event() for _ in range(2)]
        assert sequences(again) == [2, 3], "the header comes before `after`"


async def test_a_stream_ends_once_its_key_is_revoked(service: Composed) -> None:
    secret = await service.new_key("default", "events:read")
    async with streamed(service, headers={"Authorization": secret}) as frames:
        assert (await service.client.delete(f"/api/v1/keys/{prefix_of(secret)}")).status_code == 200
        await service.submit()
        assert await frames.end() == "key_revoked"


async def test_streams_end_when_the_service_stops(service: Composed) -> None:
    async with streamed(service) as frames:
        service.edge.news.stop()
        assert await frames.end() == "stopping"


def streaming() -> list[str]:
    """What of streams runs."""
    names = [getattr(one.get_coro(), "__qualname__", "") for one in asyncio.all_tasks()]
    return [name for name in names if name in {"FeedStream._stream", "_left"}]


async def test_who_leaves_a_stream_leaves_nothing_behind(service: Composed) -> None:
    for _ in range(5):
        async with streamed(service) as frames:
            assert await frames.next() == {"retry": "2000"}
            assert streaming()
    await until(lambda: not streaming())


async def test_a_tenant_may_wait_with_many_and_not_with_all_connections(service: Composed) -> None:
    admission = next(
        route.app._admission for route in service.routes if getattr(route, "path", "") == FEED
    )
    admission.waiting._each_max = 2
    async with streamed(service), streamed(service):
        problem = await refusal(service, "GET", FEED)
        assert problem["status"] == 429
        assert (await service.client.get(BASE)).status_code == 200, "other requests are free"
