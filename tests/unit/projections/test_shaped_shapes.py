"""Answers as services give them: in the shapes of recordings, with words of our own.

Each case is one whole answer, and what every view that is not empty begins with.
"""

from __future__ import annotations

from typing import Any

import pytest

from stenolog.log.events.transcriptions import TranscriptionCompleted
from stenolog.projections.documents import encode, read_object
from stenolog.projections.shaped.conversation import Conversation
from stenolog.projections.shaped.views import VIEWS, Shaped, shaped
from stenolog.projections.vendors import canonical

COMPLETED = TranscriptionCompleted(submission=1, reason="poll", audio_ms=1, words=1)
OFF = {"status": "unavailable", "results": [], "summary": {}}
WORD = {"text": "Rain", "start": 250, "end": 650, "confidence": 0.9, "speaker": None}
MORE = {"text": "falls.", "start": 700, "end": 1_100, "confidence": 0.8, "speaker": None}

RECORDED_2023: dict[str, Any] = {
    "text": "Rain falls.",
    "words": [WORD, MORE],
    "utterances": None,
    "audio_duration": 2,
    "dual_channel": None,
    "auto_highlights_result": None,
    "content_safety_labels": OFF,
    "iab_categories_result": OFF,
    "chapters": None,
    "sentiment_analysis_results": None,
    "entities": None,
    "summary": None,
}
OF_SDK_2026: dict[str, Any] = {
    **RECORDED_2023,
    "content_safety_labels": None,
    "speech_model_used": "universal-2",
    "metadata": {"warnings": [{"message": "m"}]},
}
SPEAKERS_IN_UTTERANCES_ALONE: dict[str, Any] = {
    **RECORDED_2023,
    "utterances": [
        {
            "text": "Rain falls.",
            "start": 250,
            "end": 1_100,
            "speaker": "A",
            "words": [{**WORD, "speaker": "A"}, {**MORE, "speaker": "A"}],
        }
    ],
}
WORDS_IN_UTTERANCES_ALONE: dict[str, Any] = {**SPEAKERS_IN_UTTERANCES_ALONE, "words": None}
TEXT_ALONE: dict[str, Any] = {"text": "Rain falls.", "words": None, "utterances": None}
DEEPGRAM: dict[str, Any] = {
    "metadata": {"duration": 1.2},
    "results": {
        "channels": [
            {
                "alternatives": [
                    {
                        "transcript": "Rain falls.",
                        "confidence": 0.9,
                        "words": [
                            {
                                "word": "rain",
                                "start": 0.25,
                                "end": 0.65,
                                "confidence": 0.9,
                                "speaker": 0,
                                "punctuated_word": "Rain",
                            },
                            {
                                "word": "falls",
                                "start": 0.7,
                                "end": 1.1,
                                "confidence": 0.8,
                                "speaker": 0,
                                "punctuated_word": "falls.",
                            },
                        ],
                    }
                ]
            }
        ]
    },
}
WHISPER: dict[str, Any] = {
    "text": "Rain falls.",
    "language": "english",
    "duration": 1.2,
    "words": [
        {"word": "Rain", "start": 0.25, "end": 0.65},
        {"word": "falls.", "start": 0.7, "end": 1.1},
    ],
}


def view(answer: dict[str, Any], name: str, **params: Any) -> Shaped:
    return shaped(name, Conversation(answer, params))


def mapped(result: dict[str, Any]) -> dict[str, Any]:
    payload = read_object(encode({"status": "completed", "result": result}))
    return dict(canonical("aimlapi", COMPLETED, payload, {}))


@pytest.mark.parametrize(
    ("answer", "speaker"),
    [
        (RECORDED_2023, None),
        (OF_SDK_2026, None),
        (SPEAKERS_IN_UTTERANCES_ALONE, "A"),
        (WORDS_IN_UTTERANCES_ALONE, "A"),
        (mapped(RECORDED_2023), None),
        (mapped(DEEPGRAM), "A"),
        (mapped(WHISPER), None),
    ],
)
def test_what_was_said_is_shown_alike(answer: dict[str, Any], speaker: str | None) -> None:
    words = view(answer, "words").items
    assert [(one["text"], one["start"], one["end"]) for one in words] == [
        ("Rain", 250, 650),
        ("falls.", 700, 1_100),
    ]
    for name in ("sentences", "paragraphs"):
        [piece] = view(answer, name).items
        assert (piece["text"], piece["start"], piece["end"]) == ("Rain falls.", 250, 1_100)
        assert piece["speaker"] == speaker
    [one] = view(answer, "quality").items
    assert (one["speaker"], one["words"]) == (speaker, 2)
    for name in ("sentiment", "entities", "content-safety", "topics", "highlights", "summary"):
        assert view(answer, name).reason == "not_requested"
        feature = {one: True for one in VIEWS[name].features}
        assert view(answer, name, **feature).reason == "unavailable"


