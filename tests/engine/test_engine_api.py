"""The engine's API is AssemblyAI's, over HTTP, from the real process."""

from __future__ import annotations

import io
import json
import statistics
import time
from typing import Any

import assemblyai
import httpx
import numpy as np
import pytest

from stenolog.wire.assemblyai.transcript import ECHO_DEFAULTS, RESULT_DEFAULTS
from tests.engine import sounds
from tests.engine.engine_process import EngineProcess, until
from tests.engine.servers import Site

pytestmark = pytest.mark.xdist_group("engine")

OPENING = sounds.wav(sounds.speech("two_cities", 0, 4.8))


def error(engine: EngineProcess, **params: object) -> tuple[int, str]:
    answer = engine.http.post("/v2/transcript", json=params)
    return answer.status_code, answer.json()["error"]


@pytest.mark.parametrize("key", ["", "wrong", None])
def test_without_the_key_nothing_is_answered(engine: EngineProcess, key: str | None) -> None:
    headers = {"authorization": key if key is not None else f"Bearer {engine.api_key}"}
    for method, path in (("GET", "/v2/transcript"), ("POST", "/v2/upload"), ("GET", "/nowhere")):
        answer = engine.http.request(method, path, headers=headers)
        assert answer.status_code == 401
        assert answer.json() == {"error": "Authentication error, API token missing/invalid"}


def test_a_job_goes_from_its_creation_to_the_whole_transcript(engine: EngineProcess) -> None:
    models = ["universal-2"]
    url = engine.upload(OPENING)
    created = engine.create(audio_url=url, speaker_labels=True, speech_models=models)
    assert created["status"] == "queued"
    assert set(created) >= {*ECHO_DEFAULTS, *RESULT_DEFAULTS, "id", "webhook_auth"}
    body = engine.finished(created["id"])
    assert body["status"] == "completed"
    assert body["error"] is None
    assert body["audio_url"] == url
    assert body["audio_duration"] == 5
    assert body["text"] == " ".join(word["text"] for word in body["words"])
    assert {word["speaker"] for word in body["words"]} == {"A"}
    assert [u["speaker"] for u in body["utterances"]] == ["A"]
    assert body["speech_models"] == models
    assert body["speech_model"] is None
    assert body["speech_model_used"] == "moonshine-tiny-en"
    assert body["language_code"] == "en_us"
    assert 0.5 < body["confidence"] < 1.0


