"""Swear words keep their first letter and their length; decent words keep all."""

from __future__ import annotations

import pytest

from stenolog.intelligence.profanity import masked


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Shit!", "S***!"),
        ("It was some tough shit.", "It was some tough s***."),
        ("motherfucking", "m************"),
        ("Holy-shit,", "Holy-s***,"),
        ("BITCHES", "B******"),
        ("asshole's", "a******'s"),
        ("god-damn", "g**-****"),
    ],
)
def test_swearing_is_masked(said: str, shown: str) -> None:
    assert masked(said) == shown


@pytest.mark.parametrize(
    "text",
    [
        "Scunthorpe assesses a class of assassins.",
        "Dick saw a cock, a great tit and a snigger.",
        "Niggardly, shiitake, cocktail, pissoir, Essex, therapist.",
        "Damn, hell, crap.",
        "####@[PERSON_NAME]",
        "",
    ],
)
def test_decent_words_stay(text: str) -> None:
    assert masked(text) == text
