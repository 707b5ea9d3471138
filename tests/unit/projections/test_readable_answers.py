"""Values that make the official SDK reject a whole answer never reach a customer."""

from __future__ import annotations

import json
from typing import Any

import assemblyai
import pydantic
import pytest

from stenolog.edge.assemblyai.body import V2Body
from stenolog.edge.assemblyai.sdk_mends import LOST, Needed, record, text
from stenolog.edge.assemblyai.sdk_transcript import TRANSCRIPT
from stenolog.projections.documents import read_object
from tests.unit.projections.answers import CONTENT_SAFETY, ENTITIES, SENTIMENT, answer

pytestmark = pytest.mark.filterwarnings("ignore:.*:pydantic.PydanticDeprecatedSince20")
PARAMS = {"audio_url": "https://audio.example/1.mp3"}
WORD = {"text": "a", "start": 0, "end": 1, "confidence": 1.0}
ALIEN = {"entity_type": "alien", "text": "x", "start": 0, "end": 1}
SAFETY: dict[str, Any] = dict(CONTENT_SAFETY)
[SAFE] = SAFETY["results"]
SEVERITY = SAFETY["severity_score_summary"]["health_issues"]


def body_of(provider: bytes) -> bytes:
    return V2Body().completed("id", PARAMS, read_object(provider))


def read_by_sdk(body: dict[str, Any]) -> assemblyai.types.TranscriptResponse:
    return assemblyai.types.TranscriptResponse(**body)


def of_sdk(name: str) -> dict[str, Any]:
    return {"speaker_identification": {"speaker_type": name}}


CASES: list[tuple[str, object, object]] = [
    ("words", [WORD | {"speaker": 1, "channel": 2}], [WORD | {"speaker": "1", "channel": "2"}]),
    ("unredacted_words", [WORD | {"channel": 2}, WORD], [WORD | {"channel": "2"}, WORD]),
    (
        "utterances",
        [WORD | {"speaker": 1, "words": [WORD | {"speaker": 1}]}],
        [WORD | {"speaker": "1", "words": [WORD | {"speaker": "1"}]}],
    ),
    (
        "unredacted_utterances",
        [WORD | {"speaker": "A", "words": [WORD | {"channel": 1}, WORD]}],
        [WORD | {"speaker": "A", "words": [WORD | {"channel": "1"}, WORD]}],
    ),
    ("entities", [ALIEN, *ENTITIES, ALIEN | {"entity_type": []}], ENTITIES),
    (
        "sentiment_analysis_results",
        [SENTIMENT[0] | {"sentiment": "MIXED"}, SENTIMENT[1] | {"channel": 1}],
        [SENTIMENT[1] | {"channel": "1"}],
    ),
    (
        "content_safety_labels",
        SAFETY
        | {
            "results": [SAFE | {"labels": [*SAFE["labels"], {"label": "x", "confidence": 1}]}],
            "summary": {"x": 1, "health_issues": 0.9},
            "severity_score_summary": {"x": SEVERITY, "health_issues": SEVERITY},
        },
        SAFETY,
    ),
    ("auto_highlights_result", {"status": "half", "odd": 1}, {"status": "unavailable", "odd": 1}),
    ("iab_categories_result", {"status": "half"}, {"status": "unavailable"}),
    (
        "chapters",
        [{"headline": None, "summary": "s", "start": None, "end": 7}, "none"],
        [{"headline": "", "summary": "s", "start": 7, "end": 7}],
    ),
    (
        "words",
        [{"text": None, "start": 5}, {"end": 1.5, "confidence": "high"}, None],
        [
            {"text": "", "start": 5, "end": 5, "confidence": 0},
            {"text": "", "start": 0, "end": 0, "confidence": 0},
        ],
    ),
    ("utterances", [WORD], [WORD | {"words": []}]),
    (
        "iab_categories_result",
        {"results": [{"labels": None}]},
        {
            "status": "unavailable",
            "results": [{"text": "", "labels": [], "timestamp": {"start": 0, "end": 0}}],
        },
    ),
    ("entities", [{"text": "x", "start": 0, "end": 1}], []),
    ("summary", {"bullets": []}, None),
    ("unredacted_text", 7, "7"),
    ("audio_channels", 1.5, None),
    ("speaker_labels", "perhaps", None),
    ("translated_texts", {"de": "Guten Tag", "fr": None}, {"de": "Guten Tag"}),
    ("metadata", {"warnings": [{"code": 1}, {"message": "m"}]}, {"warnings": [{"message": "m"}]}),
    (
        "speaker_options",
        {"min_speakers_expected": 3, "max_speakers_expected": 2},
        {"min_speakers_expected": 3, "max_speakers_expected": None},
    ),
    ("boost_param", "highest", None),
    ("redact_pii_audio_quality", "flac", None),
    (
        "redact_pii_audio_options",
        {"override_audio_redaction_method": "beep"},
        {"override_audio_redaction_method": None},
    ),
    ("redact_pii_policies", ["person_name", "brand_new", None], ["person_name"]),
    ("redact_pii_sub", "stars", None),
    ("summary_model", "poetic", None),
    ("summary_type", "sonnet", None),
    (
        "keyterms_prompt_options",
        {"keyterms_match_strength": "most"},
        {"keyterms_match_strength": None},
    ),
    (
        "speaker_options",
        {"short_file_diarization_method": "x", "long_file_diarization_method": "standard"},
        {"short_file_diarization_method": None, "long_file_diarization_method": "standard"},
    ),
    (
        "speech_understanding",
        {"request": of_sdk("mood") | {"summarization": {"summary_type": "gist"}}},
        {"request": {"speaker_identification": None, "summarization": None}},
    ),
    (
        "speech_understanding",
        {"request": of_sdk("role") | {"summarization": {"summary_type": "bullets", "effort": 9}}},
        {
            "request": of_sdk("role")
            | {"summarization": {"summary_type": "bullets", "effort": None}}
        },
    ),
    (
        "speech_understanding",
        {"response": {"summarization": {"status": "success", "summary_type": "x", "effort": "x"}}},
        {
            "response": {
                "summarization": {"status": "success", "summary_type": None, "effort": None}
            }
        },
    ),
]


