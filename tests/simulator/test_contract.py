"""What the service answers, the simulator answers."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from stenolog.simulator.assemblyai import vocabulary
from stenolog.simulator.assemblyai.behaviour import Behaviour
from stenolog.wire.assemblyai import sentences
from tests.simulator.conftest import AUDIO, Bench


def asking(**features: object) -> dict[str, Any]:
    return {"speech_understanding": {"request": features}}


ENDLESS = Behaviour(never_ends=True)
AT_ONCE = Behaviour(run_ms=0)


@pytest.mark.parametrize("header", [None, "wrong", "Bearer a-key", "a-ke"])
async def test_a_wrong_key_is_401_on_every_path(bench: Bench, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    async with httpx.AsyncClient(base_url=bench.base_url, headers=headers, verify=False) as client:
        for method, path in (
            ("GET", "/v2/transcript"),
            ("POST", "/v2/transcript"),
            ("POST", "/v2/upload"),
            ("GET", "/v2/transcript/x"),
            ("DELETE", "/v2/transcript/x"),
        ):
            answer = await client.request(method, path)
            assert answer.status_code == 401
            assert answer.json() == {"error": "Authentication error, API token missing/invalid"}


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_an_unknown_id_is_400_with_the_services_sentence(bench: Bench, method: str) -> None:
    answer = await bench.client.request(method, "/v2/transcript/no-such-id")
    assert answer.status_code == 400
    assert answer.json() == {"error": "Transcript lookup error, transcript id not found"}


async def test_an_unknown_path_is_plain_text(bench: Bench) -> None:
    answer = await bench.client.get("/v2/nothing")
    assert (answer.status_code, answer.text) == (404, "Not found")
    assert answer.headers["content-type"].startswith("text/plain")
    assert (await bench.client.put("/v2/transcript")).status_code == 405


async def test_create_answers_the_whole_transcript_not_finished(bench: Bench) -> None:
    bench.simulator.behave = lambda body: AT_ONCE
    answer = await bench.create(speaker_labels=True, brand_new=1 << 70)
    body = answer.json()
    assert answer.status_code == 200
    assert body["status"] == "processing"
    assert (body["audio_url"], body["text"], body["words"]) == (AUDIO, None, None)
    assert body["speaker_labels"] is True
    assert body["speech_models"] == ["assemblyai-stt-3-7"]
    assert bench.simulator.creates[0].body == {
        "audio_url": AUDIO,
        "speaker_labels": True,
        "brand_new": 1 << 70,
    }


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({}, sentences.AUDIO_URL_MISSING),
        ({"audio_url": "ftp://a"}, sentences.AUDIO_URL_NOT_HTTP),
        ({"audio_url": AUDIO, "format_text": "yes"}, "format_text must be a Boolean"),
        ({"audio_url": AUDIO, "speech_model": "best"}, vocabulary.SPEECH_MODEL_DEPRECATED),
        (
            {"audio_url": AUDIO, "speakers_expected": 2, "speaker_options": {}},
            sentences.SPEAKERS_TWICE,
        ),
        ({"audio_url": AUDIO, "speech_models": ["one-of-ours"]}, vocabulary.SPEECH_MODELS_WRONG),
        (
            {"audio_url": AUDIO, "speech_models": ["universal-3-pro"]},
            'The "universal-3-pro" speech model(s) have been deprecated. '
            'Use speech_models: ["universal-3-5-pro", "universal-2"] instead.',
        ),
        (
            {"audio_url": AUDIO, "word_boost": ["Stenolog"]},
            '"word_boost" is not compatible with assemblyai-stt-3-7',
        ),
        (
            {
                "audio_url": AUDIO,
                "speech_models": ["universal-2"],
                "keyterms_prompt": ["a"] * 201,
            },
            "keyterms_prompt must be an Array of at most 200 items for universal-2",
        ),
        (
            {"audio_url": AUDIO, "summary_type": "essay"},
            "summary_type must be one of: bullets, bullets_verbose, gist, headline, paragraph",
        ),
        (
            {"audio_url": AUDIO, "language_code": "de", "language_detection": True},
            vocabulary.LANGUAGE_TWICE,
        ),
        (
            {
                "audio_url": AUDIO,
                "language_detection_options": {
                    "expected_languages": ["en"],
                    "fallback_language": "de",
                },
            },
            "language_detection_options.fallback_language must be one of expected_languages",
        ),
        (
            {"audio_url": AUDIO, "redact_static_entities": {"CLINIC": ["Meadow"]}},
            vocabulary.STATIC_WITHOUT_REDACTION,
        ),
        ({"audio_url": AUDIO, **asking()}, vocabulary.UNDERSTANDING_EMPTY),
        (
            {"audio_url": AUDIO, **asking(translation={})},
            "speech_understanding.request.translation.target_languages not found",
        ),
        (
            {"audio_url": AUDIO, **asking(action_items={"effort": "huge"})},
            "speech_understanding.request.action_items.effort must be one of: low, medium",
        ),
        (
            {
                "audio_url": AUDIO,
                "multichannel": True,
                **asking(speaker_identification={"speaker_type": "role"}),
            },
            vocabulary.ROLES_UNKNOWN,
        ),
        (
            {
                "audio_url": AUDIO,
                "redact_pii": True,
                "redact_pii_policies": ["phone_number", "date"],
                **asking(custom_formatting={"date": "mm/dd", "phone_number": "(xxx)"}),
            },
            "redact pii phone_number not compatible with formatting phone_number; "
            "redact pii date not compatible with formatting date",
        ),
        (
            {"audio_url": AUDIO, "summarization": True, "summary_model": "conversational"},
            sentences.SPEAKERS_NOT_LABELLED,
        ),
    ],
)
async def test_a_create_that_the_service_refuses_is_refused(
    bench: Bench, body: dict[str, Any], sentence: str
) -> None:
    answer = await bench.client.post("/v2/transcript", json=body)
    assert (answer.status_code, answer.json()) == (400, {"error": sentence})
    assert bench.simulator.jobs == ()


async def test_an_unknown_policy_is_accepted_and_echoed_as_the_service_does(bench: Bench) -> None:
    answer = await bench.create(redact_pii=True, redact_pii_policies=["shoe_size"])
    assert answer.json()["redact_pii_policies"] == ["shoe_size"]


async def test_a_body_that_is_no_json_or_too_large_is_refused(bench: Bench) -> None:
    assert (await bench.client.post("/v2/transcript", content=b"{")).status_code == 400
    assert (await bench.client.post("/v2/transcript", content=b" " * 2_000_000)).status_code == 413


async def test_an_upload_can_be_used_once_it_is_there_and_a_strangers_cannot(
    bench: Bench,
) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"RIFF"
        yield b"more"

    url = (await bench.client.post("/v2/upload", content=pieces())).json()["upload_url"]
    upload = bench.simulator.uploads[0]
    assert (upload.url, upload.bytes_count) == (url, 8)
    assert upload.sha256 == hashlib.sha256(b"RIFFmore").hexdigest()
    job_id = await bench.created(audio_url=url)
    foreign = await bench.create(audio_url=url[:-4] + "0000")
    assert (foreign.status_code, foreign.json()) == (403, {"error": "Cannot access uploaded file"})
    await bench.client.delete(f"/v2/transcript/{job_id}")
    assert (await bench.create(audio_url=url)).status_code == 403
    empty = await bench.client.post("/v2/upload", content=b"")
    assert (empty.status_code, empty.text) == (422, "Upload failed, please try again")


async def test_a_job_ends_and_stays_the_same(bench: Bench) -> None:
    job_id = await bench.created(speaker_labels=True)
    body = await bench.finished(job_id)
    assert body["status"] == "completed"
    assert body["text"] == " ".join(word["text"] for word in body["words"])
    assert {turn["speaker"] for turn in body["utterances"]} == {"A", "B"}
    assert await bench.read(job_id) == body


async def test_a_failing_job_is_200_with_its_sentence(bench: Bench) -> None:
    bench.simulator.behave = lambda body: Behaviour(run_ms=0, error="Audio duration is too short.")
    body = await bench.read(await bench.created())
    assert (body["status"], body["error"]) == ("error", "Audio duration is too short.")
    assert (body["text"], body["words"]) == (None, None)


@pytest.mark.parametrize("threshold", [0.9461, 0.95])
async def test_too_little_speech_fails_with_the_documented_sentence(
    bench: Bench, threshold: float
) -> None:
    job = await bench.finished(await bench.created(speech_threshold=threshold))
    if threshold < 0.95:
        assert (job["status"], job["error"]) == ("completed", None)
    else:
        assert job["status"] == "error"
        assert job["text"] is None
        assert job["error"] == (
            "Audio speech threshold 0.9461 is below the requested speech threshold value 0.95"
        )


async def test_delete_scrubs_again_and_again(bench: Bench) -> None:
    bench.simulator.behave = lambda body: AT_ONCE
    job_id = await bench.created(webhook_url=bench.hook)
    first, again = [await bench.client.delete(f"/v2/transcript/{job_id}") for _ in range(2)]
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json() == await bench.read(job_id)
    body = first.json()
    assert (body["text"], body["audio_url"]) == ("Deleted by user.", "http://deleted_by_user")
    assert (body["webhook_url"], body["words"]) == ("http://deleted_by_user", None)
    assert body["audio_duration"] == 30
    listed = (await bench.client.get("/v2/transcript")).json()["transcripts"][0]
    assert (listed["status"], listed["audio_url"]) == ("completed", "deleted_by_user")


async def test_deleting_an_unfinished_job_can_be_refused(bench: Bench) -> None:
    bench.simulator.behave = lambda body: ENDLESS
    bench.simulator.deletes_unfinished = False
    answer = await bench.client.delete(f"/v2/transcript/{await bench.created()}")
    assert answer.status_code == 400
    bench.simulator.deletes_unfinished = True
    answer = await bench.client.delete(f"/v2/transcript/{await bench.created()}")
    assert answer.json()["text"] == "Deleted by user."


async def test_lists_are_newest_first_and_page_to_older_and_newer(bench: Bench) -> None:
    ids = [await bench.created(audio_url=f"{AUDIO}?{n}") for n in range(5)]
    newest = (await bench.client.get("/v2/transcript?limit=2")).json()
    assert [row["id"] for row in newest["transcripts"]] == [ids[4], ids[3]]
    details = newest["page_details"]
    prefix = f"{bench.base_url}/v2/transcript?limit=2"
    assert details["current_url"] == prefix
    assert details["prev_url"] == f"{prefix}&before_id={ids[3]}"
    assert details["next_url"] is None
    older = (await bench.client.get(details["prev_url"])).json()
    assert [row["id"] for row in older["transcripts"]] == [ids[2], ids[1]]
    oldest = (await bench.client.get(older["page_details"]["prev_url"])).json()
    assert [row["id"] for row in oldest["transcripts"]] == [ids[0]]
    assert oldest["page_details"]["prev_url"] is None
    assert oldest["page_details"]["next_url"] == f"{prefix}&after_id={ids[0]}"
    newer = (await bench.client.get(oldest["page_details"]["next_url"])).json()
    assert [row["id"] for row in newer["transcripts"]] == [ids[2], ids[1]]
    row = newest["transcripts"][0]
    assert row["resource_url"] == f"{bench.base_url}/v2/transcript/{ids[4]}"
    assert (row["audio_url"], row["error"]) == (f"{AUDIO}?4", "")


async def test_lists_filter_by_status_and_day(bench: Bench) -> None:
    kinds = {"done": AT_ONCE, "open": ENDLESS, "bad": Behaviour(run_ms=0, error="No.")}
    bench.simulator.behave = lambda body: kinds[str(body["audio_url"])[-4:].strip("/")]
    waiting = Behaviour(never_ends=True, queued_ms=60_000, throttled=True)
    kinds["wait"] = waiting
    ids = {kind: await bench.created(audio_url=f"https://a/{kind}") for kind in kinds}

    async def listed(query: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = (await bench.client.get(f"/v2/transcript?{query}")).json()[
            "transcripts"
        ]
        return rows

    assert [row["id"] for row in await listed("status=completed")] == [ids["done"]]
    assert [row["id"] for row in await listed("throttled_only=true")] == [ids["wait"]]
    failed = (await listed("status=error"))[0]
    assert (failed["id"], failed["error"], failed["completed"]) == (ids["bad"], "No.", None)
    day = failed["created"][:10]
    assert len(await listed(f"created_on={day}&status=&before_id=")) == 4
    assert await listed("created_on=1999-01-01") == []
    for wrong in ("limit=0", "limit=201", "status=done", "before_id=no-such-id"):
        assert (await bench.client.get(f"/v2/transcript?{wrong}")).status_code == 400


async def test_redacted_audio_is_a_link_that_needs_no_key(bench: Bench) -> None:
    wanted = {"redact_pii": True, "redact_pii_policies": ["person_name"], "redact_pii_audio": True}
    bench.simulator.behave = lambda body: ENDLESS
    early = await bench.client.get(f"/v2/transcript/{await bench.created(**wanted)}/redacted-audio")
    assert early.status_code == 202
    assert early.json()["status"] in ("queued", "processing")
    bench.simulator.behave = lambda body: AT_ONCE
    path = f"/v2/transcript/{await bench.created(**wanted)}/redacted-audio"
    body = (await bench.client.get(path)).json()
    assert body["status"] == "redacted_audio_ready"
    async with httpx.AsyncClient(verify=False) as stranger:
        assert (await stranger.get(body["redacted_audio_url"])).content.startswith(b"RIFF")
    plain = await bench.client.get(f"/v2/transcript/{await bench.created()}/redacted-audio")
    assert plain.status_code == 400
