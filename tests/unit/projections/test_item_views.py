"""Every view that is a list, over a whole answer, and every reason why one is empty."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stenolog.projections.of.lists import ITEM_VIEWS
from tests.unit.projections import answers
from tests.unit.projections.answers import EVERYTHING, answer, full_answer
from tests.unit.projections.events import MemoryLog
from tests.unit.projections.projecting import hold_of, lines_of, view_of

FEATURES = {
    "utterances": ("speaker_labels", "utterances"),
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


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        ("words", answer()["words"]),
        ("utterances", answers.utterances()),
        ("chapters", answers.CHAPTERS),
        ("sentiment", answers.SENTIMENT),
        ("entities", answers.ENTITIES),
        ("content-safety", answers.CONTENT_SAFETY["results"]),
    ],
)
def test_a_view_shows_the_providers_items_unknown_fields_included(
    view: str, expected: object
) -> None:
    assert items_of(full_answer(), view, **EVERYTHING) == expected


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


def test_content_safety_keeps_what_stands_beside_its_results() -> None:
    log = MemoryLog()
    log.done(1, full_answer(), **EVERYTHING)
    beside = view_of(log, "content-safety").beside
    assert beside is not None
    assert json.loads(beside) == {
        "summary": {"health_issues": 0.9},
        "severity_score_summary": {"health_issues": {"low": 0.9, "medium": 0.1, "high": 0.0}},
    }


@pytest.mark.parametrize("view", [*FEATURES, "speakers"])
def test_what_was_not_asked_for_says_so(view: str) -> None:
    assert reason_of(answer(), view) == "not_requested"


def test_words_are_always_asked_for() -> None:
    assert len(items_of(answer(), "words")) == len(answer()["words"])


@pytest.mark.parametrize("view", FEATURES)
def test_what_came_unasked_is_shown(view: str) -> None:
    field = FEATURES[view][1]
    assert items_of(answer(**{field: full_answer()[field]}), view)


@pytest.mark.parametrize("view", FEATURES)
def test_asked_for_and_null_is_unavailable(view: str) -> None:
    flag, field = FEATURES[view]
    assert reason_of(answer(**{field: None}), view, **{flag: True}) == "unavailable"


@pytest.mark.parametrize("view", FEATURES)
def test_asked_for_and_missing_is_unavailable(view: str) -> None:
    flag, field = FEATURES[view]
    provider = answer()
    del provider[field]
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


@pytest.mark.parametrize("view", [*FEATURES, "words", "speakers"])
@pytest.mark.parametrize("odd", ["text", 3, True, {"a": 1}, [1], [None], ["word"], [[]]])
def test_another_type_where_a_list_of_objects_belongs_is_held_for_that_view_alone(
    view: str, odd: object
) -> None:
    field = {"words": "words", "speakers": "utterances"}.get(view) or FEATURES[view][1]
    if field == "content_safety_labels":
        odd = {"status": "success", "results": odd} if isinstance(odd, list | dict) else odd
    log = MemoryLog()
    log.done(1, full_answer(**{field: odd}), **EVERYTHING)
    assert hold_of(log, view).position == 5
    other = "entities" if view != "entities" else "chapters"
    assert view_of(log, other).reason is None


@pytest.mark.parametrize("view", ["words", "utterances", "chapters", "sentiment", "entities"])
def test_items_with_missing_and_null_fields_are_shown_as_they_are(view: str) -> None:
    field = "words" if view == "words" else FEATURES[view][1]
    odd = [{}, {"start": None, "end": None}, {"text": None, "speaker": 3, "start": "soon"}]
    assert items_of(full_answer(**{field: odd}), view, **EVERYTHING) == odd


def test_integers_of_any_size_survive() -> None:
    odd = [{"text": "far", "start": 10**30, "end": 10**30 + 5, "speaker": "A"}]
    assert items_of(full_answer(words=odd), "words") == odd
    [speaker] = items_of(full_answer(utterances=odd), "speakers")
    assert (speaker["talk_ms"], speaker["words"]) == (5, 1)


def test_items_stand_in_order_of_start_and_what_has_no_time_stays_where_it_was() -> None:
    odd = [
        {"start": 500, "n": 1},
        {"start": None, "n": 2},
        {"start": 100, "n": 3},
        {"n": 4},
        {"start": 500, "n": 5},
    ]
    assert [one["n"] for one in items_of(answer(words=odd), "words")] == [3, 4, 1, 2, 5]


def test_content_safety_is_ordered_by_its_timestamp() -> None:
    results = [{"timestamp": {"start": 9}}, {"timestamp": {"start": 4}}]
    block = {"status": "success", "results": results}
    assert items_of(answer(content_safety_labels=block), "content-safety") == results[::-1]
