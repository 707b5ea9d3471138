"""`/api/v1`: statuses, views, events, keys and projections, with problems for errors."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
from typing import Any

import pytest

from stenolog.edge.native.cursors import STRANGE, Cursors
from stenolog.log.canonical import leaf_hash
from stenolog.log.event import ENVELOPE_FIELDS
from stenolog.log.format import LogIdentity
from stenolog.log.recorder import new_id
from stenolog.projections.of.lists import ITEM_VIEWS
from tests.house.composed import Composed
from tests.http.asking import get, pages, refusal
from tests.http.spoken import BASE, CHAPTER, SAFETY, TURNS, URL, WORDS, completed


async def test_a_request_is_201_with_its_location_and_status(service: Composed) -> None:
    await service.stand_still()
    given = {
        "audio_url": URL,
        "provider": "local",
        "subject": "customer 4711",
        "metadata": {"call": 2**70},
        "speaker_labels": True,
    }
    answer = await service.client.post(BASE, json=given)
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert answer.headers["Location"] == f"{BASE}/{body['id']}"
    assert (body["status"], body["provider"], body["region"]) == ("queued", "local", None)
    assert (body["subject"], body["metadata"]) == ("customer 4711", {"call": 2**70})
    assert await get(service, answer.headers["Location"]) == body
    [event] = await service.stream(body["id"])
    assert event.data["surface"] == "native"
    payload = json.loads(await service.handler.payload_of(event.id, event.position) or b"")
    assert payload["params"] == {"audio_url": URL, "speaker_labels": True}
    await service.projected()
    assert await get(service, answer.headers["Location"]) == body


async def test_a_body_within_the_limit_is_taken_whatever_its_alphabet(service: Composed) -> None:
    body = {"audio_url": URL, "not_ours": "\N{CJK UNIFIED IDEOGRAPH-8A71}" * 340_000}
    encoded = json.dumps(body, ensure_ascii=False).encode()
    for path in (BASE, "/v2/transcript"):
        answer = await service.client.post(path, content=encoded)
        assert answer.status_code < 300, answer.text


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "audio_url"),
        ({"audio_url": "http://xn--a.x/"}, "audio_url"),
        ({"audio_url": "http://u:p@a.example/"}, "audio_url"),
        ({"audio_url": URL, "webhook_url": "http://xn--/"}, "webhook_url"),
        ({"audio_url": URL, "provider": "nobody"}, "provider"),
        ({"audio_url": URL, "provider": 7}, "provider"),
        ({"audio_url": URL, "region": "mars"}, "region"),
        ({"audio_url": URL, "region": "eu", "provider": "local"}, "region"),
        ({"audio_url": URL, "subject": ""}, "subject"),
        ({"audio_url": URL, "subject": "two\nlines"}, "subject"),
        ({"audio_url": URL, "metadata": [1]}, "metadata"),
        ({"audio_url": URL, "metadata": {"x": "y" * 4_096}}, "metadata"),
        ({"audio_url": URL, "punctuate": "yes"}, "punctuate"),
    ],
)
async def test_a_wrong_request_is_a_problem_that_names_the_field(
    service: Composed, given: dict[str, Any], field: str
) -> None:
    problem = await refusal(service, "POST", BASE, json=given)
    assert problem["status"] == 400
    assert field in [error["field"] for error in problem["errors"]]
    assert await service.recorded() == []


async def test_a_transcription_shows_its_times_and_the_provider_s_job(service: Composed) -> None:
    transcription_id = await completed(service, {"speaker_labels": True})
    body = await get(service, f"{BASE}/{transcription_id}")
    assert (body["status"], body["provider"], body["region"], body["provider_job"]) == (
        "completed",
        "assemblyai",
        "us",
        "job-1",
    )
    assert (body["text"], body["confidence"], body["words"]) == ("all of it", 0.75, 12)
    assert (body["submissions"], body["audio_ms"], body["error"]) == (1, 9_500, None)
    times = [
        body[name]
        for name in ("created_at", "claimed_at", "accepted_at", "called_back_at", "completed_at")
    ]
    assert times == sorted(times)
    assert 0 <= body["readable_ms"] < 60_000
    listed = (await get(service, BASE))["items"]
    assert listed == [{name: body[name] for name in listed[0]}]


async def test_a_failed_transcription_says_why(service: Composed) -> None:
    transcription_id, _ = await service.submitted(audio_url=URL)
    await service.fail(transcription_id, "Audio duration is too short.")
    await service.projected()
    body = await get(service, f"{BASE}/{transcription_id}")
    assert (body["status"], body["error"], body["text"]) == (
        "error",
        "Audio duration is too short.",
        None,
    )
    assert body["readable_ms"] is None, "there was no callback"


async def test_a_list_is_newest_first_and_paged(service: Composed) -> None:
    ids = [await service.submit(audio_url=URL) for _ in range(5)]
    await service.projected()
    assert [row["id"] for row in await pages(service, BASE, 2)] == ids[::-1]
    assert [row["id"] for row in await pages(service, BASE, 5)] == ids[::-1]
    assert await pages(service, BASE, 5, status="completed") == []
    assert len(await pages(service, BASE, 2, status="queued")) == 5


async def test_words_utterances_and_speakers(service: Composed) -> None:
    base = f"{BASE}/{await completed(service, {'speaker_labels': True})}"
    turns = [{**turn, "channel": None, "utterance": at} for at, turn in enumerate(TURNS)]
    words = [{**word, "channel": None, "utterance": at // 6} for at, word in enumerate(WORDS)]
    assert await pages(service, f"{base}/words", 5) == words
    assert await pages(service, f"{base}/utterances", 1) == turns
    assert await pages(service, f"{base}/utterances", 1, speaker="B") == turns[1:]
    assert await pages(service, f"{base}/utterances", 1, speaker="C") == []
    problem = await refusal(service, "GET", f"{base}/utterances?speaker={'B' * 129}")
    assert (problem["status"], problem["errors"][0]["field"]) == (400, "speaker")
    speakers = await pages(service, f"{base}/speakers", 1)
    assert {one["speaker"]: one["talk_ms"] for one in speakers} == {"A": 590, "B": 590}


async def test_features_that_were_asked_for_and_not(service: Composed) -> None:
    asked = {"auto_chapters": True, "content_safety": True}
    rich = await completed(service, asked, chapters=[CHAPTER], content_safety_labels=SAFETY)
    place = {"speaker": "A", "utterance": 0}
    assert (await get(service, f"{BASE}/{rich}/chapters"))["items"] == [{**CHAPTER, **place}]
    safety = await get(service, f"{BASE}/{rich}/content-safety")
    assert safety["items"] == [{"text": "It burns.", "labels": [], "start": 0, "end": 900, **place}]
    assert safety["beside"] == {"summary": {"disasters": 0.9}, "severity_score_summary": {}}
    for view in ("sentiment", "entities"):
        assert await get(service, f"{BASE}/{rich}/{view}") == {
            "items": [],
            "next": None,
            "reason": "not_requested",
        }


@pytest.mark.parametrize("view", ITEM_VIEWS)
async def test_a_view_before_the_outcome_says_so(service: Composed, view: str) -> None:
    await service.stand_still()
    transcription_id = await service.submit(audio_url=URL)
    expected: dict[str, Any] = {"items": [], "next": None, "reason": "not_ready"}
    assert await get(service, f"{BASE}/{transcription_id}/{view}") == expected
    await service.projected()
    assert await get(service, f"{BASE}/{transcription_id}/{view}") == expected


async def test_events_are_the_log_s_own_private_ones_too(service: Composed) -> None:
    await service.stand_still()
    transcription_id, registration = await service.submitted(audio_url=URL)
    await service.call_back(registration)
    events = await pages(service, f"{BASE}/{transcription_id}/events", 3)
    assert [event["type"] for event in events] == [
        "transcription.requested",
        "submission.claimed",
        "submission.accepted",
        "callback.received",
    ]
    assert [event["version"] for event in events] == [1, 2, 3, 4]
    assert [event["previous"] for event in events] == [0, *(e["position"] for e in events[:-1])]
    assert events == [event.envelope() for event in await service.stream(transcription_id)]
    assert set(events[0]) == set(ENVELOPE_FIELDS)


async def test_events_are_shown_with_the_bytes_that_were_hashed(service: Composed) -> None:
    """Also one that this version would write otherwise: here there is a blank in it."""
    transcription_id = await service.submit(audio_url=URL)
    with contextlib.closing(sqlite3.connect(service.settings.data_dir / "log.db")) as file:
        name = f"transcription-{transcription_id}"
        where = "FROM events WHERE stream = ? AND version = 1"
        stored = file.execute(f"SELECT bytes {where}", (name,)).fetchone()[0]
        older = stored.replace(b":", b": ", 1)
        file.execute(
            "UPDATE events SET bytes = ?, leaf = ? WHERE stream = ? AND version = 1",
            (older, leaf_hash(older), name),
        )
        file.commit()
    answer = await service.client.get(f"{BASE}/{transcription_id}/events", params={"limit": "1"})
    assert answer.content.startswith(b'{"items":[' + older + b"]")
    assert answer.json()["items"] == [json.loads(stored)]


async def test_another_tenant_s_transcription_answers_as_one_that_never_was(
    service: Composed,
) -> None:
    transcription_id = await completed(service, {})
    key = await service.new_key("another")
    never = "4a8d9e9c-0000-4000-8000-000000000000"
    for path in ("", "/events", *(f"/{view}" for view in ITEM_VIEWS)):
        told = []
        for one in (transcription_id, never, "not-an-id"):
            problem = await refusal(
                service, "GET", f"{BASE}/{one}{path}", headers={"Authorization": key}
            )
            told.append({name: problem[name] for name in ("type", "title", "status", "detail")})
        assert told[0] == told[1] == told[2]
        assert told[0]["status"] == 404
    headers = {"Authorization": key}
    assert (await service.client.get(BASE, headers=headers)).json() == {"items": [], "next": None}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "201"}, "limit"),
        ({"limit": "-1"}, "limit"),
        ({"limit": "1.5"}, "limit"),
        ({"limit": "٣"}, "limit"),
        ({"after": "x"}, "after"),
        ({"after": "9" * 30}, "after"),
        ({"after": "a" * 23}, "after"),
        ({"after": "9" * 300}, "after"),
        ({"after": "é" * 23}, "after"),
        ({"status": "done"}, "status"),
    ],
)
async def test_a_query_that_is_wrong_is_a_problem(
    service: Composed, query: dict[str, str], field: str
) -> None:
    problem = await refusal(service, "GET", BASE, params=query)
    assert (problem["status"], problem["errors"][0]["field"]) == (400, field)


async def test_a_page_of_another_log_is_not_gone_on_with(service: Composed) -> None:
    others = Cursors(LogIdentity(log_id="another"))
    for path, after in ((BASE, others.of_number(7)), ("/api/v1/keys", others.of_id(new_id()))):
        problem = await refusal(service, "GET", path, params={"after": after})
        assert problem["status"] == 400
        assert problem["errors"][0] == {"field": "after", "message": STRANGE}


async def test_a_query_that_is_empty_is_left_alone(service: Composed) -> None:
    assert await get(service, BASE, limit="", after="", status="") == {
        "items": [],
        "next": None,
    }


async def test_what_is_not_there_is_a_problem(service: Composed) -> None:
    for path in ("/", "/api/v1", "/api/v1/", f"{BASE}/x/y/z", "/callbacks/assemblyai"):
        problem = await refusal(service, "GET", path)
        assert (problem["status"], problem["type"]) == (404, "/docs/errors#unknown-path")
        assert ("AssemblyAI's other products" in problem["detail"]) != path.startswith("/api")
    assert (await refusal(service, "PATCH", f"{BASE}/x"))["status"] == 405


async def test_what_is_not_there_says_no_as_the_api_that_it_was_taken_for(
    service: Composed,
) -> None:
    for path in ("/v2", "/v2/", "/v2/lemur/x", "/v2/transcript/"):
        answer = await service.client.get(path)
        assert (answer.status_code, answer.json()) == (404, {"error": "Not found"})
    assert "error" not in await refusal(service, "GET", "/api/v1/nothing")
    for path in ("/v1/transcribe/live", "/v3/token", "/lemur/v3/generate/task", "/v22"):
        problem = await refusal(service, "POST", path)
        assert problem["error"] == problem["detail"]
        assert "/v2" in problem["detail"]


async def test_a_store_that_cannot_commit_is_a_problem_without_its_reason(
    service: Composed,
) -> None:
    service.events.refusing = True
    problem = await refusal(service, "POST", BASE, json={"audio_url": URL})
    assert problem["status"] == 503
    assert "log.db" not in json.dumps(problem)


async def test_readers_do_not_wait_for_one_another(service: Composed) -> None:
    transcription_id = await completed(service, {"speaker_labels": True})
    answers = await asyncio.gather(
        *(service.client.get(f"{BASE}/{transcription_id}/words") for _ in range(50))
    )
    assert {len(answer.json()["items"]) for answer in answers} == {12}


async def test_a_request_names_its_region(service: Composed) -> None:
    answer = await service.client.post(
        "/v2/transcript", json={"audio_url": URL}, headers={"Stenolog-Region": "eu"}
    )
    [event] = await service.stream(answer.json()["id"])
    assert (event.data["provider"], event.data["region"]) == ("assemblyai", "eu")


async def test_a_region_in_a_header_counts_natively_too(service: Composed) -> None:
    answer = await service.client.post(
        BASE, json={"audio_url": URL, "region": None}, headers={"Stenolog-Region": "eu"}
    )
    [event] = await service.stream(answer.json()["id"])
    assert event.data["region"] == "eu"


async def test_a_region_that_is_said_twice_and_differently_is_refused(service: Composed) -> None:
    headers = {"Stenolog-Region": "eu"}
    problem = await refusal(
        service, "POST", BASE, json={"audio_url": URL, "region": "us"}, headers=headers
    )
    assert problem["detail"] == "region is not what stenolog-region says"
    same = await service.client.post(BASE, json={"audio_url": URL, "region": "eu"}, headers=headers)
    assert same.status_code == 201
    twice = await service.client.post(
        "/v2/transcript",
        json={"audio_url": URL},
        headers=[("Stenolog-Region", "eu"), ("Stenolog-Region", "us")],
    )
    assert (twice.status_code, twice.json()["error"]) == (
        400,
        "stenolog-region must be given once",
    )
