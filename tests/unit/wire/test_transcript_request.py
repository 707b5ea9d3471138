"""What a create may say, and what it is told otherwise."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stenolog.errors import InvalidRequest, PayloadTooLarge, RequestError
from stenolog.wire.assemblyai import sentences
from stenolog.wire.assemblyai.checks import Check, Fields
from stenolog.wire.assemblyai.enums import LEGACY_SPEECH_MODELS
from stenolog.wire.assemblyai.parameters import BOOLEANS, KNOWN, PARAMETERS
from stenolog.wire.assemblyai.transcript_request import TranscriptRequest, parse_request, request_of
from stenolog.wire.strict_json import BODY_BYTES_MAX, DEPTH_MAX

URL = "https://example.com/a.mp3"


def parse(**params: Any) -> TranscriptRequest:
    return parse_request(json.dumps({"audio_url": URL, **params}).encode())


def refused(**params: Any) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as error:
        parse(**params)
    assert error.value.fields
    assert str(error.value) == error.value.fields[0][1]
    return error.value


def understand(**features: object) -> dict[str, object]:
    return {"request": features}


def test_the_smallest_request_is_a_url() -> None:
    request = parse()
    assert dict(request.params) == {"audio_url": URL}
    assert request.audio_url == URL
    assert request.features == frozenset()
    assert (request.speech_models, request.unknown, request.webhook_url) == ((), (), None)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({}, sentences.AUDIO_URL_MISSING),
        ({"audio_url": None}, sentences.AUDIO_URL_MISSING),
        ({"audio_url": ""}, sentences.AUDIO_URL_NOT_HTTP),
        ({"audio_url": 7}, sentences.AUDIO_URL_NOT_HTTP),
        ({"audio_url": "file:///etc/passwd"}, sentences.AUDIO_URL_NOT_HTTP),
        ({"audio_url": "httpx://a"}, sentences.AUDIO_URL_NOT_HTTP),
    ],
)
def test_a_missing_or_strange_audio_url_is_refused_in_the_services_words(
    body: object, sentence: str
) -> None:
    with pytest.raises(InvalidRequest) as error:
        parse_request(json.dumps(body).encode())
    assert str(error.value) == sentence
    assert error.value.fields == (("audio_url", sentence),)


@pytest.mark.parametrize("name", ["audio_url", "webhook_url"])
@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://", "valid host: the host is empty"),
        ("http://[bad/", "valid host: it is not of the form host or host:port"),
        ("http://[::1%25eth0]/", "valid host: the host is no IPv6 address"),
        ("http://300.1.1.1/", "valid host: the host is no IPv4 address"),
        ("http://xn--/", "valid host: the host has a part that begins with xn-- and is not"),
        ("http://xn--a.x/", "valid host: the host has a part that begins with xn-- and is not"),
        ("http://a..b/", "valid host: the host has an empty part between dots"),
        ("http://a b/", "valid host: the host has characters that a name cannot have"),
        ("http://\u202e.x/", "valid host: the host has characters that a name cannot have"),
        (f"http://{'a' * 64}.x/", "valid host: the host has a part of more than 63 characters"),
        (f"http://{'a.' * 130}x/", "valid host: the host is longer than 253 characters"),
        ("http://a:99999/", "a port from 1 to 65535"),
        ("http://a:0/", "a port from 1 to 65535"),
        ("http://a:x/", "valid host: it is not of the form host or host:port"),
        ("http://u:p@a/", "must not have a user name or a password"),
        ("http://a/\n", "must not begin or end with a blank"),
        (" http://a/", "must not begin or end with a blank"),
        ("http://a/\nx", "must not have control characters"),
    ],
)
def test_a_url_that_nobody_can_ask_is_refused_and_the_reason_is_given(
    name: str, url: str, reason: str
) -> None:
    [(field, sentence)] = refused(**{name: url}).fields
    assert field == name
    assert sentence.startswith(f"{name} must ")
    assert reason in sentence


@pytest.mark.parametrize("url", ["http://a", "HTTPS://A/b", "http://a/b c.mp3", "http://a.:0080"])
def test_an_odd_but_possible_audio_url_is_the_providers_to_judge(url: str) -> None:
    assert parse(audio_url=url).audio_url == url


@pytest.mark.parametrize("name", BOOLEANS)
@pytest.mark.parametrize("value", ["true", 1, 0, [], {}])
def test_a_boolean_is_nothing_else(name: str, value: object) -> None:
    error = refused(**{name: value})
    assert error.fields[0] == (name, f"{name} must be a Boolean")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("speech_threshold", -0.01),
        ("speech_threshold", 1.01),
        ("speech_threshold", "0.5"),
        ("speech_threshold", True),
        ("language_confidence_threshold", 2),
        ("temperature", 1.5),
        ("content_safety_confidence", 24),
        ("content_safety_confidence", 101),
        ("content_safety_confidence", 50.5),
        ("speakers_expected", 0),
        ("speakers_expected", "2"),
        ("audio_start_from", -1),
        ("audio_end_at", 1.5),
        ("language_code", 5),
        ("language_code", "not a code"),
        ("language_codes", "en"),
        ("redact_pii_sub", 5),
        ("redact_static_entities", ["Meadow"]),
        ("redact_static_entities", {"CLINIC": "Meadow"}),
        ("redact_static_entities", {"X" * 513: ["Meadow"]}),
        ("redact_static_entities", {str(n): [] for n in range(1001)}),
        ("domain_options", "medical"),
        ("summary_type", True),
        ("summary_type", "x" * 513),
        ("word_boost", "one"),
        ("word_boost", ["a b c d e f g"]),
        ("keyterms_prompt", ["a"] * 1001),
        ("topics", [1]),
        ("prompt", "word " * 1501),
        ("prompt", ["x"]),
        ("custom_spelling", {"from": ["a"], "to": "b"}),
        ("custom_spelling", [{"from": ["a"]}]),
        ("custom_spelling", [{"from": "a", "to": "b"}]),
        ("custom_spelling", [{"from": ["a"], "to": "two words"}]),
        ("speaker_options", []),
        ("speaker_options", {"min_speakers_expected": 0}),
        ("speaker_options", {"short_file_diarization_method": 1}),
        ("speaker_options", {"include_speaker_confidence": "yes"}),
        ("speaker_options", {"use_two_stage_clustering": "yes"}),
        ("language_detection_options", {"expected_languages": "en"}),
        ("language_detection_options", {"code_switching_confidence_threshold": 7}),
        ("redact_pii_audio_options", {"override_audio_redaction_method": True}),
        ("keyterms_prompt_options", {"keyterms_match_strength": []}),
        ("speech_understanding", {"request": []}),
        ("speech_understanding", {"request": {"translation": {"target_languages": "de"}}}),
        ("speech_understanding", {"request": {"translation": {"force_translation": 1}}}),
        ("speech_understanding", {"request": {"summarization": {"effort": 1}}}),
        ("speech_understanding", {"request": {"action_items": {"include_decisions": "x"}}}),
        ("speech_models", []),
        ("speech_models", "universal-2"),
        ("speech_models", ["a"] * 17),
        ("speech_models", [{}]),
        ("speech_models", ["a b"]),
        ("speech_models", ["x" * 65]),
        ("speech_models", [""]),
        ("speech_model", "no such model"),
    ],
)
def test_a_value_out_of_range_or_type_names_its_field(name: str, value: object) -> None:
    field, sentence = refused(**{name: value}).fields[0]
    assert field.split(".")[0].split("[")[0] == name
    assert sentence.startswith(field)


def test_every_wrong_field_is_named() -> None:
    error = refused(punctuate="x", speech_threshold=7, webhook_url=3)
    assert [field for field, _ in error.fields] == ["punctuate", "speech_threshold", "webhook_url"]


@pytest.mark.parametrize(
    ("params", "field", "sentence"),
    [
        (
            {"speakers_expected": 2, "speaker_options": {}},
            "speakers_expected",
            "Both speaker_options and speakers_expected can not be used in the same request.",
        ),
        (
            {"speaker_options": {"min_speakers_expected": 3, "max_speakers_expected": 2}},
            "speaker_options.max_speakers_expected",
            None,
        ),
        (
            {
                "speech_understanding": understand(
                    speaker_identification={"speaker_type": "name", "known_values": ["Ada"]}
                )
            },
            "speaker_labels",
            "speaker_labels or multichannel required",
        ),
        (
            {"redact_pii_return_unredacted": True},
            "redact_pii_return_unredacted",
            "`redact_pii_return_unredacted` can only be set to True if `redact_pii` is True",
        ),
        ({"redact_pii_audio": True}, "redact_pii_audio", None),
        ({"redact_pii": True}, "redact_pii_policies", None),
        ({"auto_chapters": True, "punctuate": False}, "auto_chapters", None),
        ({"summarization": True, "format_text": False}, "summarization", None),
    ],
)
def test_what_excludes_or_needs_something_else_is_refused(
    params: dict[str, Any], field: str, sentence: str | None
) -> None:
    error = refused(**params)
    assert error.fields[0][0] == field
    if sentence is not None:
        assert str(error) == sentence


@pytest.mark.parametrize(
    "params",
    [
        {"speaker_labels": True, "speakers_expected": 2},
        {"redact_pii": True, "redact_pii_policies": ["location_city"], "redact_pii_audio": True},
        {"auto_chapters": True, "summarization": True},
        {
            "summarization": True,
            "summary_model": "conversational",
            "dual_channel": True,
        },
        {"language_codes": ["en", "es"]},
        {"language_code": "de_ch", "language_detection_options": {"expected_languages": ["all"]}},
        {"language_code": "haw"},
        {"language_code": "zh-Hant-TW", "language_codes": ["es", "de", "fr"]},
        {"language_code": "de", "language_detection": True},
        {"content_safety": True, "content_safety_confidence": 25, "speech_threshold": 0},
        {"custom_spelling": [{"from": ["gettleman"], "to": "Gettleman"}]},
        {
            "speaker_labels": True,
            "speech_understanding": understand(
                translation={"target_languages": ["de"]},
                speaker_identification={"speaker_type": "role", "known_values": ["Agent"]},
                custom_formatting={"date": "mm/dd", "email": None},
                summarization={"summary_type": "bullets", "effort": "low"},
            ),
        },
        {"keyterms_prompt": ["a b c d e f"] * 1000},
        {"remove_audio_tags": "speaker", "domain": "medical-v1", "domain_options": {"a": [1]}},
        {"prompt": "A meeting.", "keyterms_prompt": ["Stenolog"]},
        {"redact_pii": True, "redact_static_entities": {"CLINIC": ["Meadow", "Meadow Clinic"]}},
        {"speech_understanding": {}},
        {"speech_understanding": understand()},
        {"speech_understanding": understand(action_items={})},
        {"keyterms_prompt": ["a"] * 201, "speech_models": ["universal-2"]},
    ],
)
def test_what_the_service_accepts_is_kept_as_it_was_given(params: dict[str, Any]) -> None:
    assert dict(parse(**params).params) == {"audio_url": URL, **params}


@pytest.mark.parametrize("model", ["assemblyai-stt-3-7", "universal-9-pro", "Whisper_v4.1"])
def test_any_model_can_be_asked_for_and_the_service_judges(model: str) -> None:
    assert parse(speech_models=[model]).speech_models == (model,)
    assert parse(speech_model=model).params["speech_models"] == [model]
    assert parse(speech_model=model, speech_models=["other"]).speech_models == ("other",)


@pytest.mark.parametrize("legacy", LEGACY_SPEECH_MODELS)
def test_a_legacy_model_names_none(legacy: str) -> None:
    assert dict(parse(speech_model=legacy).params) == {"audio_url": URL}
    assert parse(speech_model=legacy, speech_models=["a"]).speech_models == ("a",)


def words_in(name: str, check: Check, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Paths of everything that takes a text, at any depth."""
    if isinstance(check, Fields):
        for field, inner in check.known.items():
            yield from words_in(field, inner, (*path, name))
    elif not list(check(name, "brand-new")):
        yield (*path, name)


