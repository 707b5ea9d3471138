"""A transcript as a vCon: what the drafts require is there, and no number is its subject."""

from __future__ import annotations

import json
from typing import Any

from click.testing import CliRunner

from stenolog.cli.main import stenolog
from stenolog.cli.vcon import vcon_of
from tests.cli.other_service import other_service
from tests.http.spoken import TURNS, WORDS

ID = "0f8fad5b-d9cb-469f-a165-70867728950e"
NUMBER = "+44 20 7946 0018"
TRANSCRIPT: dict[str, Any] = {
    "id": ID,
    "status": "completed",
    "text": "all of it",
    "language_code": "en_us",
    "confidence": 0.5,
    "speech_model_used": "universal",
    "words": [*WORDS, {**WORDS[-1], "end": WORDS[-1]["start"]}],
    "utterances": TURNS,
}
JOB: dict[str, Any] = {
    "id": ID,
    "status": "completed",
    "provider": "assemblyai",
    "provider_job": "job-1",
    "region": "us",
    "created_at": "2026-11-21T08:00:00.000000Z",
    "completed_at": "2026-11-21T08:01:00.000000Z",
    "audio_ms": 9_500,
    "audio_url": "https://audio.example/call.mp3",
    "subject": NUMBER,
    "metadata": None,
}
ENTITY = {"entity_type": "person_name", "text": "word7", "start": 700, "end": 790}


def test_it_has_what_the_drafts_require() -> None:
    made = vcon_of(TRANSCRIPT, JOB, [], {"entities": [ENTITY], "chapters": []})
    assert (made["vcon"], made["uuid"], made["created_at"]) == ("0.4.0", ID, JOB["created_at"])
    assert made["extensions"] == ["wtf_transcription"]
    assert made["parties"] == [{"name": "Speaker A"}, {"name": "Speaker B"}]
    [dialog] = made["dialog"]
    assert (dialog["type"], dialog["parties"], dialog["duration"]) == ("recording", [0, 1], 9.5)
    assert "url" not in dialog, "it would need a hash of the audio"
    transcript, entities = made["analysis"]
    assert all(
        {"type", "dialog", "mediatype", "vendor", "encoding", "body"} <= one.keys()
        for one in made["analysis"]
    )
    assert (transcript["vendor"], transcript["product"]) == ("AssemblyAI", "universal")
    assert (entities["type"], entities["body"]) == ("entities", [ENTITY])
    wtf = transcript["body"]
    assert wtf["transcript"] == {
        "text": "all of it",
        "language": "en-US",
        "duration": 9.5,
        "confidence": 0.5,
    }
    assert [one["speaker"] for one in wtf["segments"]] == ["A", "B"]
    assert all(one["end"] > one["start"] for one in (*wtf["segments"], *wtf["words"]))
    assert len(wtf["words"]) == len(WORDS), "a word without a length is none of the draft's"
    assert wtf["words"][1]["start"] == 0.1
    assert wtf["speakers"]["A"]["total_time"] == 0.59
    assert {"created_at", "processed_at", "provider", "model"} <= wtf["metadata"].keys()


def test_a_subject_is_in_an_attachment_alone() -> None:
    made = vcon_of(TRANSCRIPT, JOB, [], {})
    [attachment] = made.pop("attachments")
    assert attachment["body"]["subject"] == NUMBER
    assert {"start", "party", "dialog", "mediatype", "encoding"} <= attachment.keys()
    assert NUMBER not in json.dumps(made)
    assert "subject" not in made


def test_what_was_said_by_nobody_that_is_known_is_a_vcon_too() -> None:
    bare: dict[str, Any] = {
        "id": ID,
        "status": "completed",
        "text": None,
        "words": [],
        "utterances": None,
    }
    sentence = {"text": " Hello. ", "start": 0, "end": 900, "speaker": None}
    made = vcon_of(bare, {"id": ID, "created_at": JOB["created_at"]}, [sentence], {})
    assert made["parties"] == [{}]
    [analysis] = made["analysis"]
    assert analysis["body"]["segments"] == [{"id": 0, "start": 0.0, "end": 0.9, "text": "Hello."}]
    assert analysis["body"]["transcript"] == {"text": ""}


def test_the_command_writes_it_and_says_that_it_is_a_draft() -> None:
    with other_service(json.dumps({"items": [], "next": None}).encode()) as service:
        service.paths = {
            f"/v2/transcript/{ID}": json.dumps(TRANSCRIPT).encode(),
            f"/api/v1/transcripts/{ID}/entities": json.dumps(
                {"items": [ENTITY], "next": None}
            ).encode(),
            f"/api/v1/transcripts/{ID}/": json.dumps({"items": [], "next": None}).encode(),
            f"/api/v1/transcripts/{ID}": json.dumps(JOB).encode(),
        }
        words = ["export", ID, "--format", "vcon", "--url", service.url, "--api-key", "k"]
        answer = CliRunner().invoke(stenolog, words, catch_exceptions=False)
    assert answer.exit_code == 0
    assert "draft" in answer.stderr
    made = json.loads(answer.stdout)
    assert [one["type"] for one in made["analysis"]] == ["wtf_transcription", "entities"]
