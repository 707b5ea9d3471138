"""Words and phrases are written as the customer spells them."""

from __future__ import annotations

import pytest

from stenolog.intelligence.spelling import Spelling, respelled
from stenolog.intelligence.words import joined_text
from tests.intelligence.speech import spoken

SPELLINGS = (
    Spelling(heard=("decarlo", "de carlo"), written="DeCarlo"),
    Spelling(heard=("sequel", "sql"), written="SQL"),
    Spelling(heard=("my sequel",), written="MySQL"),
    Spelling(heard=("sql",), written="second"),
    Spelling(heard=("...",), written="nothing"),
)


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("I met Decarlo.", "I met DeCarlo."),
        ("“De Carlo,” he said", "“DeCarlo,” he said"),
        ("DECARLO's car", "DeCarlo's car"),
        ("de Carlo’s car", "DeCarlo’s car"),
        ("Sql or my sequel?", "SQL or MySQL?"),
        ("my my sequel", "my MySQL"),
        ("the decarlos", "the decarlos"),
        ("", ""),
    ],
)
def test_a_phrase_is_written_as_asked(said: str, written: str) -> None:
    assert joined_text(respelled(spoken(said), SPELLINGS)) == written


def test_a_phrase_becomes_one_word_with_the_times_of_all() -> None:
    words = spoken("met de carlo here")
    found = respelled(words, SPELLINGS)
    assert [(word.start, word.end) for word in found] == [(0, 300), (300, 900), (900, 1_200)]
    assert found[1].confidence == pytest.approx(0.9)


def test_no_phrase_spans_two_speakers() -> None:
    words = (*spoken("met de", speaker="A"), *spoken("Carlo here", speaker="B", begin=600))
    assert respelled(words, SPELLINGS) == words


def test_nothing_to_spell_changes_nothing() -> None:
    words = spoken("de carlo")
    assert respelled(words, ()) == words