WORDS = [path for name, check in PARAMETERS.items() for path in words_in(name, check)]


@pytest.mark.parametrize("path", WORDS, ids=".".join)
def test_a_word_that_nobody_knows_is_the_services_to_judge(path: tuple[str, ...]) -> None:
    given: Any = "brand-new"
    for name in reversed(path):
        given = {name: given}
    request = parse(speaker_labels=True, **given)
    if path != ("speech_model",):
        assert request.params[path[0]] == given[path[0]]
    assert request.unknown == ()


def test_all_that_takes_a_word_is_walked() -> None:
    assert len(WORDS) > 25
    assert ("speech_understanding", "request", "action_items", "effort") in WORDS


@pytest.mark.parametrize("name", sorted(KNOWN - {"audio_url"}))
def test_an_empty_text_counts_as_absent(name: str) -> None:
    assert dict(parse(**{name: ""}).params) == {"audio_url": URL}


def test_an_empty_text_within_a_parameter_counts_as_absent_too() -> None:
    options = {"short_file_diarization_method": "", "min_speakers_expected": 1, "new": ""}
    assert parse(speaker_options=options).params["speaker_options"] == {
        "min_speakers_expected": 1,
        "new": "",
    }
    block = understand(translation={"target_languages": ["de"], "effort": ""})
    assert parse(speech_understanding=block).params["speech_understanding"] == understand(
        translation={"target_languages": ["de"]}
    )


