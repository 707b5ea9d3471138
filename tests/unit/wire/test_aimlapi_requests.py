"""What is asked for in AssemblyAI's words, in those of each of AIMLAPI's models."""

from __future__ import annotations

from typing import Any

import pytest

from stenolog.wire.aimlapi.models import (
    MODELS,
    family_of,
    file_field,
    model_named,
    waiting_words,
)
from stenolog.wire.aimlapi.requests import (
    complaints,
    complaints_elsewhere,
    create_fields,
    model_of,
)
from stenolog.wire.assemblyai.transcript_request import unknown_names

URL = {"audio_url": "https://audio.example/1.mp3"}


def fields(model: str, **params: Any) -> dict[str, object]:
    made = create_fields({**URL, "speech_models": [model], **params})
    assert made.pop("model") == model
    return made


def complained(model: str, **params: Any) -> list[str]:
    return [name for name, _ in complaints({**URL, "speech_models": [model], **params})]


def test_assemblyais_own_family_takes_its_parameters_as_they_are() -> None:
    asked = {
        "speaker_labels": True,
        "speakers_expected": 2,
        "speech_threshold": 0.4,
        "punctuate": False,
        "custom_spelling": [{"from": ["a"], "to": "b"}],
    }
    assert fields("aai/universal", **asked) == asked
    assert create_fields(URL) == {"model": "aai/universal"}
    assert not complained("aai/universal", **asked)


def test_deepgrams_models_are_asked_in_their_own_words() -> None:
    asked = fields(
        "nova-3",
        language_code="en_us",
        speaker_labels=True,
        multichannel=True,
        filter_profanity=True,
        disfluencies=True,
        entity_detection=True,
        sentiment_analysis=True,
        summarization=True,
        keyterms_prompt=["Weber"],
        speech_threshold=0.5,
        format_text=False,
    )
    assert asked == {
        "language": "en-US",
        "punctuate": True,
        "smart_format": False,
        "diarize": True,
        "utterances": True,
        "multichannel": True,
        "profanity_filter": True,
        "filler_words": True,
        "detect_entities": True,
        "sentiment": True,
        "summarize": "v2",
        "keyterm": ["Weber"],
    }
    assert fields("#g1_whisper-tiny", multichannel=True)["multi_channel"] is True


def test_text_models_are_asked_for_little() -> None:
    asked = fields(
        "openai/gpt-4o-transcribe", language_code="de_ch", prompt="Namen", punctuate=True
    )
    assert asked == {"language": "de", "prompt": "Namen"}
    assert fields("microsoft/mai-transcribe-1.5", temperature=0.2) == {"temperature": 0.2}


def test_a_family_that_nobody_knows_is_asked_as_the_customer_asks() -> None:
    assert fields("elevenlabs/scribe_v2", speaker_labels=True, num_speakers=3) == {
        "speaker_labels": True,
        "num_speakers": 3,
    }


def test_a_request_in_aimlapis_own_words_is_sent_as_it_is() -> None:
    own = {"model": "#g1_nova-2-general", "diarize": False, "search": "büro"}
    assert create_fields({**URL, "aimlapi": own}) == own
    assert create_fields({**URL, "aimlapi": {"smart_format": True}}) == {
        "smart_format": True,
        "model": "aai/universal",
    }
    assert not list(complaints({**URL, "aimlapi": own}))


def test_another_provider_is_not_asked_in_aimlapis_words() -> None:
    assert [name for name, _ in complaints_elsewhere({**URL, "aimlapi": {}})] == ["aimlapi"]
    assert not list(complaints_elsewhere(URL))
    assert not list(unknown_names({**URL, "aimlapi": {"model": "nova-3"}}))
    assert list(unknown_names({**URL, "other": {}})) == ["other"]


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"aimlapi": "nova-3"}, "aimlapi"),
        ({"aimlapi": {"url": "https://elsewhere.example"}}, "aimlapi"),
        ({"aimlapi": {"model": "x\ny"}}, "aimlapi"),
        ({"aimlapi": {}, "speaker_labels": True}, "speaker_labels"),
        ({"speech_models": ["universal-3-pro"]}, "speech_models"),
    ],
)
def test_what_makes_no_sense_is_complained_of(params: dict[str, Any], named: str) -> None:
    assert [name for name, _ in complaints({**URL, **params})] == [named]


@pytest.mark.parametrize(
    ("model", "params", "named"),
    [
        ("aai/universal", {"prompt": "x"}, ["prompt"]),
        ("aai/universal", {"redact_pii_audio": True}, ["redact_pii_audio"]),
        ("nova-3", {"auto_chapters": True, "iab_categories": True}, ["auto_chapters",
                                                                    "iab_categories"]),
        ("nova-3", {"auto_chapters": False, "word_boost": [], "boost_param": "default"}, []),
        ("#g1_nova-2-general", {"keyterms_prompt": ["x"]}, ["keyterms_prompt"]),
        ("openai/gpt-4o-transcribe", {"speaker_labels": True}, ["speaker_labels"]),
        ("openai/gpt-4o-transcribe", {"punctuate": False}, ["punctuate"]),
        ("openai/gpt-4o-transcribe", {"speech_threshold": 0.5}, ["speech_threshold"]),
        ("microsoft/mai-transcribe-1.5", {"speech_threshold": 0.5}, ["speech_threshold"]),
        ("elevenlabs/scribe_v2", {"speech_threshold": 0.5, "speaker_labels": True},
         ["speech_threshold"]),
        ("nova-3", {"something_new": True}, []),
    ],
)  # fmt: skip
def test_what_a_model_cannot_do_is_named(
    model: str, params: dict[str, Any], named: list[str]
) -> None:
    assert complained(model, **params) == named


def test_the_first_model_that_aimlapi_has_is_asked() -> None:
    assert model_of({"speech_models": ["universal-3-pro", "universal"]}) == "aai/universal"
    assert model_of({"speech_models": ["nova-3", "aai/slam-1"]}) == "nova-3"
    assert model_of({"speech_models": ["best"]}) is None
    assert model_of({}, "nova-3") == "nova-3"


def test_models_are_known_by_their_makers_too() -> None:
    assert all(model_named(name) == name for name in MODELS)
    assert family_of("openai/gpt-5-transcribe") == "openai"
    assert family_of("#g1_nova-2-atc") == "nova-2"
    assert family_of("elevenlabs/scribe_v2") == "unknown"
    assert file_field("openai/gpt-4o-transcribe") == "file"
    assert file_field("nova-3") == "audio"
    assert waiting_words("microsoft/mai-transcribe-1.5") == ("queued", "generating")
    assert waiting_words("#g1_whisper-large") == ("waiting", "active")
