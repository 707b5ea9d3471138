"""`/v1/audio`: whoever sends a file as OpenAI's clients do gets what was said in the answer."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from stenolog.edge.transcriptions.awaiting import WaitLimits
from stenolog.wire.openai.models import MODELS
from tests.house.composed import Composed, composed
from tests.house.waiting import eventually
from tests.http.spoken import WORDS, answer_of

TRANSCRIPTIONS = "/v1/audio/transcriptions"
AUDIO = b"ID3" + bytes(range(256)) * 40
ID = "Stenolog-Transcription-Id"
TEXT = "all of it"


@pytest.fixture
async def patient(tmp_path: Path) -> AsyncIterator[Composed]:
    """A service that keeps whoever waits waiting until the test has done its part."""
    waiting = WaitLimits(ms_max=30_000, of_tenant_max=1)
    async with composed(tmp_path, waiting=waiting) as running:
        yield running


async def begun(service: Composed, before: int = 0) -> str:
    """The transcription that was requested after `before` others."""
    streams: list[str] = []

    async def is_there() -> bool:
        events = await service.recorded()
        streams[:] = [one.stream for one in events if one.type == "transcription.requested"]
        return len(streams) > before

    await eventually(is_there)
    return streams[-1].removeprefix("transcription-")


async def requested(service: Composed) -> int:
    return sum(one.type == "transcription.requested" for one in await service.recorded())


def sent(service: Composed, **fields: Any) -> asyncio.Task[httpx.Response]:
    return asyncio.create_task(
        service.client.post(
            TRANSCRIPTIONS,
            data={"model": "whisper-1", **fields},
            files={"file": ("call.mp3", AUDIO, "audio/mpeg")},
        )
    )


async def transcribed(service: Composed, **fields: Any) -> httpx.Response:
    """Send a file, and do the provider's part."""
    call = sent(service, **fields)
    transcription_id = await begun(service, await requested(service))
    await done(service, transcription_id)
    answer = await call
    assert answer.status_code == 200, answer.text
    assert answer.headers[ID] == transcription_id
    return answer


async def done(service: Composed, transcription_id: str, **answer: Any) -> None:
    await service.claim(transcription_id)
    await service.accept(transcription_id)
    await service.complete(transcription_id, answer_of(**answer))
    await service.projected()


async def test_every_format_is_answered_as_openai_does(patient: Composed) -> None:
    answer = await transcribed(patient)
    assert answer.json() == {"text": TEXT, "usage": {"type": "duration", "seconds": 9.5}}
    assert answer.headers["X-Request-Id"] == answer.headers["X-Correlation-Id"]
    event = (await patient.stream(answer.headers[ID]))[0]
    assert event.data["surface"] == "v1-audio"
    payload = json.loads(await patient.handler.payload_of(event.id, event.position) or b"")
    assert payload["own"] == {"openai": {"model": "whisper-1"}}
    assert payload["params"]["language_detection"] is True

    plain = await transcribed(patient, response_format="text")
    assert (plain.text, plain.headers["content-type"]) == (f"{TEXT}\n", "text/plain; charset=utf-8")
    srt = await transcribed(patient, response_format="srt")
    assert srt.text.startswith("1\n00:00:00,000 --> ")
    vtt = await transcribed(patient, response_format="vtt")
    assert vtt.text.startswith("WEBVTT\n\n00:00.000 --> ")
    fields = {"timestamp_granularities[]": ["word", "segment"]}
    verbose = (await transcribed(patient, response_format="verbose_json", **fields)).json()
    assert (verbose["text"], verbose["duration"]) == (TEXT, 9.5)
    assert verbose["words"][1] == {"word": "word1", "start": 0.1, "end": 0.19}
    assert len(verbose["words"]) == len(WORDS)
    assert [one["start"] for one in verbose["segments"]] == [0, 0.6]
    told = (await transcribed(patient, response_format="diarized_json")).json()
    assert [one["speaker"] for one in told["segments"]] == ["A", "B"]
    streamed = await transcribed(patient, stream="true", model="gpt-4o-transcribe")
    assert streamed.headers["content-type"].startswith("text/event-stream")
    assert f'{{"type": "transcript.text.done", "text": "{TEXT}"}}' in streamed.text


REFUSED: list[tuple[dict[str, str], dict[str, Any], int, str | None, str]] = [
    ({}, {"file": AUDIO}, 400, "model", "must be given"),
    ({"model": "whisper-1"}, {}, 400, "file", "must be given"),
    ({"model": "whisper-1"}, {"file": b""}, 400, "file", "have bytes"),
    ({"model": "whisper-1"}, {"audio": AUDIO}, 400, "audio", "not a field for a file"),
    ({"model": "whisper-1", "language": "?"}, {"file": AUDIO}, 400, "language", "language code"),
    ({"model": "whisper-1", "include[]": "logprobs"}, {"file": AUDIO}, 400, "include", "not done"),
    ({"model": "x" * (1 << 20) + "x"}, {"file": AUDIO}, 413, None, "values are over"),
]


