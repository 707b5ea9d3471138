"""Words are made whole before anything is made of them."""

from __future__ import annotations

from typing import Any

import pytest

from stenolog.intelligence.words import joined_text, read_words


def times(*given: tuple[Any, Any]) -> list[tuple[int, int]]:
    raw = [{"text": f"w{at}", "start": start, "end": end} for at, (start, end) in enumerate(given)]
    return [(word.start, word.end) for word in read_words(raw, "")]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([(0, 5), (5, 9)], [(0, 5), (5, 9)]),
        ([(0, 5), (None, None), (9, 12)], [(0, 5), (5, 9), (9, 12)]),
        ([(None, None), (9, 12)], [(0, 9), (9, 12)]),
        ([(0, 5), (None, None)], [(0, 5), (5, 5)]),
        ([(0, None), (7, 9)], [(0, 7), (7, 9)]),
        ([(3, 1)], [(3, 3)]),
        ([(None, 4)], [(0, 4)]),
        ([(True, -1), (2.0, 3.0)], [(0, 2), (2, 3)]),
        ([(2**70, float("inf")), (2, 3)], [(0, 2), (2, 3)]),
    ],
)
def test_missing_times_are_filled_from_the_neighbours(given: Any, expected: Any) -> None:
    assert times(*given) == expected


def test_words_of_which_none_has_a_time_are_none() -> None:
    assert read_words([{"text": "hello", "start": None}, {"text": "you"}], "hello you") == ()


def test_a_word_without_text_is_left_out_and_places_stay_those_of_the_transcript() -> None:
    raw = [{"text": " ", "start": 0, "end": 1}, {"text": "hi\nthere ", "start": 1, "end": 2}]
    (word,) = read_words(raw, "hi there")
    assert (word.text, word.index) == ("hi there", 1)


def test_words_without_spaces_between_them_are_joined_without_spaces() -> None:
    raw = [{"text": part, "start": 0, "end": 1} for part in ("今日", "は", "晴れ", "です。")]
    assert joined_text(read_words(raw, "今日は晴れです。")) == "今日は晴れです。"


def test_a_text_that_differs_from_its_words_still_has_spaces() -> None:
    raw = [{"text": part, "start": 0, "end": 1} for part in ("one", "two", "three")]
    assert joined_text(read_words(raw, "One. Two three")) == "one two three"


@pytest.mark.parametrize("confidence", [None, "high", True, 7, -1, 2**80])
def test_a_confidence_that_is_none_counts_as_0(confidence: object) -> None:
    (word,) = read_words([{"text": "a", "start": 0, "end": 1, "confidence": confidence}], "a")
    assert word.confidence == 0.0
