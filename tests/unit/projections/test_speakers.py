"""Talk time and turns at the edges."""

from __future__ import annotations

from typing import Any

from stenolog.projections.canonical import Findings
from stenolog.projections.shaped.conversation import Conversation
from stenolog.projections.shaped.notes import Notes
from stenolog.projections.shaped.speakers import talk_of_speakers
from tests.unit.projections.answers import answer, utterances


def talk(**fields: Any) -> Findings:
    return talk_of_speakers(Conversation(answer(**fields), {}), Notes())


def speakers(**fields: Any) -> dict[str, dict[str, Any]]:
    items = talk(**fields).items
    assert items is not None
    return {str(one["speaker"]): dict(one) for one in items}


def said(speaker: object, start: object, end: object, **more: Any) -> dict[str, Any]:
    return {"speaker": speaker, "start": start, "end": end, "text": "two words", **more}


def test_without_utterances_the_words_labels_count() -> None:
    words = [word for one in utterances() for word in one["words"]]
    found = speakers(utterances=None, words=words)
    assert {name: one["words"] for name, one in found.items()} == {"A": 8, "B": 12}
    assert {name: one["turns"] for name, one in found.items()} == {"A": 2, "B": 1}
    assert found["A"]["talk_ms"] == 8 * 300
    assert found["A"]["longest_turn_ms"] == 2_300


def test_utterances_are_preferred_to_words() -> None:
    found = speakers(utterances=[said("X", 0, 100)], words=utterances()[0]["words"])
    assert list(found) == ["X"]


def test_a_turn_lasts_until_another_speaker_begins() -> None:
    found = speakers(
        utterances=[
            said("A", 0, 100),
            said("A", 200, 500),
            said("B", 600, 700),
            said("A", 800, 900),
        ]
    )
    assert (found["A"]["turns"], found["A"]["longest_turn_ms"]) == (2, 500)
    assert found["A"]["talk_ms"] == 500
    assert found["B"]["turns"] == 1


def test_an_utterance_inside_another_one_does_not_shorten_the_turn() -> None:
    found = speakers(utterances=[said("A", 0, 1_000), said("A", 100, 200)])
    assert found["A"]["longest_turn_ms"] == 1_000


def test_words_of_an_utterance_without_a_list_are_counted_in_its_text() -> None:
    assert speakers(utterances=[said("A", 0, 60_000)])["A"]["words"] == 2
    assert speakers(utterances=[said("A", 0, 60_000, text=None)])["A"]["words"] == 0
    assert speakers(utterances=[said("A", 0, 60_000, words=[{}])])["A"]["words_per_minute"] == 1.0


def test_missing_and_turned_times_count_as_no_time() -> None:
    found = speakers(utterances=[said("A", None, 100), said("A", 500, 100), said("B", None, None)])
    assert (found["A"]["talk_ms"], found["B"]["talk_ms"]) == (0, 0)
    assert (found["A"]["share"], found["A"]["words_per_minute"]) == (None, None)


def test_fractions_of_a_millisecond_and_booleans_are_no_trap() -> None:
    assert speakers(utterances=[said("A", 0.5, 100.9)])["A"]["talk_ms"] == 100
    assert speakers(utterances=[said("A", False, True)])["A"]["talk_ms"] == 0


def test_who_has_no_label_is_nobody() -> None:
    found = speakers(utterances=[said(None, 0, 5), said([], 0, 5), said(" ", 0, 7)])
    assert found == {}


def test_a_label_may_be_a_number() -> None:
    found = speakers(utterances=[said(0, 0, 5), said(3.0, 5, 9), said("speaker_1", 9, 12)])
    assert list(found) == ["0", "3", "speaker_1"]


def test_silence_that_was_asked_about_has_no_speakers() -> None:
    assert talk(utterances=None, words=[]).items == ()
    assert talk(utterances=[], words=[]).items == ()


def test_words_without_labels_cannot_be_told_apart() -> None:
    assert talk(utterances=None).items is None
