"""The recogniser's typical slips are mended, and formatting can be switched off."""

from __future__ import annotations

import pytest

from stenolog.engine.speech.wording import ends_sentence, is_stray, plain, tidy
from stenolog.engine.techniques import RecognisedWord


def words(text: str, confidence: float = 0.9) -> list[RecognisedWord]:
    return [RecognisedWord(text=part, confidence=confidence) for part in text.split()]


def tidied(text: str, *, sentence_begins: bool = True) -> str:
    return " ".join(w.text for w in tidy(words(text), sentence_begins=sentence_begins))


@pytest.mark.parametrize(
    ("heard", "written"),
    [
        ("In short,, the", "In short, the"),
        ("well,. then.. yes", "Well, then. Yes"),
        ("so... and why?!", "So... And why?!"),
        ("i'm here and i know, i.", "I'm here and I know, I."),
        ("he paid $3.50, in all", "He paid $3.50, in all"),
        ("- hello , there", "Hello there"),
        ('"quoted" speech', '"Quoted" speech'),
        ("is it? yes! good", "Is it? Yes! Good"),
        ("", ""),
    ],
)
def test_slips_are_mended(heard: str, written: str) -> None:
    assert tidied(heard) == written


def test_a_line_in_mid_sentence_keeps_its_case() -> None:
    assert tidied("and then", sentence_begins=False) == "and then"


def test_only_short_guesses_are_strays() -> None:
    assert is_stray(words("You", 0.3))
    assert is_stray(words("Uh huh.", 0.39))
    assert is_stray([])
    assert not is_stray(words("You", 0.5))
    assert not is_stray(words("You and me", 0.1))


@pytest.mark.parametrize("text", ["end.", "end?", 'end!"', "end…", "end.)"])
def test_sentences_end_with_their_marks(text: str) -> None:
    assert ends_sentence(text)
    assert not ends_sentence("end,")


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("Hello,", "Hello"),
        ("3.5,", "3.5"),
        ("10:30.", "10:30"),
        ("don't!", "don't"),
        ("...", "..."),
        ('"Yes?"', "Yes"),
    ],
)
def test_punctuation_can_be_left_out(text: str, bare: str) -> None:
    assert plain(text, punctuate=False, format_text=True) == bare


def test_capitals_can_be_left_out() -> None:
    assert plain("NASA's,", punctuate=True, format_text=False) == "nasa's,"
    assert plain("NASA's,", punctuate=True, format_text=True) == "NASA's,"
