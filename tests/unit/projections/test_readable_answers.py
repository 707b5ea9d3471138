"""Values that make the official SDK reject a whole answer never reach a customer."""

from __future__ import annotations

import enum
import json
import typing
from collections.abc import Iterator
from typing import Any

import assemblyai
import pydantic
import pytest

from stenolog.edge.assemblyai.body import V2Body
from stenolog.edge.assemblyai.sdk_mends import MENDS
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
    b'"words": [{"text": "a", "speaker": "\\u0041", "channel": null, "confidence": 0.50}]',
    b'"redact_pii_policies": [ ],"speech_understanding": {"request": {"newer": {"a": 1.0}}}',
    b'"content_safety_labels" : {},"auto_highlights_result": null',
)


@pytest.mark.parametrize("member", READABLE)
def test_what_the_sdk_can_read_stays_byte_for_byte(member: bytes) -> None:
    assert member in body_of(b'{"text": "a", %b}' % member)


def test_numbers_and_unknown_fields_beside_a_mended_value_are_spelled_as_they_were() -> None:
    word = b'{"speaker":%b,"odd":[1E2,1e400,-0,0.50,123456789012345678901234567890,{"a":true}]}'
    other = b'"entities" : [{"entity_type": "date", "score": 1.0}]'
    body = body_of(b'{"words": [%b], %b}' % (word % b"1", other))
    assert word % b'"1"' in body
    assert other in body


def test_half_a_surrogate_pair_beside_a_mended_value_comes_through() -> None:
    word = {"text": "\ud800", "speaker": 1, "n": 2**70}
    body = json.loads(body_of(json.dumps({"words": [word]}).encode()))
    assert body["words"] == [word | {"speaker": "1"}]


def test_the_last_of_repeated_members_is_mended_and_stands_alone() -> None:
    body = body_of(b'{"boost_param": "low", "boost_param": "x"}')
    assert body.count(b"boost_param") == 1
    assert json.loads(body)["boost_param"] is None


def test_every_field_of_the_sdk_that_takes_only_some_words_is_known() -> None:
    fields = assemblyai.types.TranscriptResponse.model_fields
    strict = {name for name, field in fields.items() if any(_strict(field.annotation))}
    assert strict - {"status", "speech_model"} <= MENDS.keys()
    assert MENDS.keys() <= fields.keys()
    assert "entities" in strict


def _strict(annotation: Any) -> Iterator[bool]:
    """Whether there is an enumeration in a type; a language may be any string beside its own."""
    inner = typing.get_args(annotation)
    if typing.get_origin(annotation) is typing.Literal:
        yield True
    elif str in inner:
        return
    elif inner:
        for one in inner:
            yield from _strict(one)
    elif isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        yield True
    elif isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
        for field in annotation.model_fields.values():
            yield from _strict(field.annotation)
