"""What a browser or a cache may do with an answer, in every answer."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.house.composed import Composed
from tests.http.spoken import BASE, completed

NOWHERE = "00000000-0000-4000-8000-000000000000"
VIEWS = (
    f"{BASE}/{{id}}",
    f"{BASE}/{{id}}/words",
    f"{BASE}/{{id}}/utterances",
    f"{BASE}/{{id}}/events",
    BASE,
    "/v2/transcript/{id}/srt",
    "/v2/transcript/{id}/vtt",
)
UNKEPT = (
    ("GET", "/v2/transcript/{id}"),
    ("GET", "/v2/transcript"),
    ("GET", "/v2/transcript/{id}/sentences"),
    ("GET", f"/v2/transcript/{NOWHERE}"),
    ("GET", f"{BASE}/{NOWHERE}"),
    ("GET", "/v2/transcript/{id}/srt?chars_per_caption=0"),
    ("POST", "/v2/transcript"),
    ("POST", BASE),
    ("DELETE", BASE),
    ("GET", "/api/v1/keys"),
    ("GET", "/api/v1/projections"),
    ("GET", "/redacted-audio/x"),
    ("GET", "/healthz"),
    ("GET", "/metrics"),
    ("GET", "/nowhere"),
    ("POST", "/callbacks/assemblyai/x"),
)


@pytest.mark.parametrize(("method", "path"), UNKEPT)
async def test_nobody_keeps_an_answer_or_guesses_what_it_is(
    service: Composed, method: str, path: str
) -> None:
    path = path.format(id=await completed(service, {}))
    answer = await service.client.request(method, path)
    assert answer.headers.get_list("Cache-Control") == ["no-store"]
    assert answer.headers.get_list("X-Content-Type-Options") == ["nosniff"]
    assert "ETag" not in answer.headers


@pytest.mark.parametrize("path", VIEWS)
async def test_a_view_may_be_kept_and_is_asked_for_each_time(service: Composed, path: str) -> None:
    path = path.format(id=await completed(service, {"speaker_labels": True}))
    first = await service.client.get(path)
    assert first.headers.get_list("Cache-Control") == ["private, no-cache"]
    assert first.headers["X-Content-Type-Options"] == "nosniff"
    tag = first.headers["ETag"]
    for given in (tag, f"W/{tag}", f'"another", {tag}', "*"):
        again = await service.client.get(path, headers={"If-None-Match": given})
        assert (again.status_code, again.content) == (304, b"")
        assert (again.headers["ETag"], again.headers["Cache-Control"]) == (tag, "private, no-cache")
    for given in ('"another"', tag.strip('"'), ""):
        again = await service.client.get(path, headers={"If-None-Match": given})
        assert (again.status_code, again.content) == (200, first.content)
    nobody = {"Authorization": "x", "If-None-Match": tag}
    assert (await service.client.get(path, headers=nobody)).status_code == 401
    other = {"Authorization": await service.new_key("another"), "If-None-Match": tag}
    assert (await service.client.get(path, headers=other)).status_code in (200, 400, 404)


async def test_a_view_that_has_changed_is_answered_anew(service: Composed) -> None:
    transcription_id = await service.submit()
    path = f"{BASE}/{transcription_id}"
    before = await service.client.get(path)
    await service.claim(transcription_id)
    await service.projected()
    after = await service.client.get(path, headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    assert after.headers["ETag"] != before.headers["ETag"]


async def test_what_the_server_refuses_by_itself_is_kept_by_nobody_either(
    service: Composed,
) -> None:
    url = httpx.URL(service.url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(b"GET /v2/transcript HTTP/1.1\r\nHost : x\r\n\r\n")
    head = (await reader.read(4_096)).lower()
    writer.close()
    assert b" 400 " in head
    assert b"x-content-type-options: nosniff" in head
    assert b"cache-control: no-store" in head
