"""`/v1/stt`: what AIMLAPI's clients send is taken, and they read what they wait for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from stenolog.edge.transcriptions.awaiting import WaitLimits
from stenolog.wire.aimlapi.errors import KEY_INVALID
from stenolog.wire.aimlapi.models import MODELS, TEXT_ONLY, family_of
from tests.house.composed import Composed, composed
from tests.house.waiting import eventually
from tests.http.spoken import WORDS, answer_of

URL = "https://audio.example/call.mp3"
WHISPER = "#g1_whisper-large"
ENGINE = {"Stenolog-Provider": "local"}
AUDIO = b"ID3" + bytes(range(256)) * 400
CREATE = "/v1/stt/create"


async def asked(service: Composed, headers: Mapping[str, str] = ENGINE, **body: Any) -> str:
    """Create a generation by URL; return its id."""
    answer = await service.client.post(CREATE, json={"url": URL, **body}, headers=dict(headers))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["generation_id"])


async def done(service: Composed, generation: str, **answer: Any) -> dict[str, Any]:
    """Complete it; return what it then answers."""
    await service.claim(generation)
    await service.accept(generation)
    await service.complete(generation, answer_of(**answer))
    await service.projected()
    return await shown(service, generation)


async def shown(service: Composed, generation: str) -> dict[str, Any]:
    answer = await service.client.get(f"/v1/stt/{generation}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    assert body["generation_id"] == body["id"] == generation
    assert body["result"] == body["output"]
    return body


async def recorded(service: Composed, generation: str) -> dict[str, Any]:
    """What the log has of the request."""
    event = (await service.stream(generation))[0]
    payload = await service.handler.payload_of(event.id, event.position)
    found: dict[str, Any] = json.loads(payload or b"")
    return found


@pytest.mark.parametrize("model", [WHISPER, "openai/gpt-4o-transcribe"])
async def test_its_clients_wait_while_they_read_the_words_of_their_model(
    service: Composed, model: str
) -> None:
    words = ("queued", "generating") if family_of(model) in TEXT_ONLY else ("waiting", "active")
    generation = await asked(service, model=model)
    first = await shown(service, generation)
    assert (first["status"], first["result"], first["error"]) == (words[0], None, None)
    await service.claim(generation)
    await service.accept(generation)
    assert (await shown(service, generation))["status"] == words[1]
    await service.fail(generation, "Too quiet")
    await service.projected()
    failed = await shown(service, generation)
    assert (failed["status"], failed["result"]) == ("error", None)
    assert failed["error"]["message"] == "Too quiet"


async def test_every_family_has_its_shape(service: Composed) -> None:
    deepgram = await done(service, await asked(service, model=WHISPER, diarize=True))
    (channel,) = deepgram["result"]["results"]["channels"]
    best = channel["alternatives"][0]
    assert best["transcript"] == " ".join(str(word["text"]) for word in WORDS)
    assert (best["words"][1]["start"], best["words"][6]["speaker"]) == (0.1, 1)
    assert deepgram["result"]["metadata"]["duration"] == 9.5
    transcript = await done(service, await asked(service, model="aai/universal"))
    assert transcript["result"]["words"] == WORDS
    assert transcript["result"]["text"] == "all of it"
    text = await done(service, await asked(service, model="openai/gpt-4o-transcribe"))
    usage = {"type": "duration", "seconds": 9.5}
    assert text["result"] == {"text": "all of it", "usage": usage}


async def test_what_was_asked_for_on_another_surface_has_assemblyais_shape(
    service: Composed,
) -> None:
    generation = await service.submit()
    assert (await shown(service, generation))["status"] == "waiting"
    assert (await done(service, generation))["result"]["text"] == "all of it"
    answer = await service.client.get(f"/stt/{generation}")  # as the newest schema reads it
    assert answer.json()["status"] == "completed"


async def test_a_form_is_stored_as_an_upload_and_asked_for_as_json_is(service: Composed) -> None:
    kept = {}
    for field in ("audio", "file"):
        answer = await service.client.post(
            CREATE,
            data={"model": WHISPER, "diarize": "true", "tag": ["a", "b"]},
            files={field: ("a.mp3", AUDIO, "audio/mpeg")},
            headers=ENGINE,
        )
        assert answer.status_code == 201, answer.text
        kept[field] = await recorded(service, answer.json()["generation_id"])
    for found in kept.values():
        assert found["own"] == {"model": WHISPER, "diarize": True, "tag": ["a", "b"]}
        assert found["params"].pop("audio_url").startswith("https://stenolog.example/upload/")
        assert found["params"] == {"speaker_labels": True}
    events = [event.type for event in await service.recorded()]
    assert events.count("upload.stored") == events.count("upload.used") == 2
    assert len(list(service.uploads_directory.iterdir())) == 2


REFUSED: list[tuple[dict[str, str], dict[str, bytes], str]] = [
    ({}, {"audio": AUDIO}, "model: Required"),
    ({"model": "no-such-model"}, {"audio": AUDIO}, "Invalid enum value"),
    ({"model": WHISPER, "topics": "true"}, {"audio": AUDIO}, "topics is not done here"),
    ({"model": WHISPER, "url": URL}, {"audio": AUDIO}, "not both"),
    ({"model": WHISPER}, {"audio": AUDIO, "file": AUDIO}, "one file"),
    ({"model": WHISPER}, {"voice": AUDIO}, "voice is not a field for a file"),
    ({"model": WHISPER}, {"audio": b""}, "no bytes"),
    ({"model": "x" * (1 << 20) + "x"}, {"audio": AUDIO}, "values are over"),
]


async def test_a_form_that_is_refused_leaves_no_file(service: Composed) -> None:
    for fields, files, problem in REFUSED:
        answer = await service.client.post(
            CREATE,
            data=fields,
            files={name: ("a.mp3", content) for name, content in files.items()},
            headers=ENGINE,
        )
        assert answer.status_code in (400, 413), problem
        assert problem in answer.json()["message"]
    assert not list(service.uploads_directory.iterdir())
    assert not [one for one in await service.recorded() if one.type.startswith("upload.")]


async def test_a_form_that_breaks_off_leaves_no_file(service: Composed) -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="audio"; filename="a"\r\n\r\n'
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = await service.client.post(CREATE, content=head + AUDIO, headers=kind)
    assert answer.status_code == 400
    assert "ends before its last boundary" in answer.json()["message"]
    assert not list(service.uploads_directory.iterdir())


async def test_errors_have_its_shape(service: Composed) -> None:
    for body in ({"url": URL}, {"model": WHISPER}, {"model": "nobody", "url": URL}):
        answer = await service.client.post(CREATE, json=body)
        error = answer.json()
        assert (answer.status_code, error["statusCode"], error["path"]) == (400, 400, CREATE)
        assert error["message"].startswith("Body validation error!")
        assert error["requestId"] == answer.headers["X-Correlation-Id"]
        assert error["timestamp"].endswith("Z")


async def test_keys_ids_and_paths_that_are_wrong_are_told_as_it_tells_them(
    service: Composed,
) -> None:
    wrong = await service.client.post(CREATE, json={}, headers={"Authorization": "Bearer x"})
    assert (wrong.status_code, wrong.json()["message"]) == (401, KEY_INVALID)
    generation = await asked(service, model=WHISPER)
    stranger = {"Authorization": f"Bearer {await service.new_key('other')}"}
    for path in ("nobody", "a/b", "01926f3a-7c1e-7b5e-9d3a-5f0c8f1a2b3c"):
        answer = await service.client.get(f"/v1/stt/{path}")
        assert (answer.status_code, answer.json()["message"]) == (404, "Not found")
    other = await service.client.get(f"/v1/stt/{generation}", headers=stranger)
    assert (other.status_code, other.json()["path"]) == (404, f"/v1/stt/{generation}")


async def test_what_was_deleted_is_gone_as_after_its_hour(service: Composed) -> None:
    generation = await asked(service, model=WHISPER)
    await service.client.delete(f"/v2/transcript/{generation}")
    assert (await service.client.get(f"/v1/stt/{generation}")).status_code == 404


async def test_a_key_makes_a_create_be_done_once(service: Composed) -> None:
    once = {**ENGINE, "Idempotency-Key": "call-7"}
    first = await asked(service, once, model=WHISPER)
    assert await asked(service, once, model=WHISPER) == first
    other = {"model": "nova-3", "url": URL}
    assert (await service.client.post(CREATE, json=other, headers=once)).status_code == 409
    form = await service.client.post(
        CREATE, data={"model": WHISPER}, files={"audio": ("a", AUDIO)}, headers=once
    )
    assert (form.status_code, "Idempotency-Key" in form.json()["message"]) == (400, True)


async def test_only_its_own_models_go_to_assemblyai(service: Composed) -> None:
    generation = await asked(service, {}, model="aai/slam-1", speaker_labels=True)
    found = await recorded(service, generation)
    assert found["params"] == {"audio_url": URL, "speaker_labels": True}, "it has no such model now"
    assert (await service.stream(generation))[0].data["provider"] == "assemblyai"
    answer = await service.client.post(CREATE, json={"model": WHISPER, "url": URL})
    assert answer.status_code == 400
    assert "aai/universal" in answer.json()["message"]
    assert "STENOLOG_AIMLAPI_SERVED_BY" in answer.json()["message"]


@pytest.fixture
async def patient(tmp_path: Path) -> AsyncIterator[Composed]:
    """A service that keeps whoever waits waiting until the test has done its part."""
    async with composed(tmp_path, waiting=WaitLimits(ms_max=30_000)) as running:
        yield running


async def old_call(service: Composed) -> tuple[asyncio.Task[httpx.Response], str]:
    """Begin the call that waits; return it and the generation that it waits for."""
    body = {"model": "nova-3", "url": URL}
    call = asyncio.create_task(service.client.post("/v1/stt", json=body, headers=ENGINE))

    streams: list[str] = []

    async def has_begun() -> bool:
        events = await service.recorded()
        streams.extend(one.stream for one in events if one.type == "transcription.requested")
        return bool(streams)

    await eventually(has_begun)
    return call, streams[0].removeprefix("transcription-")


async def test_the_old_call_answers_with_the_bare_result(patient: Composed) -> None:
    call, generation = await old_call(patient)
    await done(patient, generation)
    answer = await call
    assert answer.status_code == 201, answer.text
    assert answer.json()["results"]["channels"][0]["alternatives"][0]["words"]


async def test_the_old_call_tells_why_there_is_none(patient: Composed) -> None:
    call, generation = await old_call(patient)
    await patient.claim(generation)
    await patient.accept(generation)
    await patient.fail(generation, "Too quiet")
    answer = await call
    assert (answer.status_code, answer.json()["message"]) == (422, "Too quiet")


async def test_the_old_call_gives_up_waiting_and_names_what_goes_on(service: Composed) -> None:
    call, generation = await old_call(service)
    answer = await call
    assert answer.status_code == 504
    assert answer.json()["message"].startswith("Generation timeout")
    assert answer.json()["message"].endswith(generation)
    assert (await shown(service, generation))["status"] == "waiting"


async def test_models_are_all_taken_where_the_engine_serves(service: Composed) -> None:
    for model in (*MODELS, "elevenlabs/scribe_v2", "whisper-tiny"):
        await asked(service, model=model)


async def test_a_provider_without_a_key_cannot_serve(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="STENOLOG_AIMLAPI_SERVED_BY is aimlapi"):
        async with composed(tmp_path, aimlapi_served_by="aimlapi"):
            pass
