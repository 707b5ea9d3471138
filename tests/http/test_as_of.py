"""What was known at an earlier moment, asked for over HTTP."""

from __future__ import annotations

from stenolog.bootstrap.projections import PROJECTIONS
from stenolog.clock import microseconds, now_us, rfc3339
from stenolog.projections.of.lists import ITEM_VIEWS
from tests.house.composed import Composed
from tests.http.asking import get, pages, refusal
from tests.http.spoken import BASE, completed
from tests.unit.projections.answers import EVERYTHING, full_answer

ASKED = {name: True for name in EVERYTHING if name != "redact_pii"}
FIELDS = {name: value for name, value in full_answer().items() if name not in ("id", "status")}
HOUR_MS = 3_600_000


async def positions(service: Composed, transcription_id: str) -> dict[str, int]:
    """Where each type of event stands that the transcription has."""
    return {one.type: one.position for one in await service.stream(transcription_id)}


async def test_each_step_is_shown_as_it_was_known_then(service: Composed) -> None:
    transcription_id = await completed(service, {"speaker_labels": True})
    events = await service.stream(transcription_id)
    path = f"{BASE}/{transcription_id}"
    statuses = [(await get(service, path, as_of=event.position))["status"] for event in events]
    assert statuses == ["queued", "queued", "processing", "processing", "completed"]
    reasons = [
        (await get(service, f"{path}/words", as_of=event.position)).get("reason")
        for event in events
    ]
    assert reasons == ["not_ready"] * 4 + [None]
    claimed = await get(service, path, as_of=events[1].time)
    assert (claimed["claimed_at"], claimed["accepted_at"]) == (events[1].time, None)
    assert claimed["as_of"] == {
        "position": events[1].position,
        "time": events[1].time,
        "projection": "transcriptions",
        "version": PROJECTIONS["transcriptions"].version,
    }
    before = rfc3339(microseconds(events[1].time) - 1)
    assert (await get(service, path, as_of=before))["as_of"]["position"] == events[0].position


async def test_at_the_end_of_the_log_every_view_is_what_the_views_show(service: Composed) -> None:
    transcription_id = await completed(service, ASKED, **FIELDS)
    path = f"{BASE}/{transcription_id}"
    head = await service.events.head()
    now = await get(service, path)
    then = await get(service, path, as_of=head)
    assert then.pop("erased_at") is None
    del then["as_of"]
    assert {**then, "readable_ms": now["readable_ms"]} == now
    for view in ITEM_VIEWS:
        shown = await get(service, f"{path}/{view}", limit=3)
        known = await get(service, f"{path}/{view}", limit=3, as_of=head)
        assert known.pop("as_of")["version"] == PROJECTIONS[view].version
        assert known == shown, view
    whole = await pages(service, f"{path}/words", 7)
    assert await pages(service, f"{path}/words", 7, as_of=head) == whole
    spoken = await get(service, f"{path}/words", speaker="B", as_of=head)
    assert {word["speaker"] for word in spoken["items"]} == {"B"}
    [group] = (await get(service, f"{path}/entities", group="text", as_of=head))["items"]
    assert group["count"] == 1
    answer = await service.client.get(f"{path}/words?format=csv&as_of={head}")
    version = PROJECTIONS["words"].version
    assert answer.headers["Stenolog-As-Of"] == f"position={head}, version={version}"
    again = {"If-None-Match": answer.headers["ETag"]}
    answer = await service.client.get(f"{path}/words?format=csv&as_of={head}", headers=again)
    assert answer.status_code == 304


async def test_a_long_transcript_is_read_beside_the_event_loop(service: Composed) -> None:
    words = [
        {"text": f"w{n}", "start": n * 300, "end": n * 300 + 200, "confidence": 0.9, "speaker": "A"}
        for n in range(1_500)
    ]
    transcription_id = await completed(service, {}, words=words)
    head = await service.events.head()
    assert not any(one.process_ids() for one in service.side_processes)
    found = await pages(
        service, f"{BASE}/{transcription_id}/words", 200, as_of=head, from_ms=300_000
    )
    assert [word["text"] for word in found] == [f"w{n}" for n in range(1_000, 1_500)]
    assert any(one.process_ids() for one in service.side_processes)


async def test_of_an_erased_transcription_a_stub_is_left_at_every_moment(
    service: Composed,
) -> None:
    transcription_id = await completed(service, {"speaker_labels": True}, text="a secret")
    path = f"{BASE}/{transcription_id}"
    head = await service.events.head()
    assert (await service.client.delete(path)).status_code == 200
    steps = await positions(service, transcription_id)
    erased_at = next(
        one.time
        for one in await service.stream(transcription_id)
        if one.type == "erasure.requested"
    )
    for position in (steps["submission.accepted"], head, await service.events.head()):
        stub = await get(service, path, as_of=position)
        assert (stub["erased"], stub["erased_at"]) == (True, erased_at)
        assert stub["created_at"]
        kept = ("audio_url", "provider_job", "subject", "metadata", "text", "error", "words")
        assert not any(stub[name] for name in kept)
        page = await get(service, f"{path}/words", as_of=position)
        assert (page["items"], page["reason"]) == ([], "erased")
    assert (await get(service, path, as_of=steps["submission.accepted"]))["status"] == "processing"


