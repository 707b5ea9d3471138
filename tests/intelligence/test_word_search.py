"""Where words and phrases are said."""

from __future__ import annotations

import pytest

from stenolog.intelligence.word_search import comparable, find_terms, phrase_of
from stenolog.intelligence.words import read_words
from tests.intelligence.speech import spoken


def test_case_and_punctuation_do_not_count() -> None:
    (match,) = find_terms(spoken('Smoke? "smoke," SMOKE and smoker.'), ["Smoke"])
    assert match.text == "smoke"
    assert match.indexes == (0, 1, 2)
    assert match.timestamps == ((0, 300), (300, 600), (600, 900))


def test_a_phrase_is_found_with_the_times_of_its_ends() -> None:
    (match,) = find_terms(spoken("we see wild fires. Wild Fires burn"), ["wild  fires"])
    assert match.text == "wild fires"
    assert match.indexes == (2, 4)
    assert match.timestamps[0] == (600, 1200)


def test_terms_come_in_the_order_asked_once_and_without_those_that_are_not_said() -> None:
    found = find_terms(spoken("one two three"), ["three", "four", "one", "Three", "..."])
    assert [match.text for match in found] == ["three", "one"]


def test_places_are_those_in_the_transcripts_own_words() -> None:
    words = read_words(
        [{"text": "", "start": 0, "end": 1}, {"text": "here", "start": 1, "end": 2}], "here"
    )
    (match,) = find_terms(words, ["here"])
    assert match.indexes == (1,)


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("Straße", "STRASSE"),
        ("cafe\u0301!", "CAFÉ"),
        ("don't", "Don't"),
        ("Don\u2019t", "don't"),
        ("don\u02bct", "don't"),
        ("ŞİŞLİ", "şişli"),
        ("S\u0327I\u0307s\u0327li", "şişli"),
        ("$5.", "5"),
        ("हिन्दी।", "हिन्दी"),
    ],
)
def test_letters_are_compared_as_readers_do(said: str, asked: str) -> None:
    assert comparable(said) == comparable(asked)


def test_punctuation_alone_is_nothing_to_look_for() -> None:
    assert phrase_of(" ... - ") == ()
