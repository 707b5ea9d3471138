"""The `/v2` answer that a customer gets."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stenolog.edge.assemblyai.body import V2Body, with_webhook_status
from stenolog.edge.assemblyai.sdk_transcript import readable
from stenolog.projections.documents import read_object
from tests.unit.projections.answers import answer
from tests.unit.projections.events import WEBHOOK, MemoryLog, transcription_id
from tests.unit.projections.projecting import hold_of, status_of, view_of

PARAMS = {"audio_url": "https://audio.example/1.mp3", **WEBHOOK}


def body_of(log: MemoryLog) -> dict[str, Any]:
    transcript = view_of(log, "transcript").transcript
    assert transcript is not None
    body = json.loads(transcript.body)
    assert isinstance(body, dict)
    return body


def shown(params: dict[str, Any], provider: dict[str, Any]) -> dict[str, Any]:
    """What a customer gets of a provider's answer."""
    body = json.loads(V2Body().completed("id", params, read_object(json.dumps(provider).encode())))
    assert isinstance(body, dict)
    return body


def test_the_answer_is_the_providers_but_for_what_is_the_customers() -> None:
    log = MemoryLog()
    log.done(1, answer(), **WEBHOOK)
    ours = {
        "id": transcription_id(1),
        "status": "completed",
        "audio_url": "https://audio.example/1.mp3",
        "webhook_url": "https://customer.example/hook",
        "webhook_auth": True,
        "webhook_auth_header_name": "X-Customer",
        "webhook_auth_header_value": None,
        "webhook_status_code": None,
        "speech_model": None,
    }
    assert body_of(log) == answer() | ours


def test_neither_our_callback_nor_any_secret_is_in_it() -> None:
    log = MemoryLog()
    log.done(1, answer(), **WEBHOOK)
    transcript = view_of(log, "transcript").transcript
    assert transcript is not None
    for secret in (b"our-token", b"our-secret", b"customer-secret", b"X-Stenolog", b"provider-job"):
        assert secret not in transcript.body


def test_without_a_webhook_of_the_customer_there_is_none() -> None:
    body = shown({"audio_url": "https://x.example"}, answer())
    assert (body["webhook_url"], body["webhook_auth"]) == (None, False)
    assert body["webhook_auth_header_name"] is None


def test_a_header_name_without_a_value_is_no_authentication() -> None:
    params = PARAMS | {"webhook_auth_header_value": None}
    assert shown(params, answer())["webhook_auth"] is False


def test_the_secret_header_is_not_added_where_the_provider_has_none() -> None:
    provider = answer()
    del provider["webhook_auth_header_value"]
    assert "webhook_auth_header_value" not in shown(PARAMS, provider)


@pytest.mark.parametrize(
    ("given", "told"), [("best", "best"), ("universal-3-pro", None), (None, None), ([], None)]
)
def test_speech_model_is_null_or_a_word_that_the_sdk_knows(given: object, told: object) -> None:
    assert shown(PARAMS, answer(speech_model=given))["speech_model"] == told


@pytest.mark.parametrize(("given", "told"), [(12, 12), (12.5, 13), (12.0, 12), (None, None)])
def test_the_duration_is_in_whole_seconds(given: object, told: object) -> None:
    assert shown(PARAMS, answer(audio_duration=given))["audio_duration"] == told


def test_the_audio_url_is_never_null() -> None:
    assert shown({}, answer())["audio_url"] == ""


def test_integers_of_any_size_and_lone_surrogates_come_through() -> None:
    log = MemoryLog()
    log.done(1, answer(project_id=2**80, odd="\ud800", text="a\ud800b"))
    body = body_of(log)
    assert body["project_id"] == 2**80
    assert body["odd"] == "\ud800"
    transcript = view_of(log, "transcript").transcript
    assert transcript is not None
    assert transcript.text == "a?b"


UNTOUCHED = (
    b'"unknown": 1.0',
    b'"unknown": {"a": 1e400, "b": -0, "c": 1E2, "d": 0.12345678901234567890123}',
    b'"unknown": 1,"unknown": 2',
    b'"unkn\\u006fwn"  :  "\\u00e9\xc3\xa9 \\/"',
    b'"unknown": "\\ud800"',
)


@pytest.mark.parametrize(
    "member",
    [
        *UNTOUCHED,
        b'"words": [{"text": "a", "start": 1, "end": 1, "confidence": 1, "confidence": 0.50}]',
    ],
)
def test_what_is_not_ours_comes_through_byte_for_byte(member: bytes) -> None:
    log = MemoryLog()
    log.done(1, b'{"id": "7", %b, "webhook_url": "u", "webhook\\u005furl": "our-token"}' % member)
    transcript = view_of(log, "transcript").transcript
    assert transcript is not None
    assert member in transcript.body
    assert b"our-token" not in transcript.body
    assert body_of(log)["id"] == transcription_id(1)


@pytest.mark.parametrize("member", UNTOUCHED)
def test_what_nobody_knows_of_a_failure_comes_through_too(member: bytes) -> None:
    log = MemoryLog()
    log.request(1, **WEBHOOK)
    data = {"submission": 1, "reason": "provider", "wake": "callback"}
    told = b'{"error": "No.", "answer": {%b, "webhook_url": "our-token", "text": "half"}}' % member
    log.add(1, "transcription.failed", data, told)
    transcript = view_of(log, "transcript").transcript
    assert transcript is not None
    assert member in transcript.body
    assert b"our-token" not in transcript.body
    assert (body_of(log)["error"], body_of(log)["text"]) == ("No.", None)


