"""Numbers are read as people say them, with the words that they stand in."""

from __future__ import annotations

import pytest

from stenolog.intelligence.pii_tokens import token_of, tokens_of
from stenolog.intelligence.speech import Speech
from stenolog.intelligence.spoken_numbers import number_runs
from tests.intelligence.speech import spoken


def numbers(text: str) -> list[tuple[str, str]]:
    words = text.split()
    runs = number_runs(tokens_of(Speech.of(spoken(text))))
    return [(" ".join(words[run.first : run.last]), run.digits) for run in runs]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("one two three, four five six", [("one two three, four five six", "123456")]),
        ("it's zero one, two, three, four.", [("zero one, two, three, four.", "01234")]),
        ("oh two double five triple nine", [("oh two double five triple nine", "0255999")]),
        ("oh no, two", [("two", "2")]),
        ("nineteen eighty two", [("nineteen eighty two", "1982")]),
        ("twenty-one and forty", [("twenty-one", "21"), ("forty", "40")]),
        ("one hundred and two", [("one hundred and two", "102")]),
        ("three thousand people", [("three thousand", "3000")]),
        ("1,234 cars", [("1,234", "1234")]),
        ("call 123-456-7890. Now", [("123-456-7890.", "1234567890")]),
        ("four dash five", [("four dash five", "45")]),
        ("it's P. One, two", [("P. One, two", "12")]),
        ("plate 7 A B C 1", [("7 A B C 1", "71")]),
        ("A 5 and I 6", [("5", "5"), ("6", "6")]),
        ("AB1234 and 3D", [("AB1234", "1234")]),
        ("123. 456. 7890.", [("123. 456. 7890.", "1234567890")]),
        ("It was 20. 30 came.", [("20.", "20"), ("30", "30")]),
        ("nobody, none", []),
        ("", []),
    ],
)
def test_a_number_is_read_with_its_words(text: str, found: list[tuple[str, str]]) -> None:
    assert numbers(text) == found


def test_quantities_are_told_from_codes() -> None:
    def quantities(text: str) -> list[bool]:
        return [run.quantity for run in number_runs(tokens_of(Speech.of(spoken(text))))]

    assert quantities("two hundred fifty and 1,200 and three million") == [True] * 3
    assert quantities("five five five and nineteen eighty two") == [False, False]


def test_a_word_is_read_without_what_is_around_it() -> None:
    token = token_of("“Olivia’s,”")
    assert (token.lead, token.core, token.trail) == ("“", "Olivia", "’s,”")
    assert token_of("It's.").low == "it's"
    assert token_of("$5.00,").core == "$5.00"
    assert token_of("50%.").core == "50%"
    assert (token_of("...").core, token_of("...").lead) == ("", "...")
