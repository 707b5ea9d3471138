"""Uploads go with the last transcription that used them, or when none ever did."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import time
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog

from stenolog.compliance.left_upload_keys import LeftUploadKeys
from stenolog.compliance.upload_lifetime import (
    FAILURES_PER_SWEEP_MAX,
    FILES_PER_SWEEP_MAX,
    ORPHAN_MS,
    UNUSED_MS,
    sweep_once,
)
from stenolog.errors import KeyMissing
from stenolog.log.events.uploads import UPLOAD
from tests.house.composed import Composed, composed
from tests.http.test_erasure import delete


def names(service: Composed) -> list[str]:
    return sorted(file.name for file in service.uploads_directory.iterdir())


async def upload(service: Composed) -> tuple[str, str]:
    """Its URL and its id."""
    before = set(names(service))
    answer = await service.client.post("/v2/upload", content=b"audio of somebody")
    [upload_id] = set(names(service)) - before
    return str(answer.json()["upload_url"]), upload_id


def aged(service: Composed, upload_id: str, age_ms: int) -> None:
    at = time.time() - age_ms / 1000
    os.utime(service.uploads_directory / upload_id, (at, at))


async def types(service: Composed, upload_id: str) -> list[str]:
    return [event.type for event in await service.events.read_stream(UPLOAD + upload_id)]


async def test_it_goes_with_the_last_transcription_that_used_it(service: Composed) -> None:
    url, upload_id = await upload(service)
    first = await service.submit(audio_url=url)
    second = await service.submit(audio_url=url)
    await delete(service, first)
    assert names(service) == [upload_id]
    wrapped = await service.keys.data_key_of(UPLOAD + upload_id)
    await delete(service, second)
    assert names(service) == []
    assert await types(service, upload_id) == [
        "upload.stored",
        "upload.used",
        "upload.used",
        "upload.released",
    ]
    assert wrapped is not None
    assert await service.keys.data_key(wrapped.key_id) is None
    with pytest.raises(KeyMissing):
        await service.vault.key_of(UPLOAD + upload_id)
    refused = await service.client.post("/v2/transcript", json={"audio_url": url})
    assert (refused.status_code, refused.json()) == (403, {"error": "Cannot access uploaded file"})


async def test_one_that_none_used_goes_after_its_retention(service: Composed) -> None:
    _, unused = await upload(service)
    _, young = await upload(service)
    url, used = await upload(service)
    await service.submit(audio_url=url)
    aged(service, unused, UNUSED_MS + 1)
    aged(service, used, UNUSED_MS + 1)
    aged(service, young, UNUSED_MS - 60_000)
    assert await service.lifetime.sweep() == 1
    assert names(service) == sorted([young, used])
    assert await types(service, unused) == ["upload.stored", "upload.released"]
    assert await service.lifetime.sweep() == 0


async def test_who_uses_it_is_known_while_the_views_stand_still(service: Composed) -> None:
    await service.stand_still()
    url, used = await upload(service)
    first, second = [await service.submit(audio_url=url) for _ in range(2)]
    await delete(service, first)
    aged(service, used, UNUSED_MS + 1)
    assert await service.lifetime.sweep() == 0
    assert names(service) == [used]
    await delete(service, second)
    assert names(service) == []


async def test_a_file_without_an_event_goes_and_one_just_written_stays(
    service: Composed,
) -> None:
    orphan, fresh = str(uuid.uuid4()), str(uuid.uuid4())

    async def content() -> AsyncIterator[bytes]:
        yield b"bytes"

    for one in (orphan, fresh):
        await service.uploads.store(one, content(), bytes_max=100)
    aged(service, orphan, ORPHAN_MS + 1)
    assert await service.lifetime.sweep() == 1
    assert names(service) == [fresh]
    assert await service.keys.data_key_of(UPLOAD + orphan) is None


async def test_a_key_without_file_and_record_goes_and_that_of_a_lost_file_stays(
    service: Composed,
) -> None:
    """A crash came between the key and the file's name; or the file was lost, and is known."""
    _, whole = await upload(service)
    _, lost = await upload(service)
    (service.uploads_directory / lost).unlink()
    left = str(uuid.uuid4())
    await service.vault.keep(service.vault.new_key(UPLOAD + left))
    arriving, begun, go_on = str(uuid.uuid4()), asyncio.Event(), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield b"bytes"
        await service.vault.keep(service.vault.new_key(UPLOAD + other))
        begun.set()
        await go_on.wait()

    other = str(uuid.uuid4())
    clearing = LeftUploadKeys(service.events, service.keys, service.vault, service.uploads)
    storing = asyncio.create_task(service.uploads.store(arriving, slowly(), bytes_max=100))
    await begun.wait()
    assert await service.uploads.without_file([arriving, other]) == [other]
    assert await clearing.clear() == 2
    go_on.set()
    await storing
    with_keys = await service.keys.streams_with_keys(UPLOAD, after="", limit=10)
    assert set(with_keys) == {UPLOAD + one for one in (whole, lost, arriving)}
    assert not await service.keys.is_destroyed(UPLOAD + lost)
    assert await clearing.clear() == 0


