"""`?include=payload`: what was said stands in the event, for who may read it, and within limits."""

from __future__ import annotations

from typing import Any

import pytest

from stenolog.edge.native.told_events import PAYLOAD_BYTES_MAX, PAYLOADS_BYTES_MAX
from tests.house.composed import Composed
from tests.http.asking import get, refusal
from tests.http.spoken import completed
from tests.http.test_feed import COMPLETED, FEED, streamed

CONSUMER = "/api/v1/consumers/mine"


async def said(service: Composed, transcription_id: str) -> Any:
    return (await service.client.get(f"/v2/transcript/{transcription_id}")).json()


def payload(event: dict[str, Any]) -> tuple[Any, Any]:
    return event["data"]["payload"], event["data"]["payload_reason"]


async def test_an_outcome_has_what_was_said_and_thin_events_have_nothing(service: Composed) -> None:
    first = await completed(service, {}, text="what was said")
    [requested, told] = (await get(service, FEED, include="payload"))["items"]
    assert payload(requested) == (None, "none")
    assert payload(told) == (await said(service, first), None)
    assert told["data"]["payload"]["text"] == "what was said"
    for event in (await get(service, FEED))["items"]:
        assert "payload" not in event["data"]
    async with streamed(service, params={"include": "payload"}) as frames:
        assert [await frames.event() for _ in range(2)] == [requested, told]
    assert (await service.client.put(CONSUMER, json={})).status_code == 201
    unread = await get(service, f"{CONSUMER}/events", include="payload")
    assert unread["items"] == [requested, told]
    batch = await service.client.post(f"{CONSUMER}/claim", params={"include": "payload"}, json={})
    assert batch.json()["items"] == [{**one, "attempt": 1} for one in (requested, told)]


async def test_what_is_erased_is_not_told_any_more(service: Composed) -> None:
    first = await completed(service, {}, text="what was said")
    assert (await service.client.delete(f"/v2/transcript/{first}")).status_code == 200
    items = (await get(service, FEED, include="payload", types=COMPLETED))["items"]
    assert [payload(one) for one in items] == [(None, "erased")]


async def test_what_was_hidden_is_never_told(service: Composed) -> None:
    hiding = {"redact_pii": True, "redact_pii_policies": ["person_name"]}
    first = await completed(service, hiding, text="hello [PERSON_NAME]")
    [told] = (await get(service, FEED, include="payload", types=COMPLETED))["items"]
    assert told["data"]["payload"] == await said(service, first)
    assert told["data"]["payload"]["text"] == "hello [PERSON_NAME]"


async def test_payloads_are_bounded_one_by_one_and_together(service: Composed) -> None:
    large = "x" * (PAYLOAD_BYTES_MAX - 10_000)
    fitting = PAYLOADS_BYTES_MAX // PAYLOAD_BYTES_MAX
    for _ in range(fitting + 4):
        await completed(service, {}, text=large)
    await completed(service, {}, text="y" * PAYLOAD_BYTES_MAX)
    answer = await get(service, FEED, include="payload", types=COMPLETED)
    reasons = [payload(one)[1] for one in answer["items"]]
    assert reasons[:fitting] == [None] * fitting
    assert reasons[-2:] == ["page_full", "too_large"]
    again = await get(service, FEED, include="payload", types=COMPLETED, limit=1, after=0)
    assert payload(again["items"][0])[1] is None, "a smaller page has it"


@pytest.mark.parametrize("path", [FEED, f"{CONSUMER}/events"])
async def test_payloads_need_the_scope_for_transcripts(service: Composed, path: str) -> None:
    await service.client.put(CONSUMER, json={})
    headers = {"Authorization": await service.new_key("default", "events:read")}
    assert (await service.client.get(path, headers=headers)).status_code == 200
    problem = await refusal(service, "GET", path, params={"include": "payload"}, headers=headers)
    assert (problem["status"], "transcripts:read" in problem["detail"]) == (403, True)
    problem = await refusal(service, "GET", path, params={"include": "text"})
    assert [one["field"] for one in problem["errors"]] == ["include"]
