"""A create with a key is done once."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from stenolog.commands.transcription.state import stream_of
from tests.house.composed import Composed, composed
from tests.house.waiting import until

BODY = {"audio_url": "https://audio.example/a.mp3", "speaker_labels": True}
PATHS = ("/v2/transcript", "/api/v1/transcripts")


async def create(service: Composed, path: str, key: str, **more: Any) -> Any:
    headers = {"Idempotency-Key": key, **more.pop("headers", {})}
    return await service.client.post(path, json={**BODY, **more}, headers=headers)


async def requested(service: Composed) -> int:
    events = await service.recorded()
    return sum(event.type == "transcription.requested" for event in events)


def stored(directory: Path) -> bytes:
    """Everything that the stores keep."""
    files = list(directory.glob("*.db*"))
    assert len(files) >= 3
    return b"".join(file.read_bytes() for file in files)


@pytest.mark.parametrize("path", PATHS)
async def test_the_same_request_is_answered_again_and_done_once(
    service: Composed, path: str
) -> None:
    first = await create(service, path, "order-7")
    await service.claim(first.json()["id"])  # it is processing meanwhile
    await service.projected()
    again = await create(service, path, "order-7")
    assert first.status_code == again.status_code < 300
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.content == first.content
    assert again.headers.get("Location") == first.headers.get("Location")
    assert await requested(service) == 1


@pytest.mark.parametrize("path", PATHS)
async def test_of_many_at_the_same_time_one_is_done(service: Composed, path: str) -> None:
    service.events.passing.clear()
    before = service.events.appends
    running = [asyncio.create_task(create(service, path, "k")) for _ in range(10)]
    await until(lambda: service.events.appends == before + 10)
    service.events.passing.set()
    answers = await asyncio.gather(*running)
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotent-Replayed" not in answer.headers for answer in answers) == 1
    assert await requested(service) == 1


@pytest.mark.parametrize(("path", "status"), [(PATHS[0], 400), (PATHS[1], 409)])
async def test_another_request_with_the_key_is_refused(
    service: Composed, path: str, status: int
) -> None:
    await create(service, path, "k")
    for more in ({"speaker_labels": False}, {"punctuate": True}):
        answer = await create(service, path, "k", **more)
        assert answer.status_code == status
        assert "used for another request" in answer.text
    assert await requested(service) == 1


async def test_what_is_said_in_headers_belongs_to_the_request(service: Composed) -> None:
    await create(service, PATHS[0], "k", headers={"Stenolog-Subject": "one"})
    answer = await create(service, PATHS[0], "k", headers={"Stenolog-Subject": "two"})
    assert answer.status_code == 400
    answer = await create(service, PATHS[0], "k", headers={"Stenolog-Provider": "local"})
    assert answer.status_code == 400


async def test_the_other_surface_is_another_request(service: Composed) -> None:
    await create(service, PATHS[0], "k")
    assert (await create(service, PATHS[1], "k")).status_code == 409


async def test_a_key_is_its_tenants_own(service: Composed) -> None:
    mine = await create(service, PATHS[0], "k")
    other = {"Authorization": await service.new_key("another")}
    theirs = await create(service, PATHS[0], "k", headers=other, speaker_labels=False)
    assert theirs.status_code == 200
    assert theirs.json()["id"] != mine.json()["id"]


async def test_a_refused_request_does_not_use_up_its_key(service: Composed) -> None:
    assert (await create(service, PATHS[0], "k", speech_threshold=7)).status_code == 400
    answer = await create(service, PATHS[0], "k")
    assert answer.status_code == 200
    assert "Idempotent-Replayed" not in answer.headers


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("key", ["", "k" * 256, "a b", "schl\xfcssel"])
async def test_a_key_that_is_none_is_refused(service: Composed, path: str, key: str) -> None:
    answer = await service.client.post(
        path, json=BODY, headers=[(b"Idempotency-Key", key.encode("latin-1"))]
    )
    assert answer.status_code == 400
    assert "Idempotency-Key" in answer.text


async def test_two_keys_are_refused(service: Composed) -> None:
    headers = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    answer = await service.client.post(PATHS[0], json=BODY, headers=headers)
    assert answer.status_code == 400


async def test_a_lost_reply_is_not_taken_for_a_replay(service: Composed) -> None:
    service.events.losing_replies = True
    assert (await create(service, PATHS[0], "k")).status_code == 503
    service.events.losing_replies = False
    answer = await create(service, PATHS[0], "k")
    assert answer.headers["Idempotent-Replayed"] == "true"
    assert await requested(service) == 1


async def test_a_key_is_known_after_a_restart_and_is_nowhere_in_clear(tmp_path: Path) -> None:
    async with composed(tmp_path) as service:
        first = await create(service, PATHS[0], "a-key-to-be-found")
        bearer = {"Authorization": service.key}
    async with composed(tmp_path) as service:
        again = await create(service, PATHS[0], "a-key-to-be-found", headers=bearer)
        assert again.content == first.content
        assert again.headers["Idempotent-Replayed"] == "true"
        event = (await service.recorded())[0]
        assert "idempotency" not in str(event.data)
    assert b"a-key-to-be-found" not in await asyncio.to_thread(stored, tmp_path)


async def test_once_the_request_is_erased_its_key_stays_refused(
    service: Composed, tmp_path: Path
) -> None:
    answer = await create(service, PATHS[1], "k")
    transcription_id = answer.json()["id"]
    with contextlib.closing(sqlite3.connect(tmp_path / "keys.db")) as keys:
        keys.execute("DELETE FROM data_keys WHERE stream = ?", (stream_of(transcription_id),))
        keys.execute("INSERT INTO destroyed VALUES (?)", (stream_of(transcription_id),))
        keys.commit()
    answer = await create(service, PATHS[1], "k")
    assert answer.status_code == 409
    assert "erased" in answer.json()["detail"]
