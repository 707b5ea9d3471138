"""Made-up transcripts hold together, so that golden tests can rest on them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import assemblyai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stenolog.simulator.assemblyai.results import transcript
from stenolog.wire.assemblyai.enums import CONTENT_SAFETY_LABELS, ENTITY_TYPES, SENTIMENTS
from stenolog.wire.assemblyai.transcript import completed_transcript

ALL = {
    "speaker_labels",
    "auto_chapters",
    "sentiment_analysis",
    "entity_detection",
    "content_safety",
    "iab_categories",
    "auto_highlights",
    "summarization",
    "language_detection",
}


@pytest.fixture(scope="module")
def five_minutes() -> dict[str, Any]:
    return transcript("a call", 300, ALL)


def spoken(words: list[dict[str, Any]], start: int, end: int) -> str:
    return " ".join(w["text"] for w in words if start <= w["start"] and w["end"] <= end)


def test_the_same_seed_says_the_same_and_another_does_not(five_minutes: dict[str, Any]) -> None:
    assert transcript("a call", 300, ALL) == five_minutes
    assert transcript("another", 300, ALL)["text"] != five_minutes["text"]


def test_an_hour_has_about_nine_thousand_words() -> None:
    hour = transcript("an hour", 3600)
    assert isinstance(hour["words"], list)
    assert 8_000 < len(hour["words"]) < 10_500
    assert hour["audio_duration"] == 3600
    assert hour["utterances"] is None


@given(st.text(max_size=8), st.floats(0.01, 90), st.sets(st.sampled_from(sorted(ALL))))
def test_words_are_in_order_within_the_audio(seed: str, seconds: float, features: set[str]) -> None:
    made: dict[str, Any] = transcript(seed, seconds, features)
    words = made["words"]
    assert words
    assert words[-1]["end"] <= max(1, seconds * 1000)
    for before, after in pairwise(words):
        assert before["start"] < before["end"] <= after["start"]
    assert made["text"] == " ".join(word["text"] for word in words)


def test_utterances_are_the_words_again(five_minutes: dict[str, Any]) -> None:
    turns = five_minutes["utterances"]
    assert [word for turn in turns for word in turn["words"]] == five_minutes["words"]
    for turn, following in pairwise(turns):
        assert turn["speaker"] != following["speaker"]
        assert (turn["start"], turn["end"]) == (turn["words"][0]["start"], turn["words"][-1]["end"])
        assert {word["speaker"] for word in turn["words"]} == {turn["speaker"]}


def test_every_finding_is_in_the_words(five_minutes: dict[str, Any]) -> None:
    words = five_minutes["words"]
    rows = five_minutes["sentiment_analysis_results"]
    assert five_minutes["text"] == " ".join(row["text"] for row in rows)
    assert {row["sentiment"] for row in rows} == set(SENTIMENTS)
    for row in rows:
        assert spoken(words, row["start"], row["end"]) == row["text"]
    for entity in five_minutes["entities"]:
        assert entity["entity_type"] in ENTITY_TYPES
        assert spoken(words, entity["start"], entity["end"]).rstrip(".,?") == entity["text"]
    safety = five_minutes["content_safety_labels"]
    assert safety["results"]
    assert set(safety["summary"]) <= CONTENT_SAFETY_LABELS
    for result in safety["results"]:
        place = result["timestamp"]
        assert spoken(words, place["start"], place["end"]) == result["text"]
        assert rows[result["sentences_idx_start"]]["text"] == result["text"]
    for highlight in five_minutes["auto_highlights_result"]["results"]:
        assert highlight["count"] == len(highlight["timestamps"])
        for place in highlight["timestamps"]:
            said = spoken(words, place["start"], place["end"]).lower().rstrip(".,?")
            assert said == highlight["text"]


def test_chapters_and_topics_cover_the_conversation(five_minutes: dict[str, Any]) -> None:
    chapters = five_minutes["chapters"]
    topics = five_minutes["iab_categories_result"]["results"]
    assert len(chapters) == len(topics) > 2
    assert chapters[0]["start"] == five_minutes["words"][0]["start"]
    assert chapters[-1]["end"] == five_minutes["words"][-1]["end"]
    assert " ".join(topic["text"] for topic in topics) == five_minutes["text"]


@pytest.mark.parametrize(
    ("kind", "start"),
    [("bullets", "- "), ("gist", "Opening"), ("headline", "The caller"), ("paragraph", "The")],
)
def test_a_summary_has_the_form_that_was_asked_for(kind: str, start: str) -> None:
    made = transcript("s", 120, {"summarization"}, {"summary_type": kind})
    assert str(made["summary"]).startswith(start)


def test_what_was_not_asked_for_is_absent() -> None:
    assert set(transcript("s", 10)) == {
        "text",
        "words",
        "utterances",
        "confidence",
        "audio_duration",
        "speech_model_used",
    }


@pytest.mark.parametrize(
    ("features", "speakers"),
    [
        (set(), {None}),
        ({"speaker_labels"}, {"A", "B"}),
        ({"multichannel"}, {"1", "2"}),
        ({"multichannel", "speaker_labels"}, {"1A", "2A"}),
    ],
)
def test_speakers_are_named_as_the_service_names_them(
    features: set[str], speakers: set[str | None]
) -> None:
    made: dict[str, Any] = transcript("s", 60, features)
    assert {word["speaker"] for word in made["words"]} == speakers
    channels = {word.get("channel") for word in made["words"]}
    assert channels == ({"1", "2"} if "multichannel" in features else {None})
    assert made.get("audio_channels") == (2 if "multichannel" in features else None)


def test_words_are_spelt_as_the_customer_wants_wherever_they_are(
    five_minutes: dict[str, Any],
) -> None:
    spelling = [{"from": ["Morning", "desk"], "to": "MORNing"}, {"from": ["never"], "to": "x"}]
    made: dict[str, Any] = transcript("a call", 300, ALL, {"custom_spelling": spelling})
    assert "Good MORNing, this is the service MORNing of" in made["text"]
    assert made["text"] == " ".join(row["text"] for row in made["sentiment_analysis_results"])
    assert made["utterances"][0]["text"].startswith("Good MORNing,")
    times = [(word["start"], word["end"]) for word in made["words"]]
    assert times == [(word["start"], word["end"]) for word in five_minutes["words"]]


def test_redaction_replaces_word_by_word() -> None:
    params = {"redact_pii_policies": ["person_name"], "redact_pii_sub": "entity_name"}
    features = {"redact_pii", "redact_pii_return_unredacted", "speaker_labels"}
    made: dict[str, Any] = transcript("r", 60, features, params)
    assert "[PERSON_NAME] [PERSON_NAME]" in made["text"]
    assert "[PERSON_NAME]" not in made["unredacted_text"]
    times = [(word["start"], word["end"]) for word in made["words"]]
    assert times == [(word["start"], word["end"]) for word in made["unredacted_words"]]
    assert len(made["utterances"]) == len(made["unredacted_utterances"])
    hashed = transcript("r", 60, {"redact_pii"}, {"redact_pii_policies": ["person_name"]})
    assert "####" in str(hashed["text"])


def test_the_official_sdk_reads_every_block(five_minutes: dict[str, Any]) -> None:
    params = {"audio_url": "https://a/", **dict.fromkeys(ALL, True)}
    read = assemblyai.types.TranscriptResponse(**completed_transcript("i", params, five_minutes))
    assert read.chapters and read.entities and read.sentiment_analysis_results  # noqa: PT018  one question
    assert read.content_safety_labels.summary
    assert read.iab_categories_result.summary
    assert read.auto_highlights_result.results