def test_text_alone_has_no_words_to_make_anything_of() -> None:
    for name in ("words", "sentences", "paragraphs", "quality"):
        assert view(TEXT_ALONE, name).reason == "unavailable"
    assert view(TEXT_ALONE, "redactions", redact_pii=True).reason == "unavailable"
    assert view({"text": "", "words": []}, "sentences").reason is None


def test_a_sentence_has_the_speaker_who_is_heard_in_it() -> None:
    words = [{**WORD, "speaker": "A"}, {**MORE, "speaker": "A"}]
    found = {"text": "Rain falls.", "start": 250, "end": 1_100, "speaker": "B", "sentiment": "new"}
    shown = view({"words": words, "sentiment_analysis_results": [found]}, "sentiment")
    [item] = shown.items
    assert (item["speaker"], item["repaired"], item["sentiment"]) == ("A", ["speaker"], "NEW")
    assert [one["code"] for one in shown.warnings] == ["speaker-by-time"]
    assert shown.beside == {
        "by_speaker": {"A": {"POSITIVE": 0, "NEUTRAL": 0, "NEGATIVE": 0, "NEW": 1}}
    }


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ({"headline": None, "summary": "It rains. A lot."}, ("It rains.", "It rains. A lot.")),
        ({"gist": "Rain"}, ("Rain", "Rain")),
        ({}, ("Rain falls.", "Rain falls.")),
        ({"headline": 7}, ("Rain falls.", "Rain falls.")),
    ],
)
def test_a_chapter_without_headline_gets_one(given: dict[str, Any], made: tuple[str, str]) -> None:
    chapter = {"start": 0, "end": 2_000, **given}
    shown = view({"words": [WORD, MORE], "chapters": [chapter]}, "chapters")
    [item] = shown.items
    assert (item["headline"], item["summary"]) == made
    assert "headline" in item["repaired"]
    assert "headline-made" in [one["code"] for one in shown.warnings]


def test_chapters_over_each_other_are_kept_and_told() -> None:
    chapter = {"gist": "g", "headline": "h", "summary": "s"}
    times = [(500, 900), (0, 600), (600, 500), (-5, 0)]
    chapters = [{**chapter, "start": start, "end": end} for start, end in times]
    shown = view({"chapters": chapters}, "chapters")
    assert [(one["start"], one["end"]) for one in shown.items] == [
        (0, 600),
        (0, 0),
        (500, 900),
        (600, 600),
    ]
    assert {one["code"] for one in shown.warnings} == {
        "reversed-time",
        "negative-time",
        "overlapping-chapters",
    }


def test_forty_speakers_with_labels_of_all_kinds() -> None:
    labels: list[object] = [*range(20), *(f"speaker_{n}" for n in range(18)), "A", "Ö"]
    words = [
        {"text": f"w{at}.", "start": at * 100, "end": at * 100 + 90, "speaker": label}
        for at, label in enumerate(labels)
    ]
    answer = {"words": words, "speaker_labels": True}
    assert len(view(answer, "speakers").items) == 40
    assert {one["speaker"] for one in view(answer, "words").items} == set(map(str, labels))
    assert len(view(answer, "sentences").items) == 40


def test_people_who_speak_at_once_on_two_channels_keep_their_utterances() -> None:
    turns = [
        {"text": "a", "start": 0, "end": 1_000, "speaker": "1A", "channel": "1"},
        {"text": "b", "start": 100, "end": 900, "speaker": "2A", "channel": "2"},
    ]
    words = [
        {"text": "x", "start": at, "end": at + 50, "speaker": f"{channel}A", "channel": channel}
        for channel in ("1", "2")
        for at in (200, 400)
    ]
    shown = view({"words": words, "utterances": turns}, "words").items
    assert [(one["channel"], one["utterance"]) for one in shown] == [
        ("1", 0),
        ("2", 1),
        ("1", 0),
        ("2", 1),
    ]


@pytest.mark.parametrize(
    "text", ["שלום עולם", "你好。世界", "👩‍👩‍👧 ok", "e\u0301", "\ud800", "<b>"]
)
def test_any_script_is_shown_as_it_came(text: str) -> None:
    word = {"text": text, "start": 0, "end": 100, "speaker": text}
    [item] = view({"text": text, "words": [word]}, "words").items
    assert item["text"] == text.encode("utf-8", "replace").decode()
    assert view({"text": text, "words": [word]}, "sentences").items


def test_what_ends_behind_the_audio_is_told() -> None:
    answer = {"words": [{**WORD, "end": 99_000}], "audio_duration": 3}
    assert view(answer, "words").items[0]["end"] == 99_000
    assert [one["code"] for one in view(answer, "words").warnings] == ["beyond-audio"]
