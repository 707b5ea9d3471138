"""What the engine knows of a recording is shown natively, and never as AssemblyAI's own."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stenolog.commands.transcription.commands import Fail
from stenolog.engine.audio_facts import MEMBER, AudioFacts, shown
from tests.house.composed import Composed
from tests.http.asking import get
from tests.http.spoken import BASE, URL, answer_of, completed

HALF = json.loads(
    json.dumps(
        shown(
            AudioFacts(
                container="mov",
                codec="aac",
                sample_rate=44_100,
                channels=2,
                tracks=2,
                declared_ms=3_600_000,
                decoded_ms=1_800_000,
            )
        )
    )
)


async def test_facts_and_warnings_are_shown_natively_alone(service: Composed) -> None:
    transcription_id = await completed(service, {}, **{MEMBER: HALF})
    body = await get(service, f"{BASE}/{transcription_id}")
    assert body["audio"] == HALF["audio"]
    assert body["warnings"] == [
        {
            "code": "cut-short",
            "message": "Only 30 minutes of the declared 1:00:00 hours could be decoded: the file "
            "is cut off or damaged.",
        },
        {
            "code": "one-track-of-several",
            "message": "Of 2 audio tracks, only track 1 was transcribed.",
        },
    ]
    theirs = await get(service, f"/v2/transcript/{transcription_id}")
    assert theirs["text"] == "all of it"
    assert MEMBER not in theirs
    assert "warnings" not in theirs
    await service.client.delete(f"{BASE}/{transcription_id}")
    erased = await get(service, f"{BASE}/{transcription_id}")
    assert (erased["audio"], erased["warnings"]) == (None, [])


async def test_a_failed_transcription_has_them_too(service: Composed) -> None:
    transcription_id, _ = await service.submitted(audio_url=URL)
    payload = {"error": "Audio is bad.", "answer": {"status": "error", MEMBER: HALF}}
    failed = Fail(number=1, reason="provider", wake="callback")
    await service.run(transcription_id, failed, transcription_failed=json.dumps(payload).encode())
    await service.projected()
    body = await get(service, f"{BASE}/{transcription_id}")
    assert (body["error"], body["audio"]) == ("Audio is bad.", HALF["audio"])
    assert [one["code"] for one in body["warnings"]] == ["cut-short", "one-track-of-several"]
    assert MEMBER not in await get(service, f"/v2/transcript/{transcription_id}")


async def test_a_place_in_the_providers_queue_is_shown_while_it_is_open(service: Composed) -> None:
    transcription_id = await service.submit()
    assert (await get(service, f"{BASE}/{transcription_id}"))["queue"] is None
    await service.claim(transcription_id)
    await service.accept(transcription_id, job="queued-7")
    told = await get(service, f"{BASE}/{transcription_id}")
    assert told["queue"] == {"position": 7, "expected_ms": None}
    await service.complete(transcription_id, answer_of())
    await service.projected()
    assert (await get(service, f"{BASE}/{transcription_id}"))["queue"] is None


async def test_a_provider_cannot_say_that_findings_are_ours(service: Composed) -> None:
    claimed = {"enriched": {"entity_detection": {"by": "stenolog", "method": "x", "version": "1"}}}
    transcription_id = await completed(service, {}, **{MEMBER: {**HALF, **claimed}})
    assert MEMBER not in await get(service, f"/v2/transcript/{transcription_id}")
    assert (await get(service, f"{BASE}/{transcription_id}"))["audio"] == HALF["audio"]


@pytest.mark.parametrize(
    "odd",
    [None, 7, [], {"audio": [], "warnings": {}}, {"warnings": [1, {"code": 2, "message": "x"}]}],
)
async def test_what_is_odd_in_it_is_as_if_it_were_not_there(service: Composed, odd: Any) -> None:
    transcription_id = await completed(service, {}, **{MEMBER: odd})
    body = await get(service, f"{BASE}/{transcription_id}")
    assert (body["audio"], body["warnings"], body["text"]) == (None, [], "all of it")
