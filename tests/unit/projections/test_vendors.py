"""Answers of providers that do not speak AssemblyAI's JSON are read as if they did."""

from __future__ import annotations

import json
from typing import Any

from stenolog.log.events.transcriptions import TranscriptionCompleted, TranscriptionFailed
from stenolog.projections.documents import Document, read_object
from stenolog.projections.vendors import canonical

COMPLETED = TranscriptionCompleted(submission=1, reason="poll", audio_ms=1, words=1)
FAILED = TranscriptionFailed(submission=1, reason="unmet", wake="poll")
INSIDE = (
    '{"id": "a", "status": "completed", "text": "x", "words": [], "audio_duration": 1.50, '
    '"large": 123456789012345678901234567890, "odd\\u0065": "\\ud800"}'
)


def read(answer: str, **params: Any) -> Document:
    return canonical("aimlapi", COMPLETED, read_object(answer.encode()), params)


def test_an_assemblyai_transcript_inside_keeps_its_bytes() -> None:
    found = read(f'{{"status": "completed", "generation_id": "g", "result": {INSIDE}}}')
    kept = [raw for _, raw in read_object(INSIDE.encode()).members()]
    assert [raw for _, raw in found.members()] == kept
    more = read(f'{{"status": "completed", "output": {INSIDE}, "cost": 0.1}}')
    assert [raw for _, raw in more.members()] == [*kept, b'"aimlapi":{"cost":0.1}']
    assert more["aimlapi"] == {"cost": 0.1}


def test_another_result_becomes_a_whole_transcript() -> None:
    found = read('{"status": "completed", "result": {"text": "x"}}', language_code="de")
    assert (found["text"], found["words"], found["language_code"]) == ("x", None, "de")
    assert found["punctuate"] is True


def test_the_answer_of_a_failure_tells_no_result() -> None:
    answer = {"status": "completed", "id": "g", "result": {"text": "x", "usage": {"seconds": 2.5}}}
    payload = read_object(json.dumps({"error": "Too little.", "answer": answer}).encode())
    told = canonical("aimlapi", FAILED, payload, {})
    assert told["error"] == "Too little."
    assert told["answer"] == {
        "audio_duration": 3,
        "aimlapi": {"status": "completed", "id": "g"},
    }
    without = read_object(b'{"error": "Lost.", "answer": null}')
    assert canonical("aimlapi", FAILED, without, {}) is without


def test_others_keep_their_own() -> None:
    document = read_object(INSIDE.encode())
    for provider in ("assemblyai", "local", None):
        assert canonical(provider, COMPLETED, document, {}) is document
