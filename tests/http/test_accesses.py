"""Who is shown content is recorded, for every operation that shows some and for no other."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit

import httpx
import pytest
import yaml

from stenolog.clock import now_ms
from stenolog.edge.access.redacted_links import redacted_link
from stenolog.edge.transcriptions.awaiting import WaitLimits
from stenolog.log.actors import SYSTEM
from stenolog.log.event import Event
from stenolog.log.events.accesses import ACCESS, ContentView, TranscriptRead
from stenolog.projections.of.lists import ITEM_VIEWS
from tests.house.composed import Composed, composed
from tests.house.waiting import eventually
from tests.http.asking import get, pages, refusal
from tests.http.spoken import BASE, URL, WORDS, answer_of, completed
from tests.unit.projections.answers import EVERYTHING, full_answer

DOCUMENT = Path(__file__).parents[2] / "openapi.yaml"
METHODS = {"get", "put", "post", "delete", "patch"}
ACCESSES = "/api/v1/accesses"
REDACTED = {
    "redact_pii": True,
    "redact_pii_policies": ["phone_number"],
    "redact_pii_audio": True,
}
ASKED = {**{name: True for name in EVERYTHING}, **REDACTED}
NAME = {"entity_type": "person_name", "text": "word7", "start": 700, "end": 790}
ANSWER = {name: value for name, value in full_answer().items() if name not in ("id", "status")}
ANSWER["words"] = [*ANSWER["words"], {**WORDS[0], "text": "###-####", "start": 9_000, "end": 9_100}]

CONTENT: Mapping[str, str] = {
    "GET /v2/transcript/{id}": "transcript",
    "GET /v2/transcript/{id}/sentences": "sentences",
    "GET /v2/transcript/{id}/paragraphs": "paragraphs",
    "GET /v2/transcript/{id}/srt": "captions",
    "GET /v2/transcript/{id}/vtt": "captions",
    "GET /v2/transcript/{id}/word-search": "word-search",
    "GET /redacted-audio/{link}": "audio",
    "POST /v1/stt": "transcript",
    "GET /v1/stt/{id}": "transcript",
    "GET /stt/{id}": "transcript",
    "POST /v1/audio/transcriptions": "transcript",
    "GET /api/v1/transcripts/{id}": "transcript",
    **{f"GET /api/v1/transcripts/{{id}}/{view}": view for view in ITEM_VIEWS},
    "GET /api/v1/transcripts/{id}/report": "report",
    "GET /api/v1/transcripts/{id}/diff": "diff",
    "GET /api/v1/transcripts/{id}/proof": "payloads",
    "GET /api/v1/search": "search",
}
"""What each operation that shows content of a transcript is recorded as."""
OF_ALL = {f"GET /api/v1/{view}": view for view in ("entities", "topics", "content-safety")} | {
    "GET /api/v1/sentiment": "sentiment"
}
"""The same of those that show content of all of a tenant's transcripts together."""
QUERIES = {
    "GET /v2/transcript/{id}/word-search": {"words": "clinic"},
    "GET /api/v1/search": {"q": "clinic"},
    "GET /api/v1/log/proof/inclusion": {"position": "1"},
    "GET /api/v1/log/proof/consistency": {"from": "1"},
}


@pytest.fixture
async def strict(tmp_path: Path) -> AsyncIterator[Composed]:
    """A service that commits each read before it answers, and lets who waits wait."""
    waiting = WaitLimits(ms_max=30_000)
    async with composed(tmp_path, waiting=waiting, access_log="strict") as running:
        yield running


@pytest.fixture
async def merging(tmp_path: Path) -> AsyncIterator[Composed]:
    async with composed(tmp_path, access_log="async") as running:
        yield running


async def reads(service: Composed) -> list[Event]:
    """Every read that the log has."""
    return [one for one in await service.recorded() if one.type == TranscriptRead.type]


def shown(events: list[Event]) -> list[tuple[str | None, str]]:
    return [(one.data["transcript"], one.data["view"]) for one in events]


