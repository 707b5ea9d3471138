"""The Transcript object in each of its states."""

from __future__ import annotations

import json

import assemblyai
import pytest

from stenolog.wire.assemblyai.transcript import (
    TERMINAL,
    completed_transcript,
    deleted_transcript,
    echo,
    failed_transcript,
    queued_transcript,
)

PARAMS = {"audio_url": "https://example.com/a.mp3"}
UNAVAILABLE = {"status": "unavailable", "results": [], "summary": {}}

# Written after a recorded answer to a create of 2023: every field and default of that time.
QUEUED_2023: dict[str, object] = {
    "language_model": "assemblyai_default", "acoustic_model": "assemblyai_default",
    "language_code": "en_us", "status": "queued", "audio_url": "https://example.com/a.mp3",
    "text": None, "words": None, "utterances": None, "confidence": None, "audio_duration": None,
    "punctuate": True, "format_text": True, "dual_channel": None, "webhook_url": None,
    "webhook_status_code": None, "webhook_auth": False, "webhook_auth_header_name": None,
    "speed_boost": False, "auto_highlights_result": None, "auto_highlights": False,
    "audio_start_from": None, "audio_end_at": None, "word_boost": [], "boost_param": None,
    "filter_profanity": False, "redact_pii": False, "redact_pii_audio": False,
    "redact_pii_audio_quality": None, "redact_pii_policies": None, "redact_pii_sub": None,
    "speaker_labels": False, "content_safety": False, "iab_categories": False,
    "content_safety_labels": {}, "iab_categories_result": {}, "language_detection": False,
    "custom_spelling": None, "throttled": None, "auto_chapters": False, "summarization": False,
    "summary_type": None, "summary_model": None, "custom_topics": False, "topics": [],
    "speech_threshold": None, "disfluencies": False, "sentiment_analysis": False,
    "chapters": None, "sentiment_analysis_results": None, "entity_detection": False,
    "entities": None, "summary": None, "speakers_expected": None,
}  # fmt: skip


def test_a_queued_transcript_has_every_field_and_default() -> None:
    body = queued_transcript("some-id", PARAMS)
    assert {name: body[name] for name in QUEUED_2023} == QUEUED_2023
    assert body["id"] == "some-id"
    assert len(body) > len(QUEUED_2023)
    assert queued_transcript("some-id", PARAMS, status="processing")["status"] == "processing"


def test_a_webhooks_secret_is_never_in_an_answer() -> None:
    params = {
        **PARAMS,
        "webhook_url": "https://c.example/",
        "webhook_auth_header_name": "X-Token",
        "webhook_auth_header_value": "secret",
    }
    for body in (
        queued_transcript("i", params),
        completed_transcript("i", params, {}),
        failed_transcript("i", params, "no"),
    ):
        assert "secret" not in json.dumps(body)
        assert "webhook_auth_header_value" not in body
        assert body["webhook_auth"] is True
        assert body["webhook_auth_header_name"] == "X-Token"


def test_an_answer_echoes_what_was_asked_and_nothing_else() -> None:
    echoed = echo({**PARAMS, "punctuate": False, "id": "x", "status": "y", "brand_new": 1})
    assert echoed["punctuate"] is False
    assert not {"id", "status", "brand_new", "webhook_auth_header_value"} & echoed.keys()


def test_the_number_of_speakers_is_echoed_as_their_range() -> None:
    assert echo({"speakers_expected": 2})["speaker_options"] == {
        "min_speakers_expected": 2,
        "max_speakers_expected": 2,
        "advanced_speaker_segmentation": True,
    }
    options = {"max_speakers_expected": 4}
    assert echo({"speaker_options": options})["speaker_options"] == options


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, "en_us"),
        ({"language_code": "en"}, "en_us"),
        ({"language_code": "es"}, "es"),
        ({"language_detection": True}, None),
    ],
)
def test_the_language_is_echoed_as_the_service_does(
    params: dict[str, object], code: str | None
) -> None:
    assert echo(params)["language_code"] == code


def test_no_answer_shares_its_lists_with_another() -> None:
    first = queued_transcript("a", {**PARAMS, "speech_models": ["universal-2"]})
    for value in first.values():
        if isinstance(value, list | dict):
            value.clear()
    assert queued_transcript("b", PARAMS)["content_safety_labels"] == {}
    done = completed_transcript("a", PARAMS, {})
    assert isinstance(done["content_safety_labels"], dict)
    done["content_safety_labels"].clear()
    assert completed_transcript("b", PARAMS, {})["content_safety_labels"] == UNAVAILABLE


def test_a_completed_transcript_has_its_result_and_blocks_that_are_off() -> None:
    body = completed_transcript("i", PARAMS, {"text": "Hi.", "id": "x", "status": "queued"})
    assert (body["id"], body["status"], body["text"]) == ("i", "completed", "Hi.")
    assert body["content_safety_labels"] == body["iab_categories_result"] == UNAVAILABLE
    assert body["throttled"] is False


def test_a_failed_transcript_says_why() -> None:
    body = failed_transcript("i", PARAMS, "Audio duration is too short.", audio_duration=1)
    assert (body["status"], body["error"]) == ("error", "Audio duration is too short.")
    assert (body["text"], body["words"], body["audio_duration"]) == (None, None, 1)


def test_a_deleted_transcript_keeps_only_what_the_service_keeps() -> None:
    body = deleted_transcript("i", 281)
    kept = {name: value for name, value in body.items() if value not in (None, False)}
    assert kept == {
        "id": "i",
        "language_model": "assemblyai_default",
        "acoustic_model": "assemblyai_default",
        "status": "completed",
        "audio_url": "http://deleted_by_user",
        "webhook_url": "http://deleted_by_user",
        "text": "Deleted by user.",
        "audio_duration": 281,
    }
    assert sorted(name for name, value in body.items() if value is False) == [
        "auto_chapters",
        "auto_highlights",
        "disfluencies",
        "entity_detection",
        "redact_pii",
        "sentiment_analysis",
        "summarization",
        "webhook_auth",
    ]


def test_a_deleted_transcript_has_the_fields_that_were_recorded_of_one() -> None:
    assert {"speaker_count", "cluster_id"} <= set(deleted_transcript("i", 281))


def test_the_official_sdk_reads_every_state() -> None:
    bodies = (
        queued_transcript("i", {**PARAMS, "speaker_labels": True, "speakers_expected": 2}),
        completed_transcript("i", PARAMS, {"text": "Hi.", "audio_duration": 12}),
        failed_transcript("i", PARAMS, "no"),
        deleted_transcript("i", 3),
    )
    read = [assemblyai.types.TranscriptResponse(**body) for body in bodies]
    assert [str(r.status.value) for r in read] == ["queued", "completed", "error", "completed"]
    assert {"completed", "error"} == TERMINAL