async def test_a_moment_that_is_none_is_a_problem(service: Composed) -> None:
    transcription_id = await completed(service, {})
    path = f"{BASE}/{transcription_id}"
    head = await service.events.head()
    future = rfc3339(now_us() + HOUR_MS * 1_000)
    first = (await positions(service, transcription_id))["transcription.requested"]
    for given, status, said in [
        ("yesterday", 400, "as_of must be a position"),
        ("0", 400, "as_of must be a position"),
        ("2026-11-30", 400, "as_of must be a position"),
        (head + 1, 409, f"ends at position {head}"),
        (future, 409, "in the future"),
        (first - 1, 404, "at this moment"),
        ("1999-01-01T00:00:00Z", 404, "begins later"),
    ]:
        for where in (path, f"{path}/words"):
            problem = await refusal(service, "GET", where, params={"as_of": str(given)})
            assert (problem["status"], said in problem["detail"]) == (status, True), problem
    stranger = await service.new_key("other", "transcripts:read")
    answer = await service.client.get(f"{path}?as_of={head}", headers={"Authorization": stranger})
    assert answer.status_code == 404
    assert (await service.client.get(f"{path}?as_off=1")).status_code == 400


async def test_a_failure_is_shown_as_the_failure_that_it_was(service: Composed) -> None:
    transcription_id, _ = await service.submitted(audio_url="https://audio.example/a.mp3")
    path = f"{BASE}/{transcription_id}"
    await service.fail(transcription_id, "no such file")
    failed = await service.events.head()
    await service.submit()  # what comes after it changes nothing of the past
    then = await get(service, path, as_of=failed)
    assert (then["status"], then["error"], then["text"]) == ("error", "no such file", None)
    assert (await get(service, f"{path}/words", as_of=failed))["reason"] == "error"


async def test_a_list_shows_what_there_was_and_how_far_it_had_come(service: Composed) -> None:
    first = await completed(service, {"speaker_labels": True})
    second, _ = await service.submitted(audio_url="https://audio.example/b.mp3")
    between = await service.events.head()
    await service.complete(second, {"text": "late", "words": []})
    third = await service.submit()
    failed, _ = await service.submitted(audio_url="https://audio.example/c.mp3")
    await service.fail(failed, "no such file")
    head = await service.events.head()
    await service.projected()

    then = await get(service, BASE, as_of=between)
    assert [(one["id"], one["status"]) for one in then["items"]] == [
        (second, "processing"),
        (first, "completed"),
    ]
    assert (then["as_of"]["position"], then["next"]) == (between, None)
    now = await get(service, BASE)
    known = await get(service, BASE, as_of=head)
    assert [{**one, "erased_at": None} for one in now["items"]] == known["items"]
    assert [one["id"] for one in await pages(service, BASE, 1, as_of=head)] == [
        failed,
        third,
        second,
        first,
    ]
    [one] = await pages(service, BASE, 2, as_of=between, status="processing")
    assert one["id"] == second

    assert (await service.client.delete(f"{BASE}/{first}")).status_code == 200
    stub = (await get(service, BASE, as_of=between))["items"][-1]
    assert (stub["id"], stub["erased"], stub["audio_url"]) == (first, True, "")
    assert stub["erased_at"] > stub["completed_at"]
    stranger = await service.new_key("other", "transcripts:read")
    answer = await service.client.get(
        BASE, params={"as_of": head}, headers={"Authorization": stranger}
    )
    assert answer.json()["items"] == []


async def test_a_list_of_a_subject_shows_what_was_known_of_it(service: Composed) -> None:
    for number in range(3):
        body = {
            "audio_url": f"https://audio.example/{number}.mp3",
            "subject": f"caller {number % 2}",
        }
        assert (await service.client.post(BASE, json=body)).status_code == 201
    head = await service.events.head()
    found = await pages(service, BASE, 1, as_of=head, subject="caller 0")
    assert [one["audio_url"][-5] for one in found] == ["2", "0"]
    assert {one["subject"] for one in found} == {"caller 0"}


async def test_a_search_finds_what_was_known_then(service: Composed) -> None:
    entity = {"entity_type": "person_name", "text": "word7", "start": 700, "end": 790}
    asked = {"speaker_labels": True, "entity_detection": True}
    first = await completed(service, asked, entities=[entity])
    between = await service.events.head()
    second = await completed(service, asked, entities=[entity])
    await service.indexed()
    head = await service.events.head()

    async def found(path: str, **query: object) -> list[str]:
        page = await get(service, f"/api/v1/{path}", **query)
        assert page.get("as_of", {}).get("position") == query.get("as_of")
        return [one["transcript_id"] for one in page["items"]]

    counted = {"group": "transcript"}
    for path, query in (("search", {"q": "word7"}), ("entities", counted)):
        assert set(await found(path, **query)) == {first, second}
        assert set(await found(path, **query, as_of=head)) == {first, second}
        assert await found(path, **query, as_of=between) == [first]
        late = {"from": "2026-01-01T00:00:00Z"}
        assert await found(path, **query, **late, as_of=between) == [first]
        assert await found(path, **query, as_of=1) == []
    [total] = (await get(service, "/api/v1/entities", as_of=between))["items"]
    assert total["transcripts"] == 1
    await service.stand_still()
    await service.submit()
    behind = await service.events.head()
    problem = await refusal(service, "GET", "/api/v1/search", params={"q": "a1", "as_of": behind})
    assert problem["type"].endswith("search-not-ready")
