"""With a retention an upload goes so long after the outcomes of those that used it, not before."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

from stenolog.clock import now_ms
from stenolog.commands.transcription.commands import FailSubmission
from stenolog.compliance.upload_lifetime import UNUSED_MS
from stenolog.compliance.upload_users import UploadUsers
from stenolog.log.events.uploads import UPLOAD
from tests.house.composed import Composed, composed
from tests.house.waiting import until
from tests.http.asking import get
from tests.http.spoken import answer_of
from tests.http.test_upload_lifetime import aged, names, types, upload

MINUTE_MS = 60_000


@contextlib.asynccontextmanager
async def keeping_none(directory: Path) -> AsyncIterator[Composed]:
    """A service that keeps no upload beyond the outcome, and follows its log."""
    async with composed(directory, upload_retention_ms=0) as service, asyncio.TaskGroup() as group:
        loops = [group.create_task(loop()) for loop in service.parts.erasing.loops]
        try:
            yield service
        finally:
            for loop in loops:
                loop.cancel()


async def test_with_0_it_goes_with_the_outcome_and_a_resubmission_still_has_it(
    tmp_path: Path,
) -> None:
    async with keeping_none(tmp_path) as service:
        url, upload_id = await upload(service)
        transcription_id, _ = await service.submitted(audio_url=url)
        failed = FailSubmission(number=1, kind="server-error", wake="callback")
        await service.run(transcription_id, failed, submission_failed=b"{}")
        await service.lifetime.sweep()
        assert names(service) == [upload_id], "the next submission sends it once more"
        await service.claim(transcription_id, 2)
        await service.accept(transcription_id, 2, "job-2")
        await service.complete(transcription_id, answer_of(text="said"), 2)
        await until(lambda: names(service) == [])
        assert await types(service, upload_id) == [
            "upload.stored",
            "upload.used",
            "upload.released",
        ]
        await service.projected()
        assert (await get(service, f"/v2/transcript/{transcription_id}"))["text"] == "said"
        again = await service.client.post("/v2/transcript", json={"audio_url": url})
        assert (again.status_code, again.json()) == (403, {"error": "Cannot access uploaded file"})


async def test_with_0_it_stays_until_the_last_of_its_users_has_its_outcome(tmp_path: Path) -> None:
    async with keeping_none(tmp_path) as service:
        url, upload_id = await upload(service)
        _, unused = await upload(service)
        first, second = [(await service.submitted(audio_url=url))[0] for _ in range(2)]
        await service.complete(first, answer_of(text="said"))
        _, other = await upload(service)
        # Outcomes are heeded in order: once this one's file is gone, the first was looked at.
        third, _ = await service.submitted(audio_url=(await upload(service))[0])
        await service.complete(third, answer_of(text="said"))
        await until(lambda: len(names(service)) == 3)
        assert names(service) == sorted([upload_id, unused, other])
        await service.fail(second, "it could not be read")
        await until(lambda: names(service) == sorted([unused, other]))


async def test_an_outcome_that_a_crash_hid_is_found_by_the_sweep(tmp_path: Path) -> None:
    async with composed(tmp_path, upload_retention_ms=0) as service:  # nobody follows the log
        url, upload_id = await upload(service)
        transcription_id, _ = await service.submitted(audio_url=url)
        await service.complete(transcription_id, answer_of(text="said"))
        assert names(service) == [upload_id]
        behind = UploadUsers(service.events, service.handler, 0, partial(int, now_ms() - MINUTE_MS))
        assert not (await behind.look(upload_id)).needed, "whatever the clock says"
        assert await service.lifetime.sweep() == 1
        assert names(service) == []
        [*_, released] = await service.events.read_stream(UPLOAD + upload_id)
        assert released.data == {"reason": "retention"}


async def test_a_number_counts_from_the_last_outcome(tmp_path: Path) -> None:
    async with composed(tmp_path, upload_retention_ms=MINUTE_MS) as service:
        url, upload_id = await upload(service)
        transcription_id, _ = await service.submitted(audio_url=url)
        aged(service, upload_id, UNUSED_MS)
        assert await service.lifetime.sweep() == 0
        await service.complete(transcription_id, answer_of(text="said"))
        assert await service.lifetime.sweep() == 0
        assert names(service) == [upload_id]
        ended_ms = now_ms()
        for at_ms, needed in ((ended_ms + MINUTE_MS - 10_000, True), (ended_ms + MINUTE_MS, False)):
            clock = partial(int, at_ms)
            users = UploadUsers(service.events, service.handler, MINUTE_MS, clock)
            assert (await users.look(upload_id)).needed is needed
        _, unused = await upload(service)
        aged(service, unused, MINUTE_MS + 1)
        assert await service.lifetime.sweep() == 1
        assert names(service) == [upload_id]


async def test_with_0_one_that_none_used_is_kept_for_a_day(tmp_path: Path) -> None:
    async with composed(tmp_path, upload_retention_ms=0) as service:
        _, young = await upload(service)
        _, old = await upload(service)
        aged(service, young, UNUSED_MS - MINUTE_MS)
        aged(service, old, UNUSED_MS + 1)
        assert await service.lifetime.sweep() == 1
        assert names(service) == [young]


async def test_a_hold_keeps_a_file_that_another_transcription_needed_longer(
    tmp_path: Path,
) -> None:
    async with composed(tmp_path, upload_retention_ms=0) as service:
        url, upload_id = await upload(service)
        first, second = [(await service.submitted(audio_url=url))[0] for _ in range(2)]
        await service.complete(first, answer_of(text="said"))
        assert await service.lifetime.sweep() == 0, "the second needs it"
        hold = {"transcript_id": first, "reason": "why"}
        placed = await service.client.post("/api/v1/holds", json=hold)
        assert placed.status_code == 201
        await service.complete(second, answer_of(text="said"))
        assert await service.lifetime.sweep() == 0
        assert names(service) == [upload_id]
        await service.client.delete(f"/api/v1/holds/{placed.json()['id']}")
        assert await service.lifetime.sweep() == 1
        assert names(service) == []