def test_what_is_known_of_the_audio_stands_beside_the_transcript(engine: EngineProcess) -> None:
    """Half of a file is transcribed, and the answer and the log say that it is half."""
    whole = sounds.wav(sounds.silence(10))
    body = engine.transcribe(whole[: len(whole) // 2])
    known = body["stenolog"]
    assert (body["status"], body["audio_duration"]) == ("completed", 5)
    assert known["audio"]["container"] == "wav"
    assert 9_950 < known["audio"]["declared_ms"] < 10_050
    assert [one["code"] for one in known["warnings"]] == ["cut-short", "silent"]
    line = next(
        line
        for line in engine.log_lines()
        if line["event"] == "engine.audio_doubtful" and line["job_id"] == body["id"]
    )
    assert line["warnings"] == ["cut-short", "silent"]
    assert line["decoded_ms"] == known["audio"]["decoded_ms"]
    refused = engine.transcribe(whole, speech_threshold=0.5)
    assert refused["status"] == "error"
    assert [one["code"] for one in refused["stenolog"]["warnings"]] == ["silent"]


@pytest.mark.filterwarnings("ignore::pydantic.PydanticDeprecatedSince20")  # the SDK's own
def test_the_official_sdk_works_with_only_its_base_url_changed(engine: EngineProcess) -> None:
    client = assemblyai.Client(
        settings=assemblyai.Settings(
            api_key=engine.api_key, base_url=engine.url, polling_interval=0.1
        )
    )
    config = assemblyai.TranscriptionConfig(speaker_labels=True, language_detection=True)
    with client.http_client:
        transcriber = assemblyai.Transcriber(client=client, config=config)
        transcript = transcriber.transcribe(io.BytesIO(OPENING))
        assert transcript.status == assemblyai.TranscriptStatus.completed
        assert transcript.text is not None
        assert transcript.text.startswith("It was the best of times")
        assert transcript.utterances is not None
        listed = transcriber.list_transcripts()
        assert transcript.id in [item.id for item in listed.transcripts]


def test_detection_answers_english_without_a_number(engine: EngineProcess) -> None:
    body = engine.transcribe(OPENING, language_detection=True)
    assert body["language_code"] == "en_us"
    assert body["language_confidence"] is None


def test_too_little_speech_is_an_error_with_four_decimals(engine: EngineProcess) -> None:
    body = engine.transcribe(OPENING, speech_threshold=0.99)
    assert body["status"] == "error"
    assert body["text"] is None
    assert body["audio_duration"] == 5
    ratio = body["error"].split()[3]
    assert body["error"] == (
        f"Audio speech threshold {ratio} is below the requested speech threshold value 0.99"
    )
    assert len(ratio) == 6
    assert engine.transcribe(OPENING, speech_threshold=0.2)["status"] == "completed"


@pytest.mark.parametrize(
    "params", [{"custom_topics": True}, {"redact_pii_policies": ["aura"], "redact_pii": True}]
)
def test_a_feature_the_engine_lacks_is_refused(
    engine: EngineProcess, params: dict[str, object]
) -> None:
    status, sentence = error(engine, audio_url="http://example.com/a.mp3", **params)
    assert status == 400
    assert sentence.startswith(next(iter(params)))


def test_requests_are_checked_as_the_service_does(engine: EngineProcess) -> None:
    assert error(engine) == (400, "Transcript creation error, audio_url not found")
    assert error(engine, audio_url="file:///etc/passwd") == (
        400,
        "Transcript creation error, audio_url should start with http",
    )
    assert error(engine, audio_url="http://x.org/", format_text="x")[0] == 400
    answer = engine.http.post("/v2/transcript", content=b"{")
    assert answer.status_code == 400


def test_a_body_without_end_is_not_read(engine: EngineProcess) -> None:
    answer = engine.http.post("/v2/transcript", content=b" " * 2_000_000)
    assert answer.status_code == 413


def test_an_upload_that_is_not_there_cannot_be_used(engine: EngineProcess) -> None:
    url = f"{engine.url}/upload/../../etc/passwd"
    assert error(engine, audio_url=url) == (403, "Cannot access uploaded file")
    earlier = f"http://127.0.0.1:9/upload/{'x' * 32}"  # as an engine at another port had named it
    assert error(engine, audio_url=earlier) == (403, "Cannot access uploaded file")


def test_an_upload_serves_all_who_hold_it_and_is_gone_after_the_last(
    engine: EngineProcess,
) -> None:
    url = engine.upload(OPENING)
    ids = [engine.create(audio_url=url)["id"] for _ in range(2)]
    assert {engine.finished(each)["status"] for each in ids} == {"completed"}
    until(lambda: True if not list(engine.scratch.glob("*")) else None, 5)
    assert error(engine, audio_url=url)[0] == 403


def test_an_answer_is_sent_at_once(engine: EngineProcess) -> None:
    """With Nagle's algorithm on, half of all answers wait for an acknowledgement: 40 ms."""
    took_ms = []
    for _ in range(40):
        begun = time.perf_counter()
        engine.http.get("/v2/transcript/nowhere")
        took_ms.append((time.perf_counter() - begun) * 1000)
    assert statistics.median(took_ms) < 30


def test_unknown_ids_and_paths_are_answered_as_the_service_does(engine: EngineProcess) -> None:
    for method in ("GET", "DELETE"):
        answer = engine.http.request(method, "/v2/transcript/nowhere")
        assert answer.status_code == 400
        assert answer.json() == {"error": "Transcript lookup error, transcript id not found"}
    assert engine.http.get("/v2/nothing").status_code == 404
    assert engine.http.get("/v2/nothing").json() == {"error": "Not found"}
    assert engine.http.put("/v2/transcript").status_code == 405


def test_a_deleted_transcript_is_scrubbed_and_stays_so(engine: EngineProcess) -> None:
    done = engine.transcribe(OPENING)
    path = f"/v2/transcript/{done['id']}"
    deleted = engine.http.delete(path).json()
    assert deleted["text"] == "Deleted by user."
    assert deleted["audio_url"] == "http://deleted_by_user"
    assert deleted["words"] is None
    assert deleted["audio_duration"] == done["audio_duration"]
    assert engine.http.delete(path).json() == deleted
    assert engine.http.get(path).json() == deleted


def test_a_list_has_absolute_urls_and_pages(engine: EngineProcess) -> None:
    ids = [engine.transcribe(sounds.wav(sounds.silence(0.2)))["id"] for _ in range(3)]
    page = engine.http.get("/v2/transcript", params={"limit": 2, "status": ""}).json()
    assert [item["id"] for item in page["transcripts"]] == ids[:0:-1]
    assert page["transcripts"][0]["resource_url"] == f"{engine.url}/v2/transcript/{ids[-1]}"
    assert page["transcripts"][0]["completed"].endswith("Z")
    older = engine.http.get(page["page_details"]["prev_url"]).json()
    assert older["transcripts"][0]["id"] == ids[0]
    assert engine.http.get("/v2/transcript", params={"limit": 201}).status_code == 400


def test_a_finished_job_calls_its_webhook(engine: EngineProcess, receiver: Site) -> None:
    seen = len(receiver.received)
    created = engine.create(
        audio_url=engine.upload(OPENING),
        webhook_url=f"{receiver.url}/hook?job=1",
        webhook_auth_header_name="X-Secret",
        webhook_auth_header_value="open sesame",
    )
    assert created["webhook_auth"] is True
    assert "open sesame" not in json.dumps(created)
    call = receiver.wait_for(seen + 1)[-1]
    assert (call.method, call.path) == ("POST", "/hook?job=1")
    assert call.headers["x-secret"] == "open sesame"
    assert call.headers["content-type"] == "application/json"
    assert list(json.loads(call.body).items()) == [
        ("transcript_id", created["id"]),
        ("status", "completed"),
    ]

    def told() -> dict[str, Any] | None:
        body = engine.get(created["id"])
        return body if body["webhook_status_code"] is not None else None

    assert until(told, 5)["webhook_status_code"] == 204


def test_redacted_audio_is_a_second_call_and_goes_with_its_job(
    engine: EngineProcess, receiver: Site
) -> None:
    seen = len(receiver.received)
    created = engine.create(
        audio_url=engine.upload(OPENING),
        webhook_url=receiver.url,
        redact_pii=True,
        redact_pii_audio=True,
        redact_pii_audio_quality="wav",
        redact_static_entities={"TIME": ["times"]},
        audio_start_from=1_000,
    )
    calls = receiver.wait_for(seen + 2)[-2:]
    assert json.loads(calls[0].body)["status"] == "completed"
    told = json.loads(calls[1].body)
    path = f"/v2/transcript/{created['id']}"
    assert told == engine.http.get(f"{path}/redacted-audio").json()
    heard = httpx.get(told["redacted_audio_url"], trust_env=False)
    assert heard.headers["content-type"] == "audio/wav"
    # The part that was asked for: nothing was looked for in the rest.
    assert len(heard.content) == pytest.approx(44 + 3.8 * 32_000, abs=320)
    hidden = [word for word in engine.get(created["id"])["words"] if "#" in word["text"]]
    assert hidden
    at = 44 + (hidden[0]["start"] - 1_000) * 32
    tone = np.frombuffer(heard.content[at : at + 3_200], dtype="<i2")
    assert abs(tone).max() == pytest.approx(3_277, abs=2)
    assert engine.http.delete(path).status_code == 200
    assert httpx.get(told["redacted_audio_url"], trust_env=False).status_code == 404
    assert engine.http.get(f"{path}/redacted-audio").status_code == 400


def test_a_failed_job_calls_its_webhook_too(engine: EngineProcess, receiver: Site) -> None:
    seen = len(receiver.received)
    created = engine.create(audio_url=engine.upload(b"no audio"), webhook_url=receiver.url)
    call = receiver.wait_for(seen + 1)[-1]
    assert json.loads(call.body) == {"transcript_id": created["id"], "status": "error"}
