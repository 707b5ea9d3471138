"""Signed callbacks: what is answered, what is recorded, and what is not believed."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest

from service.commands.callback_tokens import (
    HEADER_NAME,
    CallbackKeys,
    Registration,
    register,
)
from service.commands.decide import AbandonSubmission
from service.edge.callbacks import BODY_BYTES_MAX
from tests.http.composed import DEADLINE_S, Composed, until

MEGABYTE = 1_000_000


def padded(size: int) -> bytes:
    """A correct body of exactly `size` bytes."""
    body = json.dumps({"transcript_id": "job-1", "status": "completed", "pad": ""}).encode()
    return body[:-2] + b"x" * (size - len(body)) + b'"}'


async def payload_of(service: Composed, transcription_id: str, index: int = 0) -> dict[str, object]:
    event = (await service.received(transcription_id))[index]
    payload = await service.handler.payload_of(event.id, event.position)
    assert payload is not None
    content = json.loads(payload)
    assert isinstance(content, dict)
    return content


async def test_a_signed_callback_is_answered_after_it_is_in_the_log(service: Composed) -> None:
    transcription_id, registration = await service.submitted()
    answer = await service.call_back(registration, headers={"User-Agent": "provider/1"})
    assert (answer.status_code, answer.content) == (204, b"")
    [event] = await service.received(transcription_id)
    assert event.data == {
        "submission": 1,
        "kid": 2,
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


def changed(token: str, at: int) -> str:
    return token[:at] + ("B" if token[at] == "A" else "A") + token[at + 1 :]


FORGERIES: dict[str, tuple[Callable[[Registration], Registration], str]] = {
    "first character": (lambda r: replace(r, token=changed(r.token, 0)), "unknown_key"),
    "middle character": (lambda r: replace(r, token=changed(r.token, 36)), "bad_token"),
    "last character": (lambda r: replace(r, token=changed(r.token, 71)), "bad_token"),
    "truncated": (lambda r: replace(r, token=r.token[:-8]), "malformed"),
    "cut to half": (lambda r: replace(r, token=r.token[:36]), "malformed"),
    "extended": (lambda r: replace(r, token=r.token + "AAAA"), "malformed"),
    "random": (lambda r: replace(r, token="Zm9v" * 18), "unknown_key"),
    "not base64url": (lambda r: replace(r, token="%21%21%21"), "malformed"),
    "not ASCII": (lambda r: replace(r, token="%C3%A9" * 72), "malformed"),
    "a path": (lambda r: replace(r, token=f"{r.token}/more"), "malformed"),
    "wrong header": (lambda r: replace(r, header="x" * 43), "bad_header"),
    "empty header": (lambda r: replace(r, header=""), "no_header"),
}


@pytest.mark.parametrize("name", FORGERIES)
async def test_a_forged_callback_is_refused_without_detail(service: Composed, name: str) -> None:
    forge, reason = FORGERIES[name]
    transcription_id, registration = await service.submitted()
    head = await service.events.head()
    for body in (b"{}", padded(MEGABYTE)):
        answer = await service.call_back(forge(registration), body)
        assert (answer.status_code, answer.content) == (401, b"")
    assert await service.events.head() == head, "a forged callback never reaches the log"
    assert service.wakes == []
    refused = service.counted("stenolog_callbacks_refused_total")
    assert refused == {f'{{reason="{reason}"}}': 2.0}
    assert (await service.call_back(registration)).status_code == 204
    assert len(await service.received(transcription_id)) == 1


async def test_a_callback_without_the_header_is_refused(service: Composed) -> None:
    _, registration = await service.submitted()
    answer = await service.client.post(f"/callbacks/assemblyai/{registration.token}", content=b"{}")
    assert answer.status_code == 401
    assert service.counted("stenolog_callbacks_refused_total") == {'{reason="no_header"}': 1.0}


@pytest.mark.parametrize("provider", ["aimlapi", "local", "nobody"])
async def test_a_token_of_another_providers_route_is_refused(
    service: Composed, provider: str
) -> None:
    _, registration = await service.submitted()
    answer = await service.client.post(
        f"/callbacks/{provider}/{registration.token}",
        content=b"{}",
        headers={HEADER_NAME: registration.header},
    )
    assert answer.status_code == 401


async def test_a_key_that_was_never_ours_or_was_retired_is_refused(service: Composed) -> None:
    transcription_id, registration = await service.submitted()
    foreign = CallbackKeys(current=2, secrets={2: os.urandom(32)})
    forged = register(foreign, "assemblyai", transcription_id, 1)
    assert (await service.call_back(forged)).status_code == 401
    old = register(replace(service.signing, current=1), "assemblyai", transcription_id, 1)
    assert (await service.call_back(old)).status_code == 204, "several keys hold at once"
    service.signing = CallbackKeys(current=1, secrets={1: service.signing.secrets[1]})
    assert (await service.call_back(registration)).status_code == 401


async def test_our_signature_for_a_stream_that_is_not_here_is_refused(service: Composed) -> None:
    elsewhere = register(service.signing, "assemblyai", str(uuid.uuid4()), 1)
    assert (await service.call_back(elsewhere)).status_code == 401
    assert service.counted("stenolog_callbacks_refused_total") == {
        '{reason="unknown_transcription"}': 1.0
    }


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_another_method_is_405(service: Composed, method: str) -> None:
    _, registration = await service.submitted()
    path = f"/callbacks/assemblyai/{registration.token}"
    answer = await service.client.request(method, path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


async def test_64_kib_are_kept_and_one_byte_more_is_oversized(service: Composed) -> None:
    transcription_id, registration = await service.submitted()
    assert (await service.call_back(registration, padded(BODY_BYTES_MAX))).status_code == 204
    assert (await service.call_back(registration, padded(BODY_BYTES_MAX + 1))).status_code == 204
    kinds = [event.data["kind"] for event in await service.received(transcription_id)]
    assert kinds == ["completed", "oversized"]
    kept = await payload_of(service, transcription_id)
    assert base64.b64decode(str(kept["body"])) == padded(BODY_BYTES_MAX)
    assert "body" not in await payload_of(service, transcription_id, 1)


async def test_a_megabyte_in_chunks_is_answered_and_the_connection_goes_on(
    service: Composed,
) -> None:
    transcription_id, registration = await service.submitted()

    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, MEGABYTE, 8_192):
            yield padded(MEGABYTE)[at : at + 8_192]

    path = f"/callbacks/assemblyai/{registration.token}"
    headers = {HEADER_NAME: registration.header}
    for _ in range(3):
        answer = await service.client.post(path, content=pieces(), headers=headers)
        assert answer.status_code == 204
    assert [e.data["kind"] for e in await service.received(transcription_id)] == ["oversized"]


async def announce(service: Composed, registration: Registration, sent: int) -> bytes:
    """The first line of the answer to a megabyte of which only `sent` bytes ever come."""
    host, port = re.fullmatch(r"http://(.+):(\d+)", service.url).groups()  # type: ignore[union-attr]
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"POST /callbacks/assemblyai/{registration.token} HTTP/1.1\r\nHost: {host}\r\n"
        f"{HEADER_NAME}: {registration.header}\r\nContent-Length: {MEGABYTE}\r\n\r\n".encode()
        + b"x" * sent
    )
    try:
        async with asyncio.timeout(DEADLINE_S):
            return await reader.readline()
    finally:
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("sent", [0, 128 * 1024])
async def test_a_bad_header_is_refused_without_waiting_for_the_body(
    service: Composed, sent: int
) -> None:
    _, registration = await service.submitted()
    line = await announce(service, replace(registration, header="x" * 43), sent)
    assert line.startswith(b"HTTP/1.1 401")


async def test_an_oversized_body_is_answered_without_waiting_for_its_end(
    service: Composed,
) -> None:
    transcription_id, registration = await service.submitted()
    line = await announce(service, registration, 128 * 1024)
    assert line.startswith(b"HTTP/1.1 204")
    assert [e.data["kind"] for e in await service.received(transcription_id)] == ["oversized"]


async def test_a_provider_that_goes_away_in_mid_body_leaves_nothing(service: Composed) -> None:
    transcription_id, registration = await service.submitted()
    host, port = service.url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"POST /callbacks/assemblyai/{registration.token} HTTP/1.1\r\nHost: {host}\r\n"
        f"{HEADER_NAME}: {registration.header}\r\nContent-Length: 100\r\n\r\n".encode()
        + b"x"
    )
    await writer.drain()
    writer.close()
    await until(lambda: bool(service.counted("stenolog_callbacks_total")))
    assert service.counted("stenolog_callbacks_total") == {'{outcome="interrupted"}': 1.0}
    assert await service.received(transcription_id) == []


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff\xfe\x00", b"[]", b"null", b'{"transcript_id": 7}', b"[" * 5_000, b'{"status":'],
)
async def test_any_bytes_are_kept_as_they_came(service: Composed, body: bytes) -> None:
    transcription_id, registration = await service.submitted()
    assert (await service.call_back(registration, body)).status_code == 204
    [event] = await service.received(transcription_id)
    assert event.data["kind"] == "unreadable"
    content = await payload_of(service, transcription_id)
    assert base64.b64decode(str(content["body"])) == body


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "audio/wav", "\xff", ""]
)
async def test_any_media_type_is_taken(service: Composed, media_type: str) -> None:
    transcription_id, registration = await service.submitted()
    headers = [(b"content-type", media_type.encode("latin-1"))]
    answer = await service.client.post(
        f"/callbacks/assemblyai/{registration.token}",
        content=b'{"transcript_id": "job-1", "status": "completed"}',
        headers=[*headers, (HEADER_NAME.encode(), registration.header.encode())],
    )
    assert answer.status_code == 204
    content = await payload_of(service, transcription_id)
    kept = content["headers"]
    assert isinstance(kept, dict)
    assert kept["content-type"] == media_type


async def test_a_job_id_that_is_none_is_not_in_the_data(service: Composed) -> None:
    transcription_id, registration = await service.submitted()
    body = json.dumps({"transcript_id": "Jane Doe, 1970", "status": "completed"}).encode()
    assert (await service.call_back(registration, body)).status_code == 204
    [event] = await service.received(transcription_id)
    assert event.data["provider_job"] is None


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
