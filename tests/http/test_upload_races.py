"""A request that was answered 200 keeps its upload, whatever removes it at the same moment."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from pathlib import Path

from stenolog.commands.transcription.state import stream_of
from stenolog.compliance.upload_lifetime import UNUSED_MS
from stenolog.compliance.upload_users import UploadUsers
from stenolog.log.actors import OPERATOR
from stenolog.log.events.transcriptions import TranscriptionRequested
from stenolog.log.events.uploads import UPLOAD
from stenolog.log.facts import erasure_requested, upload_used
from stenolog.log.recorder import Cause, Fact, new_id
from tests.house.composed import Composed
from tests.http.test_erasure import delete
from tests.http.test_upload_lifetime import aged, names, types, upload

ROUNDS = 150
STEPS_MAX = 40  # turns of the loop by which one of both is late
LATE_S = 0.000_3  # a turn, where a machine's turns are too short: up to 12 ms together
USES = 1_050  # more than a page of a stream
USES_PER_APPEND = 50
TOGETHER = 60


async def request(service: Composed, url: str) -> int:
    """Use the upload; return the status."""
    answer = await service.client.post("/v2/transcript", json={"audio_url": url})
    return answer.status_code


async def later(turns: int) -> None:
    for _ in range(turns):
        await asyncio.sleep(0)


async def is_readable(service: Composed, upload_id: str) -> bool:
    opened = await service.uploads.open(upload_id)
    if opened is None:
        return False
    return b"".join([chunk async for chunk in opened[1]]) == b"audio of somebody"


async def test_a_request_and_a_deletion_of_the_other_user_at_once(service: Composed) -> None:
    kept = 0
    for number in range(ROUNDS):
        url, upload_id = await upload(service)
        first = await service.submit(audio_url=url)
        late = number % STEPS_MAX

        async def deleted(first: str = first, late: int = late) -> None:
            await later(STEPS_MAX - late)
            await delete(service, first)

        async def requested(url: str = url, late: int = late) -> int:
            await later(late)
            return await request(service, url)

        _, status = await asyncio.gather(deleted(), requested())
        assert status in {200, 403}
        assert await is_readable(service, upload_id) == (status == 200), await types(
            service, upload_id
        )
        kept += status == 200
        if status == 200:
            await service.uploads.discard(upload_id)  # a short folder makes short rounds
    assert 0 < kept < ROUNDS, "both came first now and then"


async def test_a_request_and_a_sweep_at_once(service: Composed) -> None:
    kept = 0
    for number in range(ROUNDS):
        url, upload_id = await upload(service)
        aged(service, upload_id, UNUSED_MS + 1)

        async def swept(number: int = number, late: int = number % STEPS_MAX) -> None:
            await later(late)
            await asyncio.sleep(late * LATE_S if number % 2 else 0)
            await service.lifetime.sweep()

        _, status = await asyncio.gather(swept(), request(service, url))
        assert status in {200, 403}
        assert await is_readable(service, upload_id) == (status == 200), await types(
            service, upload_id
        )
        kept += status == 200
        await service.uploads.discard(upload_id)
    assert kept, "the request came first now and then"


async def test_many_requests_use_one_upload_at_once(service: Composed) -> None:
    url, upload_id = await upload(service)
    statuses = await asyncio.gather(*(request(service, url) for _ in range(TOGETHER)))
    assert statuses == [200] * TOGETHER
    assert (await types(service, upload_id)).count("upload.used") == TOGETHER


async def test_a_request_and_its_use_are_in_the_log_together_or_not_at_all(
    service: Composed,
) -> None:
    url, upload_id = await upload(service)
    body = {"audio_url": url}
    key = {"Idempotency-Key": "once"}
    service.events.refusing = True
    refused = await service.client.post("/v2/transcript", json=body, headers=key)
    assert refused.status_code == 503
    service.events.refusing = False
    head = await service.events.head()
    first = await service.client.post("/v2/transcript", json=body, headers=key)
    again = await service.client.post("/v2/transcript", json=body, headers=key)
    assert first.json()["id"] == again.json()["id"]
    requested, used = await service.events.read(after=head)
    assert (requested.type, used.type) == ("transcription.requested", "upload.used")
    assert used.stream == UPLOAD + upload_id
    assert used.data == {"transcription": first.json()["id"]}
    assert (used.tenant, used.actor) == (requested.tenant, requested.actor)


async def test_a_use_that_cannot_be_read_keeps_the_file(service: Composed, tmp_path: Path) -> None:
    """Nobody knows whose it is: it may be of a transcription that was answered 200."""
    url, upload_id = await upload(service)
    first, second = [await service.submit(audio_url=url) for _ in range(2)]
    with contextlib.closing(sqlite3.connect(tmp_path / "log.db")) as file:
        file.execute(
            "UPDATE events SET bytes = 'x' WHERE stream = ? AND version < 3", (UPLOAD + upload_id,)
        )
        file.commit()
    service.events.forget()
    await delete(service, second)
    aged(service, upload_id, 2 * UNUSED_MS)
    assert await service.lifetime.sweep() == 0
    assert names(service) == [upload_id]
    await delete(service, first)  # it names its own use
    assert names(service) == []


async def test_an_upload_whose_stream_is_lost_is_kept(service: Composed, tmp_path: Path) -> None:
    """Of two uses that are gone nobody knows which is whose, and of none that there was none."""
    url, upload_id = await upload(service)
    first, second = [await service.submit(audio_url=url) for _ in range(2)]
    stream = UPLOAD + upload_id
    await service.submit()  # behind them: the log's own end is there
    with contextlib.closing(sqlite3.connect(tmp_path / "log.db")) as file:
        file.execute("DELETE FROM events WHERE stream = ? AND version > 1", (stream,))
        file.commit()
        service.events.forget()
        await delete(service, second)
        assert names(service) == [upload_id]
        file.execute("DELETE FROM events WHERE stream = ?", (stream,))
        file.commit()
    service.events.forget()
    aged(service, upload_id, 2 * UNUSED_MS)
    assert await service.lifetime.sweep() == 0
    assert names(service) == [upload_id]
    assert await service.handler.load(first)


async def test_uses_beyond_a_page_are_all_looked_at(service: Composed) -> None:
    url, upload_id = await upload(service)
    first = await service.submit(audio_url=url)
    state = await service.handler.load(first)
    cause = Cause(tenant=state.tenant, actor=OPERATOR, correlation_id=state.correlation_id)
    requested = TranscriptionRequested(
        provider="assemblyai", region="us", surface="v2", upload=upload_id
    )
    users = [new_id() for _ in range(USES)]

    async def erased(user: str) -> None:
        facts = [Fact(data=requested, payload=b"{}"), erasure_requested(user, "v2")]
        await service.facts.record(stream_of(user), facts, cause)

    for at in range(0, USES, USES_PER_APPEND):
        some = users[at : at + USES_PER_APPEND]
        await service.facts.record(UPLOAD + upload_id, [upload_used(one) for one in some], cause)
        await asyncio.gather(*(erased(one) for one in some))
    last = await service.submit(audio_url=url)
    looking = UploadUsers(service.events, service.handler, None, lambda: 0)
    assert (await looking.look(upload_id)).version == 1, "up to the first that holds"
    await delete(service, first)
    assert names(service) == [upload_id]
    assert (await looking.look(upload_id)).version == 2 + USES
    await delete(service, last)
    assert names(service) == []
