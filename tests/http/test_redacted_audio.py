"""Redacted audio: a link of ours that needs no key and is over after half an hour."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from stenolog.clock import now_ms
from stenolog.edge.access.redacted_links import (
    LIFETIME_MS,
    LinkedAudio,
    audio_of,
    redacted_link,
)
from stenolog.wire.assemblyai.transcript import completed_transcript
from tests.house.composed import PUBLIC_URL, Composed
from tests.house.waiting import until

REDACTED: dict[str, Any] = {
    "redact_pii": True,
    "redact_pii_policies": ["phone_number"],
    "redact_pii_audio": True,
}
ID = "0f8fad5b-d9cb-469f-a165-70867728950e"
KEY = bytes(32)
ACTOR = "3d6f0f0e-1b2c-4d5e-8f90-a1b2c3d4e5f6"


async def completed(service: Composed, **params: Any) -> str:
    transcription_id, _ = await service.submitted(**params)
    answer = completed_transcript("job-1", {"audio_url": "https://audio.example/a"}, {"text": ""})
    await service.complete(transcription_id, answer)
    await service.projected()
    return transcription_id


async def ask(service: Composed, transcription_id: str) -> httpx.Response:
    return await service.client.get(f"/v2/transcript/{transcription_id}/redacted-audio")


async def test_the_link_is_on_our_host_and_needs_no_key(service: Composed) -> None:
    answer = await ask(service, await completed(service, **REDACTED))
    assert answer.status_code == 200
    assert answer.json()["status"] == "redacted_audio_ready"
    url = answer.json()["redacted_audio_url"]
    assert url.startswith(f"{PUBLIC_URL}/redacted-audio/")
    async with httpx.AsyncClient(base_url=service.url, trust_env=False) as anybody:
        audio = await anybody.get(urlsplit(url).path)
        head = await anybody.head(urlsplit(url).path)
    assert (audio.status_code, audio.content) == (200, service.audio.content)
    assert audio.headers["Content-Type"] == "audio/wav"
    assert audio.headers["Content-Length"] == str(len(service.audio.content))
    assert audio.headers["Cache-Control"] == "private, no-store"
    assert audio.headers["Accept-Ranges"] == head.headers["Accept-Ranges"] == "none"
    assert audio.headers["X-Content-Type-Options"] == "nosniff"
    assert (head.status_code, head.content) == (200, b"")
    assert service.audio.opened == 0


async def test_until_it_is_ready_it_is_202_with_a_status(service: Composed) -> None:
    transcription_id = await service.submit(**REDACTED)
    answer = await ask(service, transcription_id)
    assert (answer.status_code, answer.json()) == (202, {"status": "queued"})
    service.audio.ready = False
    answer = await ask(service, await completed(service, **REDACTED))
    assert (answer.status_code, answer.json()) == (202, {"status": "processing"})


async def test_what_was_not_asked_for_is_400(service: Composed) -> None:
    for params in ({}, {**REDACTED, "redact_pii_audio": False}):
        answer = await ask(service, await completed(service, **params))
        assert answer.status_code == 400
        assert "was not asked for" in answer.json()["error"]


async def test_what_failed_or_is_gone_is_400(service: Composed) -> None:
    transcription_id, _ = await service.submitted(**REDACTED)
    await service.fail(transcription_id, "Audio duration is too short.")
    await service.projected()
    assert (await ask(service, transcription_id)).status_code == 400
    service.audio.available = False
    answer = await ask(service, await completed(service, **REDACTED))
    assert answer.status_code == 400
    assert "not available" in answer.json()["error"]


async def test_another_tenants_is_not_found(service: Composed) -> None:
    transcription_id = await completed(service, **REDACTED)
    headers = {"Authorization": await service.new_key("another")}
    answer = await service.client.get(
        f"/v2/transcript/{transcription_id}/redacted-audio", headers=headers
    )
    assert (answer.status_code, "not found" in answer.text) == (400, True)


async def test_a_page_is_never_passed_on_as_one(service: Composed) -> None:
    service.audio.media_type = "text/html"
    url = (await ask(service, await completed(service, **REDACTED))).json()["redacted_audio_url"]
    audio = await service.client.get(urlsplit(url).path)
    assert audio.headers["Content-Type"] == "application/octet-stream"
    assert audio.headers["Content-Disposition"] == "attachment"


async def test_audio_that_breaks_off_breaks_the_connection_and_is_closed(
    service: Composed,
) -> None:
    url = (await ask(service, await completed(service, **REDACTED))).json()["redacted_audio_url"]
    service.audio.breaks_off = True
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        await service.client.get(urlsplit(url).path)
    assert service.audio.opened == 0


async def test_audio_that_nobody_waits_for_any_more_is_closed(service: Composed) -> None:
    url = (await ask(service, await completed(service, **REDACTED))).json()["redacted_audio_url"]
    service.audio.stalls = True
    async with service.client.stream("GET", urlsplit(url).path) as audio:
        assert await anext(audio.aiter_raw()) == service.audio.content[:100]
        assert service.audio.opened == 1
    await until(lambda: service.audio.opened == 0)


@pytest.mark.parametrize("late_ms", [LIFETIME_MS, LIFETIME_MS + 1])
async def test_a_link_is_over_after_half_an_hour(service: Composed, late_ms: int) -> None:
    transcription_id = await completed(service, **REDACTED)
    link = redacted_link(
        service.edge.link_key, "", transcription_id, now_ms() - late_ms, actor=ACTOR
    )
    answer = await service.client.get(link)
    assert answer.status_code == 403
    assert answer.json()["title"] == "The link is not valid, or not any more"


async def test_a_link_holds_while_views_that_were_lost_are_filled(service: Composed) -> None:
    await service.stand_still()
    transcription_id, _ = await service.submitted(**REDACTED)
    answer = completed_transcript("job-1", {"audio_url": "https://audio.example/a"}, {"text": ""})
    await service.complete(transcription_id, answer)
    link = redacted_link(service.edge.link_key, "", transcription_id, now_ms(), actor=ACTOR)
    assert (await service.client.get(link)).content == service.audio.content
    await service.client.delete(f"/v2/transcript/{transcription_id}")
    assert (await service.client.get(link)).status_code == 403


async def test_a_link_to_nothing_is_refused(service: Composed) -> None:
    answer = await service.client.get(
        redacted_link(service.edge.link_key, "", ID, now_ms(), actor=ACTOR)
    )
    assert answer.status_code == 403


def test_a_link_names_its_transcription_until_it_is_over() -> None:
    link = redacted_link(KEY, "", ID, 1_000, actor=ACTOR).rpartition("/")[2]
    assert audio_of(KEY, link, 1_000 + LIFETIME_MS - 1) == LinkedAudio(
        transcription=ID, actor=ACTOR
    )
    assert audio_of(KEY, link, 1_000 + LIFETIME_MS) is None


def test_a_link_with_one_other_character_is_none() -> None:
    link = redacted_link(KEY, "", ID, 1_000, actor=ACTOR).rpartition("/")[2]
    for at, character in enumerate(link):
        other = "A" if character != "A" else "B"
        assert audio_of(KEY, link[:at] + other + link[at + 1 :], 1_000) is None
    for other in ("", link[:-1], link + "A", "ü" * len(link), "*" * len(link)):
        assert audio_of(KEY, other, 1_000) is None
    assert audio_of(bytes([1] * 32), link, 1_000) is None