def test_redaction_that_would_redact_nothing_is_refused() -> None:
    assert refused(redact_pii=True, redact_pii_policies=[]).fields[0][0] == "redact_pii_policies"
    policies = ["person_name", "shoe_size"]
    params = parse(redact_pii=True, redact_pii_policies=policies).params
    assert params["redact_pii_policies"] == policies


def test_unknown_parameters_are_kept_and_named_and_nulls_are_dropped() -> None:
    request = parse(brand_new=1 << 80, other={"a": [None]}, punctuate=None, gone=None)
    assert request.params["brand_new"] == 1 << 80
    assert request.unknown == ("brand_new", "other")
    assert "punctuate" not in request.params


def test_unknown_parameters_within_others_are_named_by_their_paths() -> None:
    given = {
        "speaker_options": {"min_speakers_expected": 1, "of_tomorrow": 1},
        "speech_understanding": {"request": {"translation": {"target_languages": [], "x": {}}}},
        "language_detection_options": {"y" * 200: 0, "null": None},
    }
    request = parse_request(json.dumps({"audio_url": URL, **given}).encode())
    assert {name: request.params[name] for name in given} == given
    assert request.unknown == (
        "speaker_options.of_tomorrow",
        "speech_understanding.request.translation.x",
        ("language_detection_options." + "y" * 200)[:128],
    )


