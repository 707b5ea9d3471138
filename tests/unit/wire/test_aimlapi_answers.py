"""Envelopes, errors and the form of AIMLAPI."""

from __future__ import annotations

import json
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

import pytest

from stenolog.wire.aimlapi.envelope import FAILED, QUEUED, RUNNING, read_envelope
from stenolog.wire.aimlapi.errors import (
    NO_CREDITS,
    error_body,
    error_told,
    is_of_account,
    is_of_path,
)
from stenolog.wire.aimlapi.multipart import form_around, kind_of
from stenolog.wire.aimlapi.results import result_of, speech_share

RESULT = {"text": "Guten Morgen."}


@pytest.mark.parametrize(
    "word", ["completed", "COMPLETED", "done", "success", "nobody-knows", None]
)
@pytest.mark.parametrize("member", ["result", "output"])
def test_a_job_with_a_result_is_done_whatever_its_word(word: str | None, member: str) -> None:
    envelope = read_envelope({"status": word, member: RESULT, "generation_id": "g"})
    assert (envelope.status, envelope.payload, envelope.id) == ("completed", RESULT, "g")
    assert envelope.payload_name == member


@pytest.mark.parametrize("word", sorted(QUEUED | RUNNING))
def test_a_waiting_job_waits_although_it_shows_a_result(word: str) -> None:
    envelope = read_envelope({"status": word, "result": RESULT})
    assert envelope.status == ("queued" if word in QUEUED else "processing")
    assert envelope.payload is None
    assert envelope.odd_status is None


@pytest.mark.parametrize("word", sorted(FAILED))
def test_a_failed_job_has_failed_although_it_shows_a_result(word: str) -> None:
    told = {"status": word, "error": {"name": "Error", "message": "No speech."}, "result": RESULT}
    envelope = read_envelope(told)
    assert (envelope.status, envelope.error) == ("error", "No speech.")
    assert envelope.transient == (word == "timeout")


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ({"error": "No speech."}, "No speech."),
        ({"error": {"name": "BadAudio"}}, "BadAudio"),
        ({"message": "No speech."}, "No speech."),
        ({"error": None}, ""),
        ({"result": {"audio_url": "x", "status": "error", "error": "Too short."}}, "Too short."),
    ],
)
def test_the_sentence_of_a_failure_is_found(answer: dict[str, Any], sentence: str) -> None:
    assert read_envelope({"status": "error", **answer}).error == sentence


def test_the_transcript_inside_has_a_status_of_its_own() -> None:
    inside = {"audio_url": "x", "status": "error", "error": "Server error, developers alerted"}
    assert read_envelope({"status": "completed", "result": inside}).status == "error"
    inside["status"] = "processing"
    assert read_envelope({"status": "completed", "result": inside}).status == "processing"


def test_a_word_that_nobody_knows_without_a_result_is_odd_and_runs() -> None:
    envelope = read_envelope({"status": "thinking"})
    assert (envelope.status, envelope.odd_status) == ("processing", "thinking")
    assert read_envelope({}).odd_status == "(none)"


def test_a_text_alone_and_a_bare_result_are_results() -> None:
    assert read_envelope({"status": "completed", "output": "Guten Tag"}).payload == {
        "text": "Guten Tag"
    }
    assert read_envelope({"text": "Guten Tag"}).payload == {"text": "Guten Tag"}


def test_an_error_is_aimlapis_only_with_its_own_status_in_it() -> None:
    told = error_body(400, "Body validation error!", path="/v1/stt/create", request_id="r",
                      timestamp="2026-11-30T12:00:00Z")  # fmt: skip
    found = error_told(400, json.dumps({**told, "details": {"url": ["wrong"]}}).encode())
    assert found is not None
    assert found.sentence == 'Body validation error! {"url": ["wrong"]}'
    assert error_told(400, json.dumps({**told, "statusCode": "400"}).encode()) is not None
    assert error_told(502, json.dumps(told).encode()) is None
    for page in (b"<html>", b"[]", b'{"message": "no route"}', b"{" * 9999, b" " * 70_000):
        assert error_told(404, page) is None


def test_sentences_tell_the_account_and_the_path_from_the_request() -> None:
    assert is_of_account("You've run out of credits.")
    assert not is_of_account("Body validation error!")
    quoted = 'Body validation error! {"url": "https://audio.example/api-key-and-balance.mp3"}'
    assert is_of_account(NO_CREDITS, of_request=True)
    assert not is_of_account(quoted, of_request=True)
    assert is_of_path("Cannot GET /v2/v1/stt/x")
    assert not is_of_path("Generation not found")


def test_a_form_holds_the_fields_and_the_audio() -> None:
    fields = {"model": "#g1_whisper-large", "diarize": True, "keyterm": ["eins", "zwei"],
              "replace": {"a": "b"}, 'od"d': "ä"}  # fmt: skip
    audio = b"RIFF\x00\x00\x00\x00WAVEfmt "
    form = form_around(fields, "file", boundary="b0", begins=audio)
    whole = form.before + audio + form.behind
    assert form.size(len(audio)) == len(whole)
    head = f"Content-Type: {form.content_type}\r\n\r\n".encode()
    parts = [
        (part.get_param("name", header="content-disposition"), part.get_payload(decode=True))
        for part in BytesParser(policy=HTTP).parsebytes(head + whole).iter_parts()
    ]
    assert parts == [
        ("model", b"#g1_whisper-large"),
        ("diarize", b"true"),
        ("keyterm", b"eins"),
        ("keyterm", b"zwei"),
        ("replace", b'{"a": "b"}'),
        ("od%22d", "ä".encode()),
        ("file", audio),
    ]


def test_audio_of_no_known_kind_is_sent_all_the_same() -> None:
    assert kind_of(b"ID3\x04") == ("mp3", "audio/mpeg")
    assert kind_of(b"\x00\x00\x00\x20ftypM4A ") == ("m4a", "audio/mp4")
    assert kind_of(b"") == ("bin", "application/octet-stream")


def test_overlapping_words_count_once() -> None:
    words = [{"word": "a", "start": 0, "end": 2}, {"word": "b", "start": 1, "end": 3}]
    channel = {"alternatives": [{"transcript": "a b", "words": words}]}
    result = {"metadata": {"duration": 6}, "results": {"channels": [channel]}}
    assert speech_share(result_of(result)) == 0.5
    channel["alternatives"][0]["words"] = [{"word": "a"}]
    assert speech_share(result_of(result)) is None, "nothing tells when it was said"
    channel["alternatives"][0]["words"] = []
    assert speech_share(result_of(result)) is None, "a text was said at some time"
    channel["alternatives"][0]["transcript"] = ""
    assert speech_share(result_of(result)) == 0.0
    assert speech_share(result_of({"text": "a", "usage": {"seconds": 6}})) is None