def test_text_confidence_language_and_the_number_of_words_stand_beside_it() -> None:
    log = MemoryLog()
    log.done(1, answer())
    row = view_of(log, "transcript").transcript
    assert row is not None
    assert (row.text, row.confidence, row.language_code) == (answer()["text"], 0.95, "en_us")
    assert row.words == len(answer()["words"])


@pytest.mark.parametrize(
    "odd",
    [
        {"text": None, "words": None, "confidence": None, "language_code": None},
        {"text": 3, "words": {}, "confidence": "high", "language_code": []},
        {"confidence": True, "text": "", "words": []},
        {"confidence": 10**400},
    ],
)
def test_odd_fields_are_not_believed_and_no_client_stumbles_over_them(odd: dict[str, Any]) -> None:
    log = MemoryLog()
    log.done(1, answer(**odd))
    view = view_of(log, "transcript")
    assert view.transcript is not None
    assert view.transcript.confidence is None or odd.get("confidence") is None
    read = {name: readable(name, value) for name, value in odd.items()}
    assert body_of(log) | read == body_of(log)


def test_an_empty_answer_is_an_answer() -> None:
    log = MemoryLog()
    log.done(1, {})
    row = view_of(log, "transcript").transcript
    assert row is not None
    assert (row.text, row.words) == (None, 0)
    assert body_of(log)["status"] == "completed"


def test_a_failure_is_the_whole_transcript_object_with_the_sentence() -> None:
    log = MemoryLog()
    log.request(1, speaker_labels=True, **WEBHOOK)
    log.fail(1, "The file has no audio.", {"status": "error", "audio_duration": 4})
    view = view_of(log, "transcript")
    body = body_of(log)
    assert view.reason == "error"
    assert (body["id"], body["status"]) == (transcription_id(1), "error")
    assert body["error"] == "The file has no audio."
    assert (body["speaker_labels"], body["audio_duration"]) == (True, 4)
    assert body["audio_url"] == "https://audio.example/1.mp3"
    assert body["webhook_url"] == "https://customer.example/hook"
    assert body["words"] is None
    assert b"customer-secret" not in json.dumps(body).encode()


@pytest.mark.parametrize("payload", [b"", b"[]", b'{"error": null, "answer": 3}'])
def test_a_failure_that_cannot_be_read_is_shown_as_one(payload: bytes) -> None:
    log = MemoryLog()
    log.request(1)
    data = {"submission": 1, "reason": "provider", "wake": "poll"}
    log.add(1, "transcription.failed", data, payload)
    assert (body_of(log)["status"], bool(body_of(log)["error"])) == ("error", True)


def test_an_unreadable_result_is_held_and_answered_with_an_error() -> None:
    log = MemoryLog()
    log.done(1, b"<html>")
    hold = hold_of(log, "transcript")
    assert "html" not in hold.reason
    assert hold.transcript is not None
    body = json.loads(hold.transcript.body)
    assert (body["status"], body["error"]) == ("error", "The provider's result could not be read.")


def test_an_erased_transcript_has_no_body() -> None:
    log = MemoryLog()
    log.done(1, answer())
    log.missing.update({1, 5})
    view = view_of(log, "transcript")
    assert (view.reason, view.transcript) == ("erased", None)


def test_a_failure_without_a_request_has_an_audio_url_all_the_same() -> None:
    log = MemoryLog()
    log.fail(1, "The file has no audio.")
    assert body_of(log)["audio_url"] == ""


def test_a_result_without_a_payload_is_held() -> None:
    log = MemoryLog()
    log.done(1, None)
    assert hold_of(log, "transcript").reason == "the payload is missing"
    assert status_of(log).status == "error"


@pytest.mark.parametrize("odd", [{}, {"a_large_integer": 2**70}, {"webhook_status_code": 204}])
def test_what_the_webhook_answered_is_put_in_and_nothing_else_changes(odd: dict[str, Any]) -> None:
    log = MemoryLog()
    log.done(1, answer() | odd, **WEBHOOK)
    transcript = view_of(log, "transcript").transcript
    assert transcript is not None
    assert with_webhook_status(transcript.body, None) == transcript.body
    before = json.loads(transcript.body)
    assert before["webhook_status_code"] is None
    after = json.loads(with_webhook_status(transcript.body, 201))
    assert after == before | {"webhook_status_code": 201}


def test_a_failed_body_takes_the_status_too() -> None:
    log = MemoryLog()
    log.request(1, **WEBHOOK)
    log.claim(1)
    log.accept(1)
    log.fail(1, "no audio")
    transcript = view_of(log, "transcript").transcript
    assert transcript is not None
    assert json.loads(with_webhook_status(transcript.body, 404))["webhook_status_code"] == 404


def test_a_body_of_an_earlier_version_takes_the_status_as_well() -> None:
    old = b'{"webhook_status_code":null,"id":"1","n":%d}' % 2**70
    assert json.loads(with_webhook_status(old, 204)) == {
        "id": "1",
        "n": 2**70,
        "webhook_status_code": 204,
    }
