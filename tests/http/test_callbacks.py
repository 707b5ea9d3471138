"""Signed callbacks: answered after the commit, recorded once, at any moment of a life."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import replace

from stenolog.commands.transcription.commands import AbandonSubmission
from tests.house.composed import Composed
from tests.house.waiting import until
from tests.http.callback_bodies import MEGABYTE, padded, payload_of


async def test_a_signed_callback_is_answered_after_it_is_in_the_log(service: Composed) -> None:
    transcription_id, registration = await service.submitted()
    answer = await service.call_back(registration, headers={"User-Agent": "provider/1"})
    assert (answer.status_code, answer.content) == (204, b"")
    [event] = await service.received(transcription_id)
    assert event.data == {
        "submission": 1,
        "kid": service.signing.current,
        "kind": "completed",
        "provider_job": "job-1",
        "body_bytes": len(json.dumps({"transcript_id": "job-1", "status": "completed"})),
    }
    requested = (await service.stream(transcription_id))[0]
    assert (event.tenant, event.correlation_id) == (requested.tenant, requested.correlation_id)
    assert event.actor != requested.actor
    content = await payload_of(service, transcription_id)
    assert content["headers"] == {"user-agent": "provider/1"}
    body = base64.b64decode(str(content["body"]))
    assert json.loads(body) == {"transcript_id": "job-1", "status": "completed"}


async def test_the_answer_waits_for_the_commit_and_for_nothing_else(service: Composed) -> None:
    await service.stand_still()
    _, registration = await service.submitted()
    service.events.passing.clear()
    before = service.events.appends
    answering = asyncio.create_task(service.call_back(registration))
    await until(lambda: service.events.appends > before)
    assert not answering.done()
    service.events.passing.set()
    assert (await answering).status_code == 204


async def test_a_callback_before_our_own_acceptance_is_recorded(service: Composed) -> None:
    transcription_id = await service.submit()
    registration = await service.claim(transcription_id)
    assert (await service.call_back(registration)).status_code == 204
    await service.accept(transcription_id)
    types = [event.type for event in await service.stream(transcription_id)]
    assert types[-2:] == ["callback.received", "submission.accepted"]


async def test_a_hundred_concurrent_duplicates_are_recorded_once(service: Composed) -> None:
    transcription_id, registration = await service.submitted()
    before = service.events.appends
    answers = await asyncio.gather(*(service.call_back(registration) for _ in range(100)))
    assert {answer.status_code for answer in answers} == {204}
    assert len(await service.received(transcription_id)) == 1
    assert service.events.appends == before + 1, "a known duplicate costs no append"
    assert service.wakes.count((transcription_id, "callback")) == 99
    assert service.counted("stenolog_callbacks_total") == {
        '{outcome="recorded"}': 1.0,
        '{outcome="duplicate"}': 99.0,
    }


async def test_a_duplicate_that_only_the_log_knows_is_recorded_once(service: Composed) -> None:
    """As after a restart: nothing is remembered in memory."""
    transcription_id, registration = await service.submitted()
    service.events.losing_replies = True
    assert (await service.call_back(registration)).status_code == 503
    service.events.losing_replies = False
    assert (await service.call_back(registration)).status_code == 204
    assert len(await service.received(transcription_id)) == 1
    assert service.wakes == [(transcription_id, "callback")]


async def test_kinds_of_callbacks_are_recorded_in_any_order_once_each(service: Composed) -> None:
    transcription_id, registration = await service.submitted()
    bodies = [
        b'{"status": "redacted_audio_ready", "redacted_audio_url": "https://cdn.example/a"}',
        b'{"transcript_id": "job-1", "status": "error"}',
        b'{"transcript_id": "job-1", "status": "completed"}',
        b'{"transcript_id": "job-1", "status": "something new"}',
        padded(MEGABYTE),
    ]
    for body in [*bodies, *reversed(bodies)]:
        assert (await service.call_back(registration, body)).status_code == 204
    kinds = [event.data["kind"] for event in await service.received(transcription_id)]
    assert kinds == ["redacted_audio", "error", "completed", "unreadable", "oversized"]


async def test_late_callbacks_after_the_end_change_nothing(service: Composed) -> None:
    transcription_id, registration = await service.submitted()
    await service.complete(transcription_id, {"status": "completed", "text": "done", "words": []})
    assert (await service.call_back(registration)).status_code == 204
    await service.projected()
    answer = await service.client.get(f"/v2/transcript/{transcription_id}")
    assert (answer.json()["status"], answer.json()["text"]) == ("completed", "done")


async def test_a_superseded_submissions_token_is_still_ours(service: Composed) -> None:
    transcription_id = await service.submit()
    first = await service.claim(transcription_id)
    await service.run(transcription_id, AbandonSubmission(number=1, reason="not-listed"))
    second = await service.claim(transcription_id, 2)
    assert (await service.call_back(first)).status_code == 204
    assert (await service.call_back(second)).status_code == 204
    numbers = [event.data["submission"] for event in await service.received(transcription_id)]
    assert numbers == [1, 2]


async def test_another_transcriptions_token_speaks_for_that_one_only(service: Composed) -> None:
    mine, registration = await service.submitted()
    other, others = await service.submitted()
    assert (await service.call_back(others)).status_code == 204
    assert len(await service.received(other)) == 1
    assert await service.received(mine) == []
    crossed = replace(registration, header=others.header)
    assert (await service.call_back(crossed)).status_code == 401


async def test_a_log_that_cannot_commit_asks_the_provider_to_come_again(
    service: Composed,
) -> None:
    transcription_id, registration = await service.submitted()
    service.events.refusing = True
    answers = await asyncio.gather(*(service.call_back(registration) for _ in range(10)))
    assert {answer.status_code for answer in answers} == {503}
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in answers)
    assert await service.received(transcription_id) == []
    service.events.refusing = False
    assert (await service.call_back(registration)).status_code == 204
    assert len(await service.received(transcription_id)) == 1