async def test_what_is_refused_has_openais_shape_and_leaves_nothing(service: Composed) -> None:
    for fields, files, status, param, problem in REFUSED:
        named: Any = {name: ("a.mp3", content) for name, content in files.items()}
        named = named or {"prompt": (None, "x")}  # it is a form all the same
        answer = await service.client.post(TRANSCRIPTIONS, data=fields, files=named)
        error = answer.json()["error"]
        assert (answer.status_code, error["param"]) == (status, param), error
        assert error["type"] == "invalid_request_error"
        assert problem in error["message"]
    bare = await service.client.post(TRANSCRIPTIONS, json={"model": "whisper-1"})
    assert "multipart/form-data" in bare.json()["error"]["message"]
    keyed = await service.client.post(
        TRANSCRIPTIONS, files={"file": AUDIO}, headers={"Idempotency-Key": "once"}
    )
    assert keyed.json()["error"]["param"] == "Idempotency-Key"
    engine = await service.client.post(
        TRANSCRIPTIONS,
        data={"model": "whisper-1", "language": "de", "prompt": "Names"},
        files={"file": AUDIO},
        headers={"Stenolog-Provider": "local"},
    )
    assert engine.status_code == 400
    assert "language 'de' is not supported" in engine.json()["error"]["message"]
    assert "prompt is not supported" in engine.json()["error"]["message"]
    assert not await requested(service)


async def test_keys_paths_and_what_is_not_done_are_told_in_openais_shape(service: Composed) -> None:
    wrong = await service.client.post(
        TRANSCRIPTIONS, files={"file": AUDIO}, headers={"Authorization": "Bearer x"}
    )
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, "invalid_api_key")
    translation = await service.client.post("/v1/audio/translations", files={"file": AUDIO})
    assert translation.status_code == 400
    assert "Translation is not done here" in translation.json()["error"]["message"]
    path = await service.client.post("/v1/audio/speech", json={})
    assert (path.status_code, path.json()["error"]["code"]) == (404, "unknown_path")
    models = (await service.client.get("/v1/models")).json()
    assert [one["id"] for one in models["data"]] == [*MODELS]
    one = await service.client.get("/v1/models/whisper-1")
    assert one.json() == models["data"][0]
    assert (await service.client.get("/v1/models/whisper-9")).status_code == 404


async def test_who_waits_too_long_gets_the_id_of_what_goes_on(service: Composed) -> None:
    answer = await sent(service)
    transcription_id = await begun(service)
    assert answer.status_code == 504
    assert answer.headers[ID] == transcription_id
    assert answer.headers["X-Should-Retry"] == "false"
    assert answer.json()["error"]["message"].endswith(transcription_id)
    assert answer.json()["error"]["type"] == "server_error"
    await done(service, transcription_id)
    found = await service.client.get(f"/api/v1/transcripts/{transcription_id}")
    assert found.json()["status"] == "completed"
    assert (await service.client.get(f"/v1/stt/{transcription_id}")).json()["result"]["text"]


async def test_a_failure_is_told_with_the_providers_sentence(patient: Composed) -> None:
    call = sent(patient)
    transcription_id = await begun(patient)
    await patient.claim(transcription_id)
    await patient.accept(transcription_id)
    await patient.fail(transcription_id, "Too quiet")
    answer = await call
    assert (answer.status_code, answer.json()["error"]["message"]) == (422, "Too quiet")
    assert answer.headers[ID] == transcription_id


def as_form(**fields: str) -> tuple[bytes, str]:
    request = httpx.Request("POST", "http://x/", data=fields, files={"file": ("a.mp3", AUDIO)})
    return request.read(), request.headers["content-type"]


async def test_a_client_that_leaves_loses_nothing_and_keeps_no_place(patient: Composed) -> None:
    """Only one of a tenant may wait here."""
    where, (body, kind) = urlsplit(patient.url), as_form(model="whisper-1")
    head = (
        f"POST {TRANSCRIPTIONS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {patient.key}\r\n"
        f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((where.hostname, where.port or 80)) as client:
        await asyncio.to_thread(client.sendall, head.encode() + body)
        left_alone = await begun(patient)
        refused = await sent(patient)
        assert (refused.status_code, refused.json()["error"]["type"]) == (429, "requests")
        assert refused.headers["Retry-After"]
        assert await requested(patient) == 1

    async def has_a_place() -> bool:
        answers.append(sent(patient))
        done, _ = await asyncio.wait(answers[-1:], timeout=0.2)
        return not done

    answers: list[asyncio.Task[httpx.Response]] = []
    await eventually(has_a_place)
    await done(patient, left_alone)
    await done(patient, await begun(patient, 1))
    assert (await answers[-1]).status_code == 200
    listed = (await patient.client.get("/v2/transcript")).json()["transcripts"]
    assert (left_alone, "completed") in [(one["id"], one["status"]) for one in listed]