@pytest.mark.parametrize(("name", "given", "told"), CASES)
def test_what_the_sdk_rejects_is_mended_and_nothing_beside_it(
    name: str, given: object, told: object
) -> None:
    provider = answer(content_safety=True, iab_categories=True) | {name: given}
    body = json.loads(body_of(json.dumps(provider).encode()))
    with pytest.raises(pydantic.ValidationError):
        read_by_sdk(body | {name: given})
    assert read_by_sdk(body).text == provider["text"]
    assert body[name] == told
    unchanged = provider.keys() - {name, "id", "speech_model"}
    assert {one for one in unchanged if body[one] != provider[one]} <= {
        "audio_url",
        "webhook_url",
        "webhook_status_code",
        "webhook_auth",
        "webhook_auth_header_name",
        "webhook_auth_header_value",
    }


@pytest.mark.parametrize("name", sorted({name for name, _, _ in CASES} - {"words", "utterances"}))
def test_an_echo_of_a_failed_job_is_mended_as_well(name: str) -> None:
    given, told = next((given, told) for one, given, told in CASES if one == name)
    document = read_object(json.dumps({name: given}).encode())
    body = json.loads(V2Body().failed("id", PARAMS, "No.", document))
    assert (body["status"], body[name]) == ("error", told)
    assert read_by_sdk(body).error == "No."


def test_mended_words_of_a_failed_job_are_still_no_words() -> None:
    document = read_object(json.dumps({"words": [WORD | {"speaker": 1}]}).encode())
    assert json.loads(V2Body().failed("id", PARAMS, "No.", document))["words"] is None


# Spaces around a comma between members are ours.
READABLE = (
    b'"entities": [ {"entity_type":"date", "text": "a", "start": 1.0, "end": 1E0} ]',
    b'"words": [{"text": "a", "start": 1.0, "end": 2, "speaker": "\\u0041", "channel": null, '
    b'"confidence": 0.50}]',
    b'"redact_pii_policies": [ ],"speech_understanding": {"request": {"newer": {"a": 1.0}}}',
    b'"content_safety_labels" : {},"auto_highlights_result": null',
)


@pytest.mark.parametrize("member", READABLE)
def test_what_the_sdk_can_read_stays_byte_for_byte(member: bytes) -> None:
    assert member in body_of(b'{"text": "a", %b}' % member)


def test_numbers_and_unknown_fields_beside_a_mended_value_are_spelled_as_they_were() -> None:
    word = (
        b'{"text":"a","start":1E0,"end":2,"confidence":1,"speaker":%b,'
        b'"odd":[1E2,1e400,-0,0.50,123456789012345678901234567890,{"a":true}]}'
    )
    other = b'"metadata" : {"score": 1.0, "warnings": [ ]}'
    body = body_of(b'{"words": [%b], %b}' % (word % b"1", other))
    assert word % b'"1"' in body
    assert other in body


def test_a_speaker_of_any_number_of_digits_becomes_a_string() -> None:
    body = body_of(json.dumps({"words": [WORD | {"speaker": 10**30, "n": 2**70}]}).encode())
    assert json.loads(body)["words"] == [WORD | {"speaker": str(10**30), "n": 2**70}]


def test_half_a_surrogate_pair_beside_a_mended_value_comes_through() -> None:
    word = WORD | {"text": "\ud800", "speaker": 1, "n": 2**70}
    body = json.loads(body_of(json.dumps({"words": [word]}).encode()))
    assert body["words"] == [word | {"speaker": "1"}]


def test_the_last_of_repeated_members_is_mended_and_stands_alone() -> None:
    body = body_of(b'{"boost_param": "low", "boost_param": "x"}')
    assert body.count(b"boost_param") == 1
    assert json.loads(body)["boost_param"] is None


OURS = {
    "id",
    "status",
    "audio_url",
    "speech_model",
    "webhook_url",
    "webhook_auth",
    "webhook_auth_header_name",
    "webhook_auth_header_value",
    "webhook_status_code",
}


def test_the_table_has_every_member_that_the_sdk_declares() -> None:
    fields = assemblyai.types.TranscriptResponse.model_fields
    assert TRANSCRIPT.keys() == fields.keys() - OURS


def test_an_object_that_lacks_what_it_must_have_gets_it_or_is_left_out() -> None:
    shape = record(kind=Needed(text), text=Needed(text, ""))
    assert shape({"kind": "a"}) == {"kind": "a", "text": ""}
    assert shape({"text": "b"}) is shape([]) is LOST
