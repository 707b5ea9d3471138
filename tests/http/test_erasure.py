"""DELETE: nothing can be read here any more, and the answer is the service's, as often as asked."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from stenolog.commands.transcription.state import stream_of
from stenolog.wire.assemblyai.transcript import deleted_transcript
from tests.house.composed import Composed, composed
from tests.http.asking import get, pages, refusal
from tests.http.spoken import BASE, URL, answer_of, completed

SAID = "the-sentence-that-must-go"
SUBJECT = "patient-4711-subject"
UNKNOWN = {"error": "Transcript lookup error, transcript id not found"}
DELETED = "deleted_by_user"


async def delete(service: Composed, transcription_id: str) -> dict[str, Any]:
    answer = await service.client.delete(f"/v2/transcript/{transcription_id}")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert isinstance(body, dict)
    return body


def files_with(directory: Path, needle: bytes) -> list[str]:
    """The names of all files that hold these bytes."""
    return [
        str(file.relative_to(directory))
        for file in directory.rglob("*")
        if file.is_file() and needle in file.read_bytes()
    ]


async def test_the_answer_is_the_scrubbed_transcript_now_and_later(service: Composed) -> None:
    transcription_id = await completed(service, {}, text=SAID)
    expected = deleted_transcript(transcription_id, 10)
    assert await delete(service, transcription_id) == expected
    assert await get(service, f"/v2/transcript/{transcription_id}") == expected
    assert await delete(service, transcription_id) == expected
    await service.projected()
    assert await get(service, f"/v2/transcript/{transcription_id}") == expected
    assert (await service.stream(transcription_id))[-1].type == "erasure.requested"


@pytest.mark.parametrize("projected", [False, True])
async def test_a_key_that_is_lost_is_not_told_as_an_erasure(
    service: Composed, projected: bool
) -> None:
    if not projected:
        await service.stand_still()
    transcription_id, _ = await service.submitted(audio_url=URL)
    await service.complete(transcription_id, answer_of(text=SAID))
    if projected:
        await service.projected()
    await service.vault.destroy(f"transcription-{transcription_id}")
    assert (await service.client.get(f"/v2/transcript/{transcription_id}")).status_code == 503
    problem = await refusal(service, "GET", f"{BASE}/{transcription_id}")
    assert problem["status"] == 503
    if projected:
        problem = await refusal(service, "GET", f"{BASE}/{transcription_id}/words")
        assert problem["status"] == 503
    assert (await delete(service, transcription_id))["status"] == "completed"
    assert (await get(service, f"{BASE}/{transcription_id}"))["erased"] is True


async def test_two_at_once_are_one(service: Composed) -> None:
    transcription_id = await completed(service, {}, text=SAID)
    answers = await asyncio.gather(*(delete(service, transcription_id) for _ in range(5)))
    assert answers == [deleted_transcript(transcription_id, 10)] * 5
    types = [event.type for event in await service.stream(transcription_id)]
    assert types.count("erasure.requested") == 1


@pytest.mark.parametrize("standing", [False, True])
async def test_it_stays_listed_in_its_place_and_filters_as_completed(
    service: Composed, standing: bool
) -> None:
    first, erased, last = [await completed(service, {}) for _ in range(3)]
    if standing:
        await service.stand_still()
    await delete(service, erased)
    if not standing:
        await service.projected()
    page = await get(service, "/v2/transcript", status="completed")
    items = page["transcripts"]
    assert [item["id"] for item in items] == [last, erased, first]
    assert (items[1]["audio_url"], items[1]["status"]) == (DELETED, "completed")
    older = await get(service, "/v2/transcript", before_id=erased)
    assert [item["id"] for item in older["transcripts"]] == [first]


async def test_nothing_of_it_is_left_in_any_file(tmp_path: Path) -> None:
    async with composed(tmp_path) as service:
        transcription_id, registration = await service.submitted(
            audio_url=f"{URL}?{SUBJECT}", sentiment_analysis=True
        )
        await service.call_back(registration)
        found = [{"text": SAID, "start": 1, "end": 2}]
        await service.complete(
            transcription_id, answer_of(text=SAID, summary=SAID, sentiment_analysis_results=found)
        )
        await service.projected()
        kept = await completed(service, {}, text="the-sentence-that-stays")
        await service.projector.rebuild("all")
        await service.projected()
        wrapped = await service.keys.data_key_of(f"transcription-{transcription_id}")
        assert wrapped is not None
        assert files_with(tmp_path, wrapped.box) != []
        for needle in (SAID.encode(), SUBJECT.encode()):
            assert files_with(tmp_path, needle) == [], "all of it is sealed from the beginning"
        await delete(service, transcription_id)
        for needle in (SAID.encode(), SUBJECT.encode(), wrapped.box):
            assert files_with(tmp_path, needle) == []
        assert (await get(service, f"/v2/transcript/{kept}"))["text"] == "the-sentence-that-stays"


async def test_every_native_view_says_that_it_is_erased(service: Composed) -> None:
    transcription_id = await completed(service, {"speaker_labels": True}, text=SAID)
    answer = await service.client.delete(f"{BASE}/{transcription_id}")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["erased"], body["text"], body["audio_url"]) == (True, None, "")
    for view in ("words", "utterances", "speakers", "chapters"):
        page = await get(service, f"{BASE}/{transcription_id}/{view}")
        assert (page["items"], page["reason"]) == ([], "erased")
    await service.projected()
    for view in ("words", "utterances", "speakers", "chapters"):
        page = await get(service, f"{BASE}/{transcription_id}/{view}")
        assert (page["items"], page["reason"]) == ([], "erased")
    assert await get(service, f"{BASE}/{transcription_id}") == body
    [listed] = [one for one in await pages(service, BASE, 10) if one["id"] == transcription_id]
    assert (listed["erased"], listed["status"], listed["subject"]) == (True, "completed", None)


async def test_an_unfinished_one_is_erased_and_never_finishes(service: Composed) -> None:
    transcription_id, registration = await service.submitted(audio_url=URL)
    expected = deleted_transcript(transcription_id, None)
    assert await delete(service, transcription_id) == expected
    assert (transcription_id, "command") in service.wakes
    assert (await service.call_back(registration)).status_code == 204
    with pytest.raises(AssertionError):  # the command changes nothing
        await service.complete(transcription_id, {"text": SAID})
    await service.projected()
    assert await get(service, f"/v2/transcript/{transcription_id}") == expected


async def test_a_later_callback_is_recorded_without_its_content(service: Composed) -> None:
    transcription_id, registration = await service.submitted(audio_url=URL)
    await delete(service, transcription_id)
    assert (await service.call_back(registration)).status_code == 204
    [callback] = await service.received(transcription_id)
    assert callback.commitment is None
    assert await service.keys.data_key_of(callback.stream) is None


@pytest.mark.parametrize("outcome", ["none", "failed", "completed"])
async def test_it_is_erased_while_the_projector_stands_still(
    service: Composed, outcome: str
) -> None:
    await service.stand_still()
    transcription_id, _ = await service.submitted(audio_url=URL)
    if outcome == "failed":
        await service.fail(transcription_id, SAID)
    if outcome == "completed":
        await service.complete(transcription_id, {"text": SAID, "words": []})
    expected = await delete(service, transcription_id)
    assert expected == deleted_transcript(transcription_id, 10 if outcome == "completed" else None)
    assert await get(service, f"/v2/transcript/{transcription_id}") == expected
    await service.projected()
    assert await get(service, f"/v2/transcript/{transcription_id}") == expected


async def test_anothers_id_is_answered_as_one_that_never_existed(service: Composed) -> None:
    transcription_id = await completed(service, {}, text=SAID)
    other = {"Authorization": await service.new_key("other")}
    for unknown in (transcription_id, "11111111-2222-4333-8444-555555555555", "no-id"):
        answer = await service.client.delete(f"/v2/transcript/{unknown}", headers=other)
        assert (answer.status_code, answer.json()) == (400, UNKNOWN)
        problem = await refusal(service, "DELETE", f"{BASE}/{unknown}", headers=other)
        assert problem["status"] == 404
    assert (await get(service, f"/v2/transcript/{transcription_id}"))["text"] == SAID


async def test_a_key_that_may_only_read_erases_nothing(service: Composed) -> None:
    transcription_id = await completed(service, {}, text=SAID)
    reading = {"Authorization": await service.new_key("default", "transcripts:read")}
    answer = await service.client.delete(f"/v2/transcript/{transcription_id}", headers=reading)
    assert answer.status_code == 403
    assert (await get(service, f"/v2/transcript/{transcription_id}"))["text"] == SAID


@pytest.mark.parametrize("version", [1, 2, 4])
async def test_what_can_be_read_can_be_erased_whatever_record_is_damaged(
    tmp_path: Path, version: int
) -> None:
    async with composed(tmp_path) as service:
        uploaded = await service.client.post("/v2/upload", content=b"audio of somebody")
        audio_url = uploaded.json()["upload_url"]
        transcription_id, _ = await service.submitted(audio_url=audio_url, prompt=SUBJECT)
        await service.complete(transcription_id, answer_of(text=SAID))
        await service.submit()  # the log's last record must be whole
        await service.projected()
    with contextlib.closing(sqlite3.connect(tmp_path / "log.db")) as file:
        file.execute(
            "UPDATE events SET bytes = 'x' WHERE stream = ? AND version = ?",
            (f"transcription-{transcription_id}", version),
        )
        file.commit()
    async with composed(tmp_path) as service:
        assert (await get(service, f"/v2/transcript/{transcription_id}"))["text"] == SAID
        deleted = await delete(service, transcription_id)
        assert deleted == await delete(service, transcription_id)
        assert (await get(service, f"/v2/transcript/{transcription_id}")) == deleted
        assert list(service.uploads_directory.iterdir()) == []
        assert await service.keys.data_key_of(f"transcription-{transcription_id}") is None
        for needle in (SAID, SUBJECT):
            assert files_with(tmp_path, needle.encode()) == []


async def test_whose_it_is_and_what_it_used_is_known_without_views_and_its_first_record(
    tmp_path: Path,
) -> None:
    async with composed(tmp_path) as service:
        await service.stand_still()
        uploaded = await service.client.post("/v2/upload", content=b"audio of somebody")
        audio_url = uploaded.json()["upload_url"]
        transcription_id, _ = await service.submitted(audio_url=audio_url, prompt=SUBJECT)
        await service.submit()  # the log's last record must be whole
    with contextlib.closing(sqlite3.connect(tmp_path / "log.db")) as file:
        file.execute(
            "UPDATE events SET bytes = 'x' WHERE stream = ? AND version = 1",
            (stream_of(transcription_id),),
        )
        file.commit()
    async with composed(tmp_path) as service:
        await service.stand_still()
        assert await service.views.transcription(transcription_id) is None
        stranger = {"Authorization": await service.new_key("another")}
        path = f"/v2/transcript/{transcription_id}"
        refused = await service.client.delete(path, headers=stranger)
        assert (refused.status_code, refused.json()) == (400, UNKNOWN)
        await delete(service, transcription_id)
        assert list(service.uploads_directory.iterdir()) == []
        assert await service.keys.data_key_of(stream_of(transcription_id)) is None


async def test_nothing_is_destroyed_for_an_erasure_that_was_not_requested(
    service: Composed,
) -> None:
    transcription_id = await service.submit()
    with pytest.raises(AssertionError, match="requested"):
        await service.eraser.erase_now(
            transcription_id, requested_position=0, upload=None, handle_sealed=False
        )
    with pytest.raises(AssertionError, match="requested"):
        await service.eraser.erase(await service.handler.load(transcription_id))
    assert await service.keys.data_key_of(stream_of(transcription_id)) is not None
    await service.projected()
    row = await service.views.transcription(transcription_id)
    assert row is not None
    assert not row.erased