def operations() -> list[tuple[str, dict[str, Any]]]:
    """Everything in `openapi.yaml`; what deletes comes last."""
    document = yaml.safe_load(DOCUMENT.read_text())
    found = [
        (f"{method.upper()} {path}", operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    ]
    return sorted(found, key=lambda one: one[0].startswith("DELETE"))


async def test_what_shows_content_is_recorded_and_nothing_else_is(strict: Composed) -> None:
    """Whoever adds an operation that shows content adds it to `CONTENT`, and has it recorded."""
    transcription_id = await completed(strict, ASKED, **ANSWER)
    # What redacts keeps no entity in the index of all transcripts.
    await completed(strict, {"entity_detection": True}, entities=[NAME])
    await strict.indexed()
    link = redacted_link(strict.edge.link_key, "", transcription_id, now_ms(), actor=SYSTEM)
    known = defaultdict(lambda: "none", id=transcription_id, model="whisper-1")
    known |= {"link": link.rpartition("/")[2]}
    known |= {"key": "AAAAAAAA", "name": "words", "provider": "assemblyai", "token": "none"}
    known |= {"type": "transcription.completed", "shape": "1"}
    labels = [label for label, _ in operations()]
    assert {*CONTENT, *OF_ALL} <= set(labels)
    for label, operation in operations():
        before = len(await reads(strict))
        if label in WAITING:
            status, read = await WAITING[label](strict)
        else:
            status, read = await called(strict, label, operation, known), transcription_id
        now = shown((await reads(strict))[before:])
        if label in CONTENT:
            assert (status < 300, now) == (True, [(read, CONTENT[label])]), label
        elif label in OF_ALL:
            assert (status < 300, now) == (True, [(None, OF_ALL[label])]), label
        else:
            assert (now, status < 500) == ([], True), label


async def called(
    service: Composed, label: str, operation: Mapping[str, Any], known: Mapping[str, str]
) -> int:
    """Call an operation with its example; what may never end is left when it begins to answer."""
    method, path = label.split(" ")
    bodies = operation.get("requestBody", {}).get("content", {})
    example = bodies.get("application/json", {}).get("example")
    async with service.client.stream(
        method,
        path.format_map(known),
        params=QUERIES.get(label),
        json=example,
    ) as answer:
        return answer.status_code


async def waited_for(service: Composed, call: asyncio.Task[httpx.Response]) -> tuple[int, str]:
    """Do the provider's part for who waits; return how it was answered, and of what."""
    requested = len(await begun(service))

    async def has_begun() -> bool:
        return len(await begun(service)) > requested

    await eventually(has_begun)
    transcription_id = (await begun(service))[-1].removeprefix("transcription-")
    await service.claim(transcription_id)
    await service.accept(transcription_id)
    await service.complete(transcription_id, answer_of())
    await service.projected()
    return (await call).status_code, transcription_id


async def begun(service: Composed) -> list[str]:
    events = await service.recorded()
    return [one.stream for one in events if one.type == "transcription.requested"]


async def old_stt(service: Composed) -> tuple[int, str]:
    body = {"model": "nova-3", "url": URL}
    headers = {"Stenolog-Provider": "local"}
    post = service.client.post("/v1/stt", json=body, headers=headers)
    return await waited_for(service, asyncio.create_task(post))


async def openai(service: Composed) -> tuple[int, str]:
    post = service.client.post(
        "/v1/audio/transcriptions",
        data={"model": "whisper-1"},
        files={"file": ("call.mp3", b"ID3" + bytes(99), "audio/mpeg")},
    )
    return await waited_for(service, asyncio.create_task(post))


WAITING = {"POST /v1/stt": old_stt, "POST /v1/audio/transcriptions": openai}


async def test_what_is_not_content_yet_or_any_more_is_not_recorded(strict: Composed) -> None:
    transcription_id, registration = await strict.submitted(audio_url=URL)
    for path in (f"/v2/transcript/{transcription_id}", f"{BASE}/{transcription_id}"):
        assert (await strict.client.get(path)).status_code == 200
    await get(strict, f"{BASE}/{transcription_id}/words")
    await strict.call_back(registration)
    await strict.complete(transcription_id, answer_of())
    await strict.projected()
    stranger = {"Authorization": await strict.new_key("other")}
    path = f"/v2/transcript/{transcription_id}"
    assert (await strict.client.get(path, headers=stranger)).status_code == 400
    assert (await strict.client.head(path)).status_code == 200
    assert await reads(strict) == []
    first = await strict.client.get(f"{path}/srt")
    same = {"If-None-Match": first.headers["ETag"]}
    assert (await strict.client.get(f"{path}/srt", headers=same)).status_code == 304
    assert len(await reads(strict)) == 2, "who is told that it is still so is shown it again"
    await strict.client.delete(path)
    for gone in (path, f"{BASE}/{transcription_id}", f"{BASE}/{transcription_id}/words"):
        assert (await strict.client.get(gone)).status_code == 200
    assert len(await reads(strict)) == 2


async def test_a_page_with_its_recording_is_two_reads(strict: Composed) -> None:
    wav = b"RIFF\x24\0\0\0WAVEfmt " + bytes(range(256))
    stored = await strict.client.post("/v2/upload", content=wav)
    upload, registration = await strict.submitted(audio_url=stored.json()["upload_url"])
    await strict.call_back(registration)
    await strict.complete(upload, answer_of())
    await strict.projected()
    page = f"{BASE}/{upload}/report"
    for query, views in (("?audio=false", ["report"]), ("", ["report", "audio"])):
        before = len(await reads(strict))
        assert (await strict.client.get(page + query)).status_code == 200
        assert shown((await reads(strict))[before:]) == [(upload, view) for view in views]


async def test_payloads_among_events_are_content(strict: Composed) -> None:
    transcription_id = await completed(strict, {})
    await get(strict, "/api/v1/events")
    assert await reads(strict) == []
    query = {"include": "payload"}
    await get(strict, "/api/v1/events", **query)
    assert shown(await reads(strict)) == [(transcription_id, "payloads")]
    stream = {"Accept": "text/event-stream"}
    asked = {**query, "after": "0"}
    async with strict.client.stream("GET", "/api/v1/events", params=asked, headers=stream) as told:
        async for line in told.aiter_lines():
            if line.startswith("event: stenolog.transcription.completed"):
                break
    assert shown(await reads(strict)) == [(transcription_id, "payloads")] * 2


async def test_a_read_moves_neither_the_transcription_nor_its_views(strict: Composed) -> None:
    transcription_id = await completed(strict, {})
    before = await strict.stream(transcription_id)
    row = await strict.views.transcription(transcription_id)
    await get(strict, f"{BASE}/{transcription_id}/words")
    await strict.projected()
    assert await strict.stream(transcription_id) == before
    assert await strict.views.transcription(transcription_id) == row
    [read] = await reads(strict)
    assert read.stream == f"{ACCESS}{transcription_id}"
    assert (read.sequence, read.version, read.commitment) == (0, 1, None)
    assert (await get(strict, "/api/v1/events"))["items"][-1]["type"].endswith(".completed")


async def test_without_a_record_nothing_is_shown(strict: Composed) -> None:
    transcription_id = await completed(strict, REDACTED)
    path = f"{BASE}/{transcription_id}"
    audio = await strict.client.get(f"/v2/transcript/{transcription_id}/redacted-audio")
    strict.events.refusing = True
    problem = await refusal(strict, "GET", f"{path}/words")
    assert problem["status"] == 503
    link = urlsplit(audio.json()["redacted_audio_url"]).path
    assert (await strict.client.get(link)).status_code == 503
    assert strict.audio.opened == 0, "nothing is left open"
    assert (await strict.client.get(BASE)).status_code == 200, "this shows no content"
    strict.events.refusing = False
    assert (await strict.client.get(link)).content == strict.audio.content
    [read] = await reads(strict)
    mine = (await get(strict, "/api/v1/keys"))["items"]
    assert read.actor in {one["id"] for one in mine}, "it is told of whoever asked for the link"


async def test_reads_are_found_by_transcript_subject_and_actor(strict: Composed) -> None:
    subject = "+44 20 7946 0018"
    first = await completed(strict, {})
    made = await strict.client.post(BASE, json={"audio_url": URL, "subject": subject})
    second = str(made.json()["id"])
    await strict.claim(second)
    await strict.accept(second)
    await strict.complete(second, answer_of())
    await strict.projected()
    other = await strict.client.post("/api/v1/keys", json={"name": "clerk"})
    clerk = {"Authorization": other.json()["key"]}
    for one in (first, second):
        await get(strict, f"{BASE}/{one}/words")
        assert (await strict.client.get(f"{BASE}/{one}", headers=clerk)).status_code == 200

    async def asked(**query: str) -> list[tuple[str, str]]:
        items = await pages(strict, ACCESSES, 1, **query)
        assert [one["position"] for one in items] == sorted(
            (one["position"] for one in items), reverse=True
        )
        return [(one["transcript_id"], one["view"]) for one in items]

    whole = [(second, "transcript"), (second, "words"), (first, "transcript"), (first, "words")]
    assert await asked() == whole
    assert await asked(transcript_id=first) == whole[2:]
    assert await asked(subject=subject) == whole[:2]
    actor = other.json()["id"]
    assert await asked(actor=actor) == whole[0::2]
    assert await asked(actor=actor, transcript_id=second) == whole[:1]
    assert await asked(subject="nobody") == []
    item = (await get(strict, ACCESSES, actor=actor))["items"][0]
    [event] = [one for one in await reads(strict) if one.position == item["position"]]
    assert (item["recorded_at"], item["correlation_id"]) == (event.time, event.correlation_id)
    assert item["minute"][:13] == event.time[:13]
    await strict.client.delete(f"{BASE}/{second}")
    assert await asked(transcript_id=second) == whole[:2], "what was read stays known"


async def test_reads_are_shown_to_who_may_see_them_alone(strict: Composed) -> None:
    transcription_id = await completed(strict, {})
    await get(strict, f"{BASE}/{transcription_id}/words")
    reader = {"Authorization": await strict.new_key("default", "transcripts:read")}
    assert (await strict.client.get(ACCESSES, headers=reader)).status_code == 403
    other = {"Authorization": await strict.new_key("other", "compliance:read")}
    theirs = f"{ACCESSES}?transcript_id={transcription_id}"
    assert (await strict.client.get(theirs, headers=other)).status_code == 404
    assert (await strict.client.get(ACCESSES, headers=other)).json()["items"] == []
    officer = {"Authorization": await strict.new_key("default", "compliance:read")}
    assert len((await strict.client.get(ACCESSES, headers=officer)).json()["items"]) == 1
    assert (await strict.client.get(f"{BASE}/{transcription_id}", headers=officer)).is_error
    for query in ("transcript_id=x", "actor=me", f"transcript_id={transcription_id}&subject=a"):
        problem = await refusal(strict, "GET", f"{ACCESSES}?{query}")
        assert problem["status"] == 400, query


async def test_merged_reads_are_written_once_and_soon(merging: Composed) -> None:
    transcription_id = await completed(merging, {})
    path = f"{BASE}/{transcription_id}/words"
    [run] = merging.edge.reads.loops
    writing = asyncio.create_task(run())
    for _ in range(3):
        await get(merging, path)

    async def is_written() -> bool:
        return bool(await reads(merging))

    await eventually(is_written)
    commits = merging.events.commits
    await get(merging, path)
    minutes = {one.data["minute"] for one in await reads(merging)}
    assert len(minutes) == len(await reads(merging)), "at most one a minute"
    assert merging.events.commits == commits
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)


async def test_merged_reads_wait_for_a_log_that_cannot_be_written(tmp_path: Path) -> None:
    async with composed(tmp_path, access_log="async") as service:
        transcription_id = await completed(service, {})
        service.events.refusing = True
        await get(service, f"{BASE}/{transcription_id}/words")
        await get(service, f"{BASE}/{transcription_id}/sentences")
        assert await reads(service) == []
        service.events.refusing = False
    async with composed(tmp_path) as again:
        written = [(transcription_id, "words"), (transcription_id, "sentences")]
        assert shown(await reads(again)) == written, "the stop has written them"


def test_every_view_of_a_transcript_can_be_told() -> None:
    assert set(ITEM_VIEWS) <= set(get_args(ContentView))
