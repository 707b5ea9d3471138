"""Words are the provider's to judge; what the one that serves it cannot do is refused at once."""

from __future__ import annotations

from itertools import product
from typing import Any

from structlog.testing import capture_logs

from tests.house.composed import Composed

URL = "https://audio.example/call.mp3"
SECRET_URL = "https://who:pass-w0rd@audio.example/a.mp3"
LOCAL = {"Stenolog-Provider": "local"}
SURFACES = ("/v2/transcript", "/api/v1/transcripts")
BEYOND: dict[str, Any] = {
    "custom_topics": True,
    "language_code": "de",
    "redact_pii": True,
    "redact_pii_audio_quality": "ogg",
    "redact_pii_policies": ["aura"],
    "speaker_options": {"include_speaker_confidence": True},
}
NEW_WORDS: dict[str, Any] = {
    "speech_models": ["assemblyai-stt-9-9"],
    "redact_pii": True,
    "redact_pii_policies": ["shoe_size"],
    "redact_pii_sub": "rhyme",
    "summary_type": "essay",
    "language_codes": ["es", "de", "fr"],
    "keyterms_prompt": ["Stenolog"],
    "prompt": "A meeting.",
    "speech_understanding": {"request": {"action_items": {"effort": "high"}}},
}


async def head_of(service: Composed) -> int:
    return int(await service.events.head())


async def test_what_the_engine_cannot_do_is_refused_by_name_before_anything_is_stored(
    service: Composed,
) -> None:
    before = await head_of(service)
    for path in SURFACES:
        body = {"audio_url": URL, **BEYOND}
        answer = await service.client.post(path, json=body, headers=LOCAL)
        assert answer.status_code == 400
        told = answer.json().get("error") or answer.json()["detail"]
        for name in BEYOND:
            assert name in told, told
        assert "not supported by the embedded engine" in told
        assert await head_of(service) == before
        other = await service.client.post(path, json=body)
        assert other.status_code in {200, 201}, "AssemblyAI may do it, and judges for itself"
        before = await head_of(service)


async def test_new_words_are_taken_and_recorded_as_they_were_given(service: Composed) -> None:
    answer = await service.client.post("/v2/transcript", json={"audio_url": URL, **NEW_WORDS})
    assert answer.status_code == 200, answer.text
    [event] = await service.stream(answer.json()["id"])
    payload = await service.handler.payload_of(event.id, event.position)
    for word in (b"assemblyai-stt-9-9", b"shoe_size", b"rhyme", b"essay", b"high"):
        assert word in (payload or b"")
    body = {"audio_url": URL, "speech_models": NEW_WORDS["speech_models"]}
    for path in SURFACES:
        local = await service.client.post(path, json=body, headers=LOCAL)
        assert local.status_code in {200, 201}, "the engine is every model"


async def test_credentials_in_a_url_are_refused_and_never_repeated(service: Composed) -> None:
    before = await head_of(service)
    for path, name in product(SURFACES, ("audio_url", "webhook_url")):
        with capture_logs() as lines:
            answer = await service.client.post(path, json={"audio_url": URL, name: SECRET_URL})
        assert answer.status_code == 400
        assert f"{name} must not have a user name or a password" in answer.text
        for told in (answer.text, str(lines), str(answer.headers)):
            assert "pass-w0rd" not in told
            assert "who:" not in told
    assert await head_of(service) == before
