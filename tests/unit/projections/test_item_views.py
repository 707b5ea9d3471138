"""Every view that is a list, over a whole answer, and every reason why one is empty."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stenolog.projections.of.lists import ITEM_VIEWS
from stenolog.projections.shaped.conversation import Conversation
from stenolog.projections.shaped.views import VIEWS, shaped, source_of
from tests.unit.projections import answers
from tests.unit.projections.answers import EVERYTHING, answer, full_answer
from tests.unit.projections.events import MemoryLog
from tests.unit.projections.projecting import hold_of, lines_of, view_of

FEATURES = {
    "utterances": ("speaker_labels", "utterances"),
    "topics": ("iab_categories", "iab_categories_result"),
    "highlights": ("auto_highlights", "auto_highlights_result"),
    "summary": ("summarization", "summary"),
    "chapters": ("auto_chapters", "chapters"),
    "sentiment": ("sentiment_analysis", "sentiment_analysis_results"),
    "entities": ("entity_detection", "entities"),
    "content-safety": ("content_safety", "content_safety_labels"),
}


def items_of(provider: object, view: str, **params: Any) -> list[dict[str, Any]]:
    log = MemoryLog()
    log.done(1, provider, **params)
    shown = view_of(log, view)
    assert shown.reason is None
    return [json.loads(line) for line in lines_of(shown.chunks)]


def reason_of(provider: object, view: str, **params: Any) -> str | None:
    log = MemoryLog()
    log.done(1, provider, **params)
    shown = view_of(log, view)
    assert shown.chunks == ()
    return shown.reason


PLACE = {"speaker": "A", "utterance": 0}


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        ("chapters", [{**answers.CHAPTERS[0], "speaker": "B", "utterance": 0}]),
        (
            "sentiment",
            [
                {**answers.SENTIMENT[0], "utterance": 0},
                {**answers.SENTIMENT[1], "utterance": 2},
            ],
        ),
        ("entities", [{**answers.ENTITIES[0], "speaker": "B", "utterance": 2}]),
        (
            "content-safety",
            [
                {
                    "text": "Good morning, this is the clinic.",
                    "labels": [{"label": "health_issues", "confidence": 0.9, "severity": 0.1}],
                    "sentences_idx_start": 0,
                    "sentences_idx_end": 0,
                    "start": 200,
                    "end": 2_500,
                    **PLACE,
                }
            ],
        ),
        (
            "topics",
            [
                {
                    "text": "Good morning, this is the clinic.",
                    "labels": [{"label": "MedicalHealth", "relevance": 0.75}],
                    "start": 200,
                    "end": 2_500,
                    **PLACE,
                }
            ],
        ),
        (
            "highlights",
            [
                {
                    "text": "my appointment",
                    "count": 1,
                    "rank": 0.5,
                    "start": 5_000,
                    "end": 5_700,
                    "speaker": "B",
                    "utterance": 1,
                    "timestamps": [{"start": 5_000, "end": 5_700}],
                }
            ],
        ),
        (
            "summary",
            [
                {
                    "text": "A caller moves an appointment.",
                    "type": "headline",
                    "model": "informative",
                }
            ],
        ),
    ],
)
def test_a_view_shows_the_providers_items_unknown_fields_included(
    view: str, expected: object
) -> None:
    assert items_of(full_answer(), view, **EVERYTHING) == expected


def test_every_word_and_utterance_says_where_it_is() -> None:
    said = items_of(full_answer(), "utterances", **EVERYTHING)
    assert said == [
        {**one, "channel": None, "utterance": at} for at, one in enumerate(answers.utterances())
    ]
    assert items_of(full_answer(), "words", **EVERYTHING) == [
        {**word, "channel": None, "utterance": at}
        for at, one in enumerate(answers.utterances())
        for word in one["words"]
    ]


def test_words_in_no_utterance_are_told() -> None:
    words = [{"text": "a", "start": 100 * at, "end": 100 * at + 90} for at in range(20)]
    turn = {"speaker": "A", "start": 0, "end": 1_000, "text": "a", "words": []}
    said = Conversation({"text": "a", "words": words, "utterances": [turn]}, {})
    told = {one["code"]: one["message"] for one in shaped("words", said).warnings}
    assert told["in-no-utterance"] == "Words that the provider has put into no utterance: 10."
    whole = Conversation({"text": "a", "words": words, "utterances": [{**turn, "end": 2_000}]}, {})
    assert "in-no-utterance" not in {one["code"] for one in shaped("words", whole).warnings}


def test_sentences_and_paragraphs_are_made_of_the_words() -> None:
    sentences = items_of(full_answer(), "sentences", **EVERYTHING)
    assert [(one["text"], one["speaker"]) for one in sentences] == [
        (text, speaker) for speaker, text in answers.SPOKEN
    ]
    assert sentences[0] == {
        "text": "Good morning, this is the clinic.",
        "start": 200,
        "end": 2_500,
        "confidence": 0.9,
        "channel": None,
        **PLACE,
    }
    paragraphs = items_of(full_answer(), "paragraphs", **EVERYTHING)
    assert [one["speaker"] for one in paragraphs] == ["A", "B", "A"]


def test_the_speakers_of_a_dialogue() -> None:
    assert items_of(full_answer(), "speakers", **EVERYTHING) == [
        {
            "speaker": "A",
            "talk_ms": 3_000,
            "share": 0.3947,
            "words": 8,
            "words_per_minute": 160.0,
            "turns": 2,
            "longest_turn_ms": 2_300,
        },
        {
            "speaker": "B",
            "talk_ms": 4_600,
            "share": 0.6053,
            "words": 12,
            "words_per_minute": 156.5,
            "turns": 1,
            "longest_turn_ms": 4_700,
        },
    ]


def around(provider: object, view: str, **params: Any) -> dict[str, Any]:
    log = MemoryLog()
    log.done(1, provider, **params)
    told = view_of(log, view).around
    return {} if told is None else dict(json.loads(told))


def test_what_is_said_of_all_items_stands_beside_them() -> None:
    assert around(full_answer(), "content-safety", **EVERYTHING) == {
        "source": {"by": "provider", "method": "assemblyai", "version": "universal-2"},
        "beside": {
            "summary": {"health_issues": 0.9},
            "severity_score_summary": {"health_issues": {"low": 0.9, "medium": 0.1, "high": 0.0}},
        },
    }
    told = around(full_answer(), "sentiment", **EVERYTHING)
    assert told["beside"] == {
        "by_speaker": {
            "A": {"POSITIVE": 1, "NEUTRAL": 0, "NEGATIVE": 0},
            "B": {"POSITIVE": 0, "NEUTRAL": 1, "NEGATIVE": 0},
        }
    }


def test_an_analysis_that_was_added_here_says_so() -> None:
    """Only an event can: see tests/enrichment/test_views.py."""
    made = {"by": "stenolog", "method": "vader", "version": "3"}
    said = Conversation(full_answer(stenolog={"enriched": {"sentiment_analysis": made}}), {})
    assert source_of(VIEWS["sentiment"], said) == made
    assert source_of(VIEWS["entities"], said)["by"] == "provider"


def test_words_and_utterances_are_nobodys_analysis() -> None:
    assert around(answer(), "words") == {}
    assert around(full_answer(), "utterances", **EVERYTHING) == {}


@pytest.mark.parametrize("view", [*FEATURES, "speakers", "redactions"])
def test_what_was_not_asked_for_says_so(view: str) -> None:
    assert reason_of(answer(), view) == "not_requested"


def test_words_are_always_asked_for() -> None:
    assert len(items_of(answer(), "words")) == len(answer()["words"])


@pytest.mark.parametrize("view", FEATURES)
def test_what_came_unasked_is_shown(view: str) -> None:
    field = FEATURES[view][1]
    assert items_of(answer(**{field: full_answer()[field]}), view)


def test_hidden_words_are_counted_and_never_told() -> None:
    words = [dict(word) for word in answer()["words"]]
    words[0]["text"], words[1]["text"], words[4]["text"] = "[PERSON_NAME]", "[PERSON_NAME],", "##"
    shown = items_of(answer(words=words), "redactions", redact_pii=True)
    assert shown == [
        {
            "policy": "person_name",
            "count": 1,
            "start": 200,
            "end": 900,
            "times": [{"start": 200, "end": 900}],
        },
        {
            "policy": None,
            "count": 1,
            "start": 1_800,
            "end": 2_100,
            "times": [{"start": 1_800, "end": 2_100}],
        },
    ]
    assert reason_of(answer(words=words), "redactions") == "not_requested"


def test_how_sure_the_words_are() -> None:
    words = [{**word, "speaker": None} for word in answer()["words"]]
    words[2]["confidence"], words[3]["confidence"], words[5]["confidence"] = 0.2, 0.4, 0.1
    assert items_of(answer(words=words), "quality") == [
        {"speaker": None, "words": 20, "confidence": 0.8}
    ]
    told = around(answer(words=words), "quality")
    assert told["beside"]["low_confidence"] == [
        {"start": 1_000, "end": 1_700, "text": "this is", "confidence": 0.3},
        {"start": 2_200, "end": 2_500, "text": "clinic.", "confidence": 0.1},
    ]


@pytest.mark.parametrize("view", FEATURES)
def test_asked_for_and_null_is_unavailable(view: str) -> None:
    flag, field = FEATURES[view]
    assert reason_of(answer(**{field: None}), view, **{flag: True}) == "unavailable"


@pytest.mark.parametrize("view", FEATURES)
def test_asked_for_and_missing_is_unavailable(view: str) -> None:
    flag, field = FEATURES[view]
    provider = answer()
    provider.pop(field, None)
    assert reason_of(provider, view, **{flag: True}) == "unavailable"


@pytest.mark.parametrize("view", FEATURES)
def test_the_providers_own_flag_says_that_it_was_asked_for(view: str) -> None:
    flag, field = FEATURES[view]
    assert reason_of(answer(**{flag: True, field: None}), view) == "unavailable"


@pytest.mark.parametrize("view", ["utterances", "chapters", "sentiment", "entities"])
def test_asked_for_and_none_found_has_no_reason(view: str) -> None:
    flag, field = FEATURES[view]
    assert items_of(answer(**{field: []}), view, **{flag: True}) == []


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        ({"status": "unavailable", "results": [], "summary": {}}, "unavailable"),
        ({}, "unavailable"),
        ({"status": "unavailable"}, "unavailable"),
        ({"status": "success"}, "unavailable"),
        ({"status": "success", "results": []}, None),
    ],
)
def test_a_content_safety_block_says_by_its_status_whether_it_looked(
    block: dict[str, Any], reason: str | None
) -> None:
    provider = answer(content_safety_labels=block)
    assert reason_of(provider, "content-safety", content_safety=True) == reason


@pytest.mark.parametrize("flag", ["speaker_labels", "multichannel", "dual_channel"])
def test_each_way_of_telling_speakers_apart_asks_for_utterances(flag: str) -> None:
    assert reason_of(answer(), "utterances", **{flag: True}) == "unavailable"


def test_null_words_are_unavailable_and_no_words_are_no_words() -> None:
    assert reason_of(answer(words=None), "words") == "unavailable"
    assert reason_of(answer(words=[], text=""), "words") is None
    for view in ("sentences", "paragraphs", "quality"):
        assert reason_of(answer(words=None, text=None), view) == "unavailable"
        assert reason_of(answer(words=[], text=""), view) is None


@pytest.mark.parametrize("view", ITEM_VIEWS)
def test_a_failed_transcription_has_the_reason_error(view: str) -> None:
    log = MemoryLog()
    log.request(1, **EVERYTHING)
    log.fail(1, "No audio.")
    assert (view_of(log, view).reason, view_of(log, view).chunks) == ("error", ())


@pytest.mark.parametrize("view", ITEM_VIEWS)
def test_an_erased_transcript_has_the_reason_erased(view: str) -> None:
    log = MemoryLog()
    log.done(1, full_answer(), **EVERYTHING)
    log.missing.add(5)
    assert view_of(log, view).reason == "erased"


@pytest.mark.parametrize("view", ITEM_VIEWS)
def test_an_unreadable_answer_is_held(view: str) -> None:
    log = MemoryLog()
    log.done(1, b"not json", **EVERYTHING)
    hold = hold_of(log, view)
    assert (hold.position, hold.transcript) == (5, None)
    assert "not json" not in hold.reason


@pytest.mark.parametrize("view", sorted({*FEATURES, "words", "speakers"} - {"summary"}))
@pytest.mark.parametrize("odd", ["text", 3, True, {"a": 1}, [1], [None], ["word"], [[]]])
def test_another_type_where_a_list_of_objects_belongs_is_held_for_that_view_alone(
    view: str, odd: object
) -> None:
    field = {"words": "words", "speakers": "utterances"}.get(view) or FEATURES[view][1]
    if field in ("content_safety_labels", "iab_categories_result", "auto_highlights_result"):
        odd = {"status": "success", "results": odd} if isinstance(odd, list | dict) else odd
    log = MemoryLog()
    log.done(1, full_answer(**{field: odd}), **EVERYTHING)
    assert hold_of(log, view).position == 5
    other = "entities" if view != "entities" else "chapters"
    assert view_of(log, other).reason is None


@pytest.mark.parametrize("view", ["words", "utterances", "chapters", "sentiment", "entities"])
def test_items_with_missing_and_null_fields_are_shown_with_null(view: str) -> None:
    field = "words" if view == "words" else FEATURES[view][1]
    odd = [{}, {"start": None, "end": None, "extra": [1]}, {"start": "soon", "speaker": True}, 7]
    items = items_of(full_answer(**{field: odd}), view, **EVERYTHING)
    assert len(items) == 3
    assert all(one["start"] is None and one["end"] is None for one in items)
    assert all(one["speaker"] is None for one in items)
    assert items[1]["extra"] == [1]
    told = {one["code"] for one in around(full_answer(**{field: odd}), view)["warnings"]}
    assert told >= {"no-time", "wrong-type", "not-an-object"}


def test_a_time_that_cannot_be_one_is_told() -> None:
    odd = [{"text": "far", "start": 10**30, "end": 10**30 + 5, "speaker": 0}]
    assert items_of(full_answer(words=odd), "words")[0]["start"] is None
    [speaker] = items_of(full_answer(utterances=odd), "speakers")
    assert (speaker["speaker"], speaker["talk_ms"], speaker["words"]) == ("0", 0, 1)
    [warning] = around(full_answer(utterances=odd), "utterances")["warnings"]
    assert warning["code"] == "no-time"


def test_items_stand_in_order_of_start_and_what_has_no_time_stays_where_it_was() -> None:
    odd = [
        {"start": 500, "n": 1},
        {"start": None, "n": 2},
        {"start": 100, "n": 3},
        {"n": 4},
        {"start": 500, "n": 5},
    ]
    found = items_of(answer(entities=odd), "entities")
    assert [one["n"] for one in found] == [3, 4, 1, 2, 5]


def test_content_safety_is_ordered_by_its_timestamp() -> None:
    results = [{"timestamp": {"start": 9}, "n": 1}, {"timestamp": {"start": 4}, "n": 2}]
    block = {"status": "success", "results": results}
    found = items_of(answer(content_safety_labels=block), "content-safety")
    assert [one["n"] for one in found] == [2, 1]
