"""GET /v2/transcript: pages, filters, URLs on our own public base."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import Any

import pytest

from stenolog.reconciler.pool import Pool
from stenolog.wire.assemblyai.transcript import completed_transcript
from tests.house.composed import PUBLIC_URL, Composed

URL = "https://audio.example/call.mp3"


def answer_of(text: str) -> dict[str, Any]:
    return completed_transcript("job-1", {"audio_url": URL}, {"text": text, "words": []})


async def listed(service: Composed, **query: object) -> dict[str, Any]:
    params = {name: str(value) for name, value in query.items()}
    answer = await service.client.get("/v2/transcript", params=params)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert isinstance(body, dict)
    return body


async def test_a_list_is_paged_both_ways_on_our_own_public_base(service: Composed) -> None:
    ids = [await service.submit(audio_url=URL) for _ in range(5)]
    await service.projected()
    newest = await listed(service, limit=2)
    assert [row["id"] for row in newest["transcripts"]] == [ids[4], ids[3]]
    assert newest["page_details"]["result_count"] == 2
    assert newest["page_details"]["next_url"] is None
    older = newest["page_details"]["prev_url"]
    assert older == f"{PUBLIC_URL}/v2/transcript?limit=2&before_id={ids[3]}"
    page = (await service.client.get(older.removeprefix(PUBLIC_URL))).json()
    assert [row["id"] for row in page["transcripts"]] == [ids[2], ids[1]]
    newer = page["page_details"]["next_url"]
    back = (await service.client.get(newer.removeprefix(PUBLIC_URL))).json()
    assert [row["id"] for row in back["transcripts"]] == [ids[4], ids[3]]
    row = newest["transcripts"][0]
    assert row["resource_url"] == f"{PUBLIC_URL}/v2/transcript/{ids[4]}"
    assert (row["status"], row["completed"], row["audio_url"], row["error"]) == (
        "queued",
        None,
        URL,
        "",
    )


async def test_both_bounds_of_a_list_hold(service: Composed) -> None:
    ids = [await service.submit(audio_url=URL) for _ in range(5)]
    await service.projected()
    body = await listed(service, before_id=ids[4], after_id=ids[1])
    assert [row["id"] for row in body["transcripts"]] == [ids[3], ids[2]]
    assert body["page_details"]["prev_url"] is None
    body = await listed(service, before_id=ids[4], after_id=ids[1], limit=1)
    assert [row["id"] for row in body["transcripts"]] == [ids[3]]
    older = body["page_details"]["prev_url"]
    body = (await service.client.get(older.removeprefix(PUBLIC_URL))).json()
    assert [row["id"] for row in body["transcripts"]] == [ids[2]]
    older = body["page_details"]["prev_url"]
    body = (await service.client.get(older.removeprefix(PUBLIC_URL))).json()
    assert (body["transcripts"], body["page_details"]["prev_url"]) == ([], None)


async def test_a_list_is_filtered_by_status_and_day(service: Composed) -> None:
    done, _ = await service.submitted(audio_url=URL)
    await service.complete(done, answer_of("done"))
    waiting = await service.submit(audio_url=URL)
    await service.projected()
    today = (await listed(service, status="completed"))["transcripts"]
    assert [row["id"] for row in today] == [done]
    day = today[0]["created"][:10]
    assert today[0]["completed"] is not None
    both = await listed(service, created_on=day)
    assert [row["id"] for row in both["transcripts"]] == [waiting, done]
    assert (await listed(service, created_on="1999-12-31"))["transcripts"] == []
    assert (await listed(service, throttled_only="true"))["transcripts"] == []
    assert len((await listed(service, status="", limit=200))["transcripts"]) == 2


async def test_what_waits_for_its_turn_is_throttled_until_its_turn_comes(
    service: Composed,
) -> None:
    ids = [await service.submit(audio_url=URL) for _ in range(4)]
    await service.projected()
    service.turns.open()
    for one in ids:
        service.turns.admit(await service.handler.load(one), Pool(1, None, print))
    found = await listed(service, throttled_only="true", status="completed", limit=2)
    assert [row["id"] for row in found["transcripts"]] == [ids[3], ids[2]]
    older = found["page_details"]["prev_url"]
    assert "throttled_only=true" in older
    found = (await service.client.get(older.removeprefix(PUBLIC_URL))).json()
    assert [row["id"] for row in found["transcripts"]] == [ids[1]]
    assert found["page_details"]["prev_url"] is None
    newer = found["page_details"]["next_url"]
    found = (await service.client.get(newer.removeprefix(PUBLIC_URL))).json()
    assert [row["id"] for row in found["transcripts"]] == [ids[3], ids[2]]
    day = found["transcripts"][0]["created"][:10]
    assert len((await listed(service, throttled_only=1, created_on=day))["transcripts"]) == 3
    assert not (await listed(service, throttled_only=1, created_on="1999-12-31"))["transcripts"]
    for one, throttled in ((ids[0], None), (ids[3], True)):
        answer = await service.client.get(f"/v2/transcript/{one}")
        assert (answer.json()["status"], answer.json()["throttled"]) == ("queued", throttled)
    other = {"Authorization": await service.new_key("another")}
    answer = await service.client.get("/v2/transcript?throttled_only=true", headers=other)
    assert answer.json()["transcripts"] == []


@pytest.mark.parametrize(
    "query",
    [{"limit": "0"}, {"limit": "201"}, {"limit": "x"}, {"status": "done"}, {"created_on": "today"}],
)
async def test_a_list_that_is_asked_wrongly_is_400(
    service: Composed, query: dict[str, str]
) -> None:
    answer = await service.client.get("/v2/transcript", params=query)
    assert answer.status_code == 400
    assert next(iter(query)) in answer.json()["error"]


async def test_a_list_says_that_older_ones_may_be_missing(service: Composed) -> None:
    """As while views that were lost are filled. Such a list is not kept, and never 304."""
    await service.stand_still()
    kept = ""
    for place in ("/v2/transcript", "/api/v1/transcripts"):
        whole = await service.client.get(place)
        assert "Stenolog-Incomplete" not in whole.headers
        kept = whole.headers.get("ETag", kept)
    with contextlib.closing(sqlite3.connect(service.settings.data_dir / "views.db")) as file:
        file.execute("UPDATE checkpoint SET filled = 0, filled_until = 1")
        file.commit()
    for place in ("/v2/transcript", "/api/v1/transcripts"):
        for tag in ("*", kept):
            answer = await service.client.get(place, headers={"If-None-Match": tag})
            assert "older" in answer.headers["Stenolog-Incomplete"]
            assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
            assert "ETag" not in answer.headers