async def test_a_file_of_another_log_is_left_alone_and_told_of(
    service: Composed, tmp_path: Path
) -> None:
    async with composed(tmp_path / "other") as other:
        await upload(other)
        [file] = other.uploads_directory.iterdir()
        file.rename(service.uploads_directory / file.name)
    aged(service, file.name, 2 * UNUSED_MS)
    with structlog.testing.capture_logs() as lines:
        assert await service.lifetime.sweep() == 0
    [told] = [line for line in lines if line["event"] == "uploads.of_another_log"]
    assert told["files"] == 1
    assert names(service) == [file.name]


async def test_what_a_crash_left_of_a_released_one_goes_with_the_next_sweep(
    service: Composed,
) -> None:
    url, upload_id = await upload(service)
    file = service.uploads_directory / upload_id
    sealed = file.read_bytes()
    await delete(service, await service.submit(audio_url=url))
    file.write_bytes(sealed)  # as if the power went before the directory was on the disk
    aged(service, upload_id, ORPHAN_MS + 1)
    assert await service.lifetime.sweep() == 1
    assert names(service) == []


async def damage(service: Composed, upload_id: str, tmp_path: Path) -> None:
    """What the log has of the upload cannot be read any more."""
    await service.submit()  # the log's last record must be whole
    with contextlib.closing(sqlite3.connect(tmp_path / "log.db")) as file:
        file.execute("UPDATE events SET bytes = 'x' WHERE stream = ?", (UPLOAD + upload_id,))
        file.commit()
    service.events.forget()


async def test_a_damaged_record_keeps_no_upload_and_ends_no_sweep(
    service: Composed, tmp_path: Path
) -> None:
    _, damaged = await upload(service)
    _, unused = await upload(service)
    await damage(service, damaged, tmp_path)
    aged(service, damaged, ORPHAN_MS + 1)
    assert await service.lifetime.sweep() == 0
    for one in (damaged, unused):
        aged(service, one, UNUSED_MS + 1)
    assert await service.lifetime.sweep() == 2
    assert names(service) == []
    assert await service.keys.data_key_of(UPLOAD + damaged) is None


async def test_an_upload_of_which_every_record_is_gone_is_not_taken_for_unused(
    service: Composed, tmp_path: Path
) -> None:
    _, upload_id = await upload(service)
    await service.submit()
    with contextlib.closing(sqlite3.connect(tmp_path / "log.db")) as file:
        file.execute("DELETE FROM events WHERE stream = ?", (UPLOAD + upload_id,))
        file.commit()
    service.events.forget()
    aged(service, upload_id, 2 * UNUSED_MS)
    for _ in range(2):
        assert await service.lifetime.sweep() == 0
    assert await service.keys.data_key_of(UPLOAD + upload_id) is not None


async def test_an_upload_whose_record_is_damaged_goes_with_its_transcription(
    service: Composed, tmp_path: Path
) -> None:
    url, upload_id = await upload(service)
    transcription_id = await service.submit(audio_url=url)
    await damage(service, upload_id, tmp_path)
    await delete(service, transcription_id)
    assert names(service) == []
    assert await service.keys.data_key_of(UPLOAD + upload_id) is None


@pytest.mark.parametrize("fault", ["refusing", "losing_replies"])
async def test_a_sweep_that_a_store_refuses_is_left_to_the_next(
    service: Composed, fault: str
) -> None:
    _, unused = await upload(service)
    aged(service, unused, UNUSED_MS + 1)
    setattr(service.events, fault, True)
    await sweep_once(service.lifetime)
    assert names(service) == [unused]
    setattr(service.events, fault, False)
    await sweep_once(service.lifetime)
    assert names(service) == []


async def test_a_full_page_of_files_is_not_the_end_of_a_round(service: Composed) -> None:
    for number in range(FILES_PER_SWEEP_MAX + 1):
        (service.uploads_directory / str(uuid.UUID(int=number))).touch()
    assert await service.lifetime.sweep() == 0
    assert service.lifetime.in_mid_round
    assert await service.lifetime.sweep() == 0
    assert not service.lifetime.in_mid_round


def irremovable(service: Composed, number: int) -> str:
    """A directory in the place of a file, before all real ones: nobody can unlink it."""
    upload_id = str(uuid.UUID(int=number))
    (service.uploads_directory / upload_id).mkdir()
    aged(service, upload_id, ORPHAN_MS + 1)
    return upload_id


async def test_a_file_that_cannot_be_removed_ends_no_sweep(service: Composed) -> None:
    stays = irremovable(service, 1)
    _, unused = await upload(service)
    aged(service, unused, UNUSED_MS + 1)
    with structlog.testing.capture_logs() as lines:
        assert await service.lifetime.sweep() == 1
    assert names(service) == [stays]
    [told] = [line for line in lines if line["event"] == "uploads.not_swept"]
    assert told["files"] == 1
    assert not service.lifetime.in_mid_round


async def test_a_sweep_that_ends_early_passes_over_nothing(service: Composed) -> None:
    stay = [irremovable(service, number) for number in range(FAILURES_PER_SWEEP_MAX)]
    _, unused = await upload(service)
    aged(service, unused, UNUSED_MS + 1)
    assert await service.lifetime.sweep() == 0
    assert service.lifetime.in_mid_round
    assert await service.lifetime.sweep() == 1
    assert names(service) == stay
    assert not service.lifetime.in_mid_round


async def test_what_is_no_upload_is_left_alone(service: Composed) -> None:
    with (service.uploads_directory / "README").open("w"):
        pass
    aged(service, "README", 2 * UNUSED_MS)
    assert await service.lifetime.sweep() == 0
    assert names(service) == ["README"]
