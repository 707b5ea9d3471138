"""What the log lines and the answer of a callback say of the transcription that it is for."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import structlog
from structlog.contextvars import merge_contextvars
from structlog.typing import EventDict

from stenolog.commands.callback_tokens import HEADER_NAME
from tests.house.composed import Composed
from tests.house.waiting import DEADLINE_S


def told(lines: list[EventDict], event: str) -> list[tuple[object, object]]:
    """Correlation and transcription of every line of this name."""
    return [
        (line["correlation_id"], line.get("transcription_id"))
        for line in lines
        if line["event"] == event
    ]


async def test_lines_of_a_signed_callback_are_the_transcriptions(service: Composed) -> None:
    transcription_id, registration = await service.submitted()
    correlation_id = (await service.stream(transcription_id))[0].correlation_id
    with structlog.testing.capture_logs([merge_contextvars]) as lines:
        service.events.losing_replies = True
        refused = await service.call_back(registration)
        service.events.losing_replies = False
        taken = await service.call_back(registration)
    assert (refused.status_code, taken.status_code) == (503, 204)
    expected = (correlation_id, transcription_id)
    assert told(lines, "callback.not_recorded") == [expected]
    assert told(lines, "edge.answered") == [expected, expected]
    assert {answer.headers["X-Correlation-Id"] for answer in (refused, taken)} == {correlation_id}


async def test_lines_of_a_forged_callback_name_no_transcription(service: Composed) -> None:
    transcription_id, registration = await service.submitted()
    correlation_id = (await service.stream(transcription_id))[0].correlation_id
    with structlog.testing.capture_logs([merge_contextvars]) as lines:
        answer = await service.call_back(replace(registration, header="x" * 43))
    assert answer.status_code == 401
    [(said, named)] = told(lines, "edge.answered")
    assert said == answer.headers["X-Correlation-Id"] != correlation_id
    assert named is None


async def test_a_request_pipelined_behind_a_callback_inherits_nothing(service: Composed) -> None:
    transcription_id, registration = await service.submitted()
    host, port = service.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    with structlog.testing.capture_logs([merge_contextvars]) as lines:
        writer.write(
            f"POST /callbacks/assemblyai/{registration.token} HTTP/1.1\r\nHost: {host}\r\n"
            f"{HEADER_NAME}: {registration.header}\r\nContent-Length: 2\r\n\r\n{{}}"
            f"GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
        )
        async with asyncio.timeout(DEADLINE_S):
            await reader.read()
    writer.close()
    await writer.wait_closed()
    first, second = told(lines, "edge.answered")
    assert first[1] == transcription_id
    assert second[1] is None
    assert second[0] != first[0]
