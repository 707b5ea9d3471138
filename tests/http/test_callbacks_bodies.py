"""Whatever a signed callback brings is answered, and kept within bounds."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from starlette.types import Message

from stenolog.commands.callback_tokens import (
    HEADER_NAME,
    Registration,
)
from stenolog.edge.callbacks.receiving import BODY_BYTES_MAX, Callbacks
from stenolog.edge.transcriptions.tenancy import Tenancy
from tests.house.composed import Composed
from tests.house.waiting import DEADLINE_S, until
from tests.http.callback_bodies import MEGABYTE, padded, payload_of


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
    host, port = re.fullmatch(r"http://(.+):(\d+)", service.url).groups()  # type: ignore[union-attr]  # it is one
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


@pytest.mark.parametrize("came", [0, 1])
async def test_a_body_that_does_not_come_is_answered_503_in_time(
    service: Composed, came: int
) -> None:
    transcription_id, registration = await service.submitted()
    callbacks = Callbacks(
        facts=service.facts,
        tenancy=Tenancy(service.events),
        keys=lambda: service.signing,
        wake=lambda transcription_id, reason: None,
        metrics=service.metrics,
        body_ms_max=50,
    )
    sent: list[Message] = []
    pieces: list[Message] = [{"type": "http.request", "body": b"{", "more_body": True}] * came

    async def receive() -> Message:
        return pieces.pop() if pieces else await asyncio.Future()

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path_params": {"provider": "assemblyai", "token": registration.token},
        "headers": [(HEADER_NAME.lower().encode(), registration.header.encode())],
    }
    async with asyncio.timeout(DEADLINE_S):
        await callbacks(scope, receive, send)
    assert sent[0]["status"] == 503
    assert b"retry-after" in dict(sent[0]["headers"])
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