def test_features_are_what_was_switched_on() -> None:
    request = parse(
        speaker_labels=True,
        dual_channel=True,
        punctuate=True,
        auto_chapters=False,
        speech_understanding=understand(translation={"target_languages": ["de"]}),
    )
    assert request.features == {
        "speaker_labels",
        "multichannel",
        "speech_understanding.translation",
    }


def test_a_webhook_is_a_url_and_perhaps_one_header() -> None:
    request = parse(
        webhook_url="https://c.example/hook?job=1",
        webhook_auth_header_name="X-Token",
        webhook_auth_header_value="a secret, with blanks",
    )
    assert request.webhook_url == "https://c.example/hook?job=1"
    assert request.webhook_auth_header_name == "X-Token"
    assert request.webhook_auth_header_value == "a secret, with blanks"
    assert request_of(request.params) == request


def test_an_empty_header_is_no_header() -> None:
    request = parse(webhook_auth_header_name="", webhook_auth_header_value="")
    assert request.webhook_auth_header_name is None
    assert dict(request.params) == {"audio_url": URL}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Token", None),
        (None, "v"),
        ("X-Token", ""),
        ("", "v"),
        ("Host", "v"),
        ("content-LENGTH", "v"),
        ("Transfer-Encoding", "chunked"),
        ("Connection", "v"),
        ("HTTP2-Settings", "v"),
        ("Content-Range", "bytes 0-1/2"),
        ("X Token", "v"),
        ("X-Töken", "v"),
        ("X:", "v"),
        ("X" * 129, "v"),
        ("X-Token", "a\r\nX-Other: b"),
        ("X-Token", "a\x00"),
        ("X-Token", " v"),
        ("X-Token", "a\tb"),
        ("X-Token", "ü"),
        ("X-Token", "v" * 4097),
        (7, 7),
    ],
)
def test_a_header_that_cannot_be_sent_is_refused(name: object, value: object) -> None:
    error = refused(webhook_auth_header_name=name, webhook_auth_header_value=value)
    assert error.fields[0][0].startswith("webhook_auth_header_")


