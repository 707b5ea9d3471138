"""What a provider lacks is made of its result, or it is said why not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stenolog.enrichment.offered import OFFERED, obstacles
from stenolog.intelligence.embeddings_files import wordllama_files
from stenolog.wire.aimlapi.requests import complaints, lacking
from tests.enrichment.answers import ALL, SAID, answer, made_of, members, names, outcomes
from tests.intelligence.models import needs_model

AUDIO = {"audio_url": "https://audio.example/1.mp3"}
GERMAN = "ich habe heute den ganzen tag auf dich gewartet und dann bin ich nach hause gegangen "


def test_every_analysis_that_is_asked_for_and_missing_is_made() -> None:
    made = made_of(answer(), ALL)
    assert outcomes(made) == dict.fromkeys(sorted(ALL), "found")
    assert {(one.analysis, one.method, one.version) for one in made.analyses} >= {
        ("sentiment_analysis", "vader", 1),
        ("entity_detection", "rules", 1),
    }
    found = members(made)
    assert [one["text"] for one in found["entities"]] == [
        "Olivia Flores",
        "Leeds",
        "olivia@example.com",
    ]
    first = found["sentiment_analysis_results"][0]
    assert first["sentiment"] == "POSITIVE"
    assert (first["start"], first["end"], first["speaker"]) == (0, 2_400, "A")
    assert found["content_safety_labels"]["status"] == "success"
    assert made_of(answer(), ALL) == made


@needs_model
def test_topics_are_made_with_the_model() -> None:
    made = made_of(answer(), {"iab_categories": True})
    assert outcomes(made) == {"iab_categories": "found"}
    assert made.analyses[0].method == "word-vectors"


def test_what_the_provider_has_told_is_left_alone() -> None:
    told: dict[str, Any] = {
        "entities": [],
        "sentiment_analysis_results": [{"text": "x"}],
        "content_safety_labels": {"status": "success", "results": [], "summary": {}},
        "chapters": None,
        "auto_highlights_result": {"status": "unavailable"},
    }
    assert names(made_of(answer(**told), ALL)) == ["auto_chapters", "auto_highlights"]


def test_nothing_is_made_that_was_not_asked_for() -> None:
    assert not made_of(answer(), {"entity_detection": False, "speaker_labels": True}).analyses


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        (answer(language_code="de"), "not-english"),
        (answer(GERMAN * 3, language_code=None), "not-english"),
        (answer(words=None), "no-word-times"),
        (answer(words=[{"text": "I"}, {"text": "see."}]), "no-word-times"),
        (answer(words={"a": 1}), "no-word-times"),
        (answer(words=[{"text": "a"}] * 200_001), "too-long"),
        (answer("", words=[]), "found"),
        (answer(language_code=None), "found"),
        (answer(language_code="eng"), "found"),
        (answer(language_code="English"), "found"),
    ],
    ids=[
        "german",
        "german-untold",
        "text",
        "words-without-times",
        "odd",
        "long",
        "silence",
        "untold",
        "english-in-three-letters",
        "english-in-whispers-word",
    ],
)
def test_what_cannot_be_made_says_why(given: bytes, outcome: str) -> None:
    made = made_of(given, {"sentiment_analysis": True})
    assert outcomes(made) == {"sentiment_analysis": outcome}
    assert bool(members(made)) is (outcome == "found")


def test_a_summary_needs_no_times() -> None:
    given = answer(SAID, words=None)
    made = made_of(given, {"summarization": True, "summary_type": "paragraph"})
    assert outcomes(made) == {"summarization": "found"}
    assert members(made)["summary"]


@pytest.mark.parametrize("given", [b"[]", b"{", b"\xff"])
def test_an_unreadable_answer_is_left_to_the_views(given: bytes) -> None:
    assert not made_of(given, ALL).analyses


def test_odd_words_fail_no_analysis() -> None:
    odd = [{"text": "So,", "start": -5, "end": "x"}, {"text": None}, {}, {"text": "it.", "end": 9}]
    made = made_of(answer("So, it.", words=odd), ALL)
    assert set(outcomes(made).values()) == {"found"}


def refused(model: str, **params: Any) -> dict[str, str]:
    asked = {**AUDIO, "speech_models": [model], **params}
    found = [*complaints(asked, analysed=OFFERED), *obstacles(asked, lacking(asked))]
    return dict(found)


def test_what_aimlapis_model_lacks_is_taken_where_it_is_made_here() -> None:
    topics = wordllama_files() is not None
    asked = {**ALL, "iab_categories": topics, "content_safety_confidence": 60}
    assert refused("nova-3", **asked) == {}
    assert refused("openai/gpt-4o-transcribe", summarization=True, summary_type="headline") == {}


def test_what_cannot_be_made_here_either_is_refused_by_name() -> None:
    text = "openai/gpt-4o-transcribe"
    assert "times of words" in refused(text, sentiment_analysis=True)["sentiment_analysis"]
    assert "English" in refused("nova-3", auto_chapters=True, language_code="de")["auto_chapters"]
    # Deepgram's models summarize in their own way.
    assert "summary_type" in refused("nova-3", summarization=True, summary_type="bullets")
    assert "summary_model" in refused(text, summarization=True, summary_model="conversational")
    assert "redact_pii" in refused("nova-3", redact_pii=True, redact_pii_policies=["person_name"])


def test_the_payload_is_json_of_this_transcript_alone() -> None:
    made = made_of(answer(), {"entity_detection": True})
    assert json.loads(made.payload).keys() == {"entities"}
