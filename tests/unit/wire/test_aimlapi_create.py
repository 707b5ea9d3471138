"""What AIMLAPI's clients send: read as it reads it, and said in AssemblyAI's words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stenolog.errors import InvalidRequest
from stenolog.wire.aimlapi.create import of_form, read_create
from stenolog.wire.aimlapi.envelope import read_envelope
from stenolog.wire.aimlapi.in_assemblyai import params_of
from stenolog.wire.aimlapi.models import MODELS
from stenolog.wire.aimlapi.served import completed, created, failed, text_result, unfinished

URL = "https://audio.example/a.mp3"
WHISPER = "#g1_whisper-large"


def params(model: str, **options: Any) -> dict[str, object]:
    return params_of(read_create({"model": model, "url": URL, **options}, file=False))


def refused(given: dict[str, Any], *, file: bool = False) -> str:
    with pytest.raises(InvalidRequest) as problem:
        read_create(given, file=file)
    return str(problem.value)


@pytest.mark.parametrize("model", MODELS)
def test_every_model_is_taken(model: str) -> None:
    create = read_create({"model": model, "url": URL, "language": None}, file=False)
    assert create.own == {"model": model}
    assert create.url == URL


def test_what_schemas_call_a_model_is_what_it_is() -> None:
    assert read_create({"model": "slam-1"}, file=True).model == "aai/slam-1"
    assert read_create({"model": "elevenlabs/scribe_v2"}, file=True).model == "elevenlabs/scribe_v2"


@pytest.mark.parametrize(
    ("given", "file", "problem"),
    [
        ({"url": URL}, False, "model: Required"),
        ({"model": 7, "url": URL}, False, "model: Expected string, received number"),
        ({"model": "no-such-model", "url": URL}, False, "received 'no-such-model'"),
        ({"model": "nova-3"}, False, "url: Required"),
        ({"model": "nova-3", "url": URL}, True, "not both"),
        ({"model": "nova-3", "url": "ftp://a.example/a"}, False, "url: Invalid url"),
        ({"model": "nova-3", "url": URL, "diarize": "yes"}, False, "Expected boolean"),
        ({"model": "nova-3", "url": URL, "utt_split": True}, False, "Expected number"),
        ({"model": "nova-3", "url": URL, "tag": 1}, False, "Expected array"),
        ({"model": "nova-3", "url": URL, "audio": {}}, False, "multipart/form-data"),
        ({"model": "nova-3", "url": URL, **{str(n): 1 for n in range(256)}}, False, "more than"),
    ],
)
def test_what_it_would_not_take_is_refused_by_name(
    given: dict[str, Any], file: bool, problem: str
) -> None:
    assert problem in refused(given, file=file)


def test_a_form_says_the_same_as_json() -> None:
    values = {
        "model": [WHISPER],
        "diarize": ["true"],
        "punctuate": ["False"],
        "utt_split": ["0.5"],
        "speakers_expected": ["2"],
        "temperature": ["warm"],
        "detect_language": ["true"],
        "tag": ["a"],
        "word_boost": ['["a", "b"]'],
        "keyterm": ["a", "b"],
        "redact": ['["pci"'],
        "language": ["en"],
    }
    assert of_form(values) == {
        "model": WHISPER,
        "diarize": True,
        "punctuate": False,
        "utt_split": 0.5,
        "speakers_expected": 2,
        "temperature": "warm",
        "detect_language": True,
        "tag": ["a"],
        "word_boost": ["a", "b"],
        "keyterm": ["a", "b"],
        "redact": '["pci"',
        "language": "en",
    }


def test_deepgrams_options_are_said_in_assemblyais_words() -> None:
    asked = {
        "language": "en-US",
        "detect_language": ["en", "de"],
        "diarize": True,
        "profanity_filter": False,
        "filler_words": True,
        "multi_channel": True,
        "keyterm": "Stenolog",
        "punctuate": True,
        "paragraphs": True,
        "tag": ["call"],
        "topics": False,
        "of_no_model": 1,
    }
    assert params(WHISPER, **asked) == {
        "language_code": "en_us",
        "language_detection": True,
        "speaker_labels": True,
        "disfluencies": True,
        "multichannel": True,
        "keyterms_prompt": ["Stenolog"],
    }
    assert params("elevenlabs/scribe_v2", diarize=True) == {"speaker_labels": True}


def test_the_other_families_too() -> None:
    asked = {"speaker_labels": True, "punctuate": False, "webhook_url": URL, "diarize": True}
    assert params("aai/universal", **asked) == {"speaker_labels": True, "punctuate": False}
    openai = params("openai/gpt-4o-transcribe", language="en", prompt="Fire", temperature=0)
    assert openai == {"language_code": "en", "prompt": "Fire"}
    assert params("microsoft/mai-transcribe-1.5", temperature=1) == {}


@pytest.mark.parametrize(
    ("model", "options"),
    [
        ("nova-3", {"topics": True}),
        ("nova-3", {"redact": "pci"}),
        (WHISPER, {"summarize": "v2"}),
        ("openai/gpt-4o-transcribe", {"temperature": 0.5}),
        ("microsoft/mai-transcribe-1.5", {"max_tokens": 5}),
    ],
)
def test_what_is_done_nowhere_else_is_refused(model: str, options: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest, match=f"{next(iter(options))} is not done here"):
        params(model, **options)


@pytest.mark.parametrize("model", MODELS)
def test_every_answer_is_read_as_it_is_meant(model: str) -> None:
    assert created("an-id", model)["generation_id"] == "an-id"
    for begun, status in ((False, "queued"), (True, "processing")):
        envelope = read_envelope(unfinished("an-id", model, begun=begun))
        assert (envelope.status, envelope.odd_status, envelope.id) == (status, None, "an-id")
    envelope = read_envelope(failed("an-id", "Too quiet"))
    assert (envelope.status, envelope.error) == ("error", "Too quiet")
    result = json.dumps(text_result("Fire!", model, 9.5)).encode()
    answer = json.loads(completed("an-id", result))
    assert answer["result"] == answer["output"] == json.loads(result)
    envelope = read_envelope(answer)
    assert (envelope.status, envelope.payload_name) == ("completed", "result")
