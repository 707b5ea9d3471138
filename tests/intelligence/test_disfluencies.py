"""Fillers go, and the sentence is whole without them."""

from __future__ import annotations

import pytest

from stenolog.intelligence.disfluencies import is_filler, without_fillers
from stenolog.intelligence.words import Word, joined_text
from tests.intelligence.speech import spoken


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Um, I think so.", "I think so."),
        ("Uh, um, that is it.", "That is it."),
        ("I was, uh, late.", "I was, late."),
        ("I think so, um.", "I think so."),
        ("Is it you, um?", "Is it you?"),
        ("It is. Um. Yes.", "It is. Yes."),
        ("um so it goes", "so it goes"),
        ("Hmm.", ""),
        ("Mhm. Uh-huh. Huh?", "Mhm. Uh-huh. Huh?"),
        ("An umbrella, the mm-hm.", "An umbrella, the mm-hm."),
        ("", ""),
    ],
)
def test_fillers_are_left_out(said: str, shown: str) -> None:
    assert joined_text(without_fillers(spoken(said))) == shown


def test_times_and_confidences_stay() -> None:
    words = spoken("Um, I think, uh, so.")
    kept = without_fillers(words)
    assert [(word.start, word.end) for word in kept] == [
        (words[n].start, words[n].end) for n in (1, 2, 4)
    ]


def test_a_mark_does_not_move_to_another_speaker() -> None:
    words: tuple[Word, ...] = (*spoken("I see", speaker="A"), *spoken("um.", speaker="B"))
    assert joined_text(without_fillers(words)) == "I see"


def test_a_filler_is_known_in_any_writing() -> None:
    assert all(map(is_filler, ("Um,", "UH", "“hmm”...", "er")))
    assert not any(map(is_filler, ("her", "thumb", "", "...")))