@pytest.mark.parametrize("url", ["ftp://a/", "a", 7, "http://u:p@a/", "http://a/" + "x" * 9000])
def test_a_webhook_url_that_cannot_be_called_is_refused(url: object) -> None:
    assert refused(webhook_url=url).fields[0][0] == "webhook_url"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"x"',
        b"{",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b'{"audio_url": "http://a", "x": NaN}',
        b'{"audio_url": "http://a", "x": -Infinity}',
        b'{"audio_url": "http://a", "x": 1e999}',
        b'{"audio_url": "http://a", "x": "\\ud800"}',
        b'{"audio_url": "http://a", "\\udfff": 1}',
        b'{"audio_url": "http://a", "x": ' + b"9" * 5000 + b"}",
        b"[" * 200_000,
        b'{"a":' * 100_000,
        b'{"audio_url": "http://a", "x": ' + b"[" * DEPTH_MAX + b"]" * DEPTH_MAX + b"}",
    ],
)
def test_a_body_that_is_no_sound_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest, match="request body"):
        parse_request(body)


def test_a_body_over_the_limit_is_too_large() -> None:
    with pytest.raises(PayloadTooLarge):
        parse_request(b" " * (BODY_BYTES_MAX + 1))


def test_too_many_or_too_long_names_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="256 parameters"):
        parse(**dict[str, Any]({f"p{n}": n for n in range(256)}))
    with pytest.raises(InvalidRequest, match="name"):
        parse(**dict[str, Any]({"x" * 129: 1}))


def test_of_a_repeated_key_the_last_counts() -> None:
    body = b'{"audio_url": "http://a", "punctuate": "x", "punctuate": false}'
    assert parse_request(body).params["punctuate"] is False


@given(st.binary())
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with pytest.raises(RequestError):
        parse_request(body)


@given(
    st.dictionaries(
        st.sampled_from(sorted(["speech_models", "webhook_url", "speaker_options", "topics",
                                "speech_understanding", "custom_spelling", "language_codes",
                                "redact_pii", "redact_pii_policies", "webhook_auth_header_name",
                                "language_detection_options", "speech_model", "word_boost"])),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False,
            allow_infinity=False) | st.text(st.characters(codec="utf-8")),
            lambda inner: st.lists(inner) | st.dictionaries(
                st.sampled_from(["request", "translation", "from", "to", "custom_formatting",
                                 "speaker_identification", "expected_languages"]), inner),
            max_leaves=8,
        ),
    )
)  # fmt: skip
def test_any_json_is_read_or_refused(params: dict[str, Any]) -> None:
    with suppress(InvalidRequest):
        request = parse(**params)
        assert request_of(request.params) == request


@pytest.mark.parametrize(
    "params",
    [
        {"redact_pii": True, "redact_pii_policies": ["date"],
         "speech_understanding": understand(custom_formatting={"phone_number": "x"})},
        {"redact_pii": True, "redact_pii_policies": ["date"],
         "speech_understanding": understand(translation={"target_languages": ["de"]})},
        {"speech_understanding": {"request": {"translation": None}}},
        {"language_detection_options": {"expected_languages": ["en", "de"],
                                        "fallback_language": "de"}},
        {"language_detection_options": {"fallback_language": "auto"}},
        {"speaker_options": {"min_speakers_expected": 2}},
        {"language_codes": []},
    ],
)  # fmt: skip
def test_what_only_looks_like_a_conflict_is_accepted(params: dict[str, Any]) -> None:
    assert dict(parse(**params).params) == {"audio_url": URL, **params}


def test_a_string_has_a_longest_length() -> None:
    assert refused(domain="x" * 513).fields[0][0] == "domain"
    assert refused(audio_url="http://a/" + "x" * 8192).fields[0][0] == "audio_url"
