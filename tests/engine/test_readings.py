"""Written words, and how they may be spoken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stenolog.engine.speech.letter_sounds import SOUNDS, phones
from stenolog.engine.speech.readings import PARTS_MAX, cardinal, spoken_parts


def readings(text: str) -> set[str]:
    """Every way to say a word."""
    said = [""]
    for part in spoken_parts(text):
        said = [f"{before} {' '.join(reading)}".strip() for before in said for reading in part]
    return set(said)


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("Hello,", "hello"),
        ("“don't”", "don't"),
        ("to-day", "to day"),
        ("7", "seven"),
        ("45", "forty five"),
        ("4532", "forty five thirty two"),
        ("1982.", "nineteen eighty two"),
        ("1905", "nineteen zero five"),
        ("1900", "nineteen hundred"),
        ("102", "one hundred and two"),
        ("555-0199", "five five five zero one nine nine"),
        ("1,250", "one thousand two hundred fifty"),
        ("$45.50", "forty five dollars and fifty cents"),
        ("$5", "five dollars"),
        ("$1", "one dollar"),
        ("3.5%", "three point five percent"),
        ("10:30", "ten thirty"),
        ("10:00", "ten o'clock"),
        ("10:05", "ten zero five"),
        ("21st", "twenty first"),
        ("30th", "thirtieth"),
        ("3rd,", "third"),
        ("olivia.flores@example.com", "olivia dot flores at example dot com"),
        ("FBI", "f. b. i."),
        ("FBI", "fbi"),
        ("José", "jose"),
        ("B2B", "b two b"),
        ("12/05", "twelve slash five"),
        ("AT&T", "a. t. and t"),
    ],
)
def test_a_word_can_be_said_so(written: str, spoken: str) -> None:
    assert spoken in readings(written)


@pytest.mark.parametrize(
    "written", ["", "...", "你好", "🙂", "1-" * PARTS_MAX, "a" * 100, "9" * 100]
)
def test_what_nobody_says_has_no_reading(written: str) -> None:
    assert spoken_parts(written) == ()


@given(st.text(max_size=30))
def test_readings_are_words_of_a_dictionary(text: str) -> None:
    for part in spoken_parts(text):
        assert part
        for reading in part:
            for word in reading:
                assert word.isascii()
                assert word == word.lower()
                assert set(word) <= set("abcdefghijklmnopqrstuvwxyz'.")
                assert phones(word)


def test_a_number_is_said_with_its_scales() -> None:
    assert " ".join(cardinal(12_000_319)) == "twelve million three hundred nineteen"
    assert cardinal(0) == ("zero",)


@pytest.mark.parametrize(
    ("word", "sounds"),
    [
        ("petromax", "P EH T R OW M AE K S"),
        ("hayes", "HH EY S"),
        ("cake", "K AE K"),
        ("lunches", "L AH N CH S"),
        ("bb", "B IY B IY"),
        ("w", "D AH B AH L Y UW"),
        ("o'nell", "OW N EH L"),
    ],
)
def test_unknown_words_are_pronounced_by_their_letters(word: str, sounds: str) -> None:
    assert phones(word) == sounds


@given(st.text("abcdefghijklmnopqrstuvwxyz'", min_size=1))
def test_every_word_has_sounds(word: str) -> None:
    letters = word.replace("'", "")
    known = {phone for sound in SOUNDS.values() for phone in sound.split()} | {"Y"}
    assert set(phones(word).split()) <= known
    assert bool(phones(word)) == bool(letters)
