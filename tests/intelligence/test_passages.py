"""Passages hold whole sentences, each exactly once, and are not longer than they may be."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stenolog.intelligence.passages import PASSAGE_CHARS_MAX, passages
from stenolog.intelligence.speech import Speech
from tests.intelligence.models import speech


def test_what_is_judged_is_said_and_what_is_quoted_is_shown() -> None:
    said = speech("I am Olivia. Hello.")
    shown = said.rewritten(["I", "am", "[PERSON_NAME].", "Hello."])
    (found,) = passages(said, shown)
    assert (found.judged, found.text) == ("I am Olivia. Hello.", "I am [PERSON_NAME]. Hello.")
    assert (found.first, found.last, found.start, found.end) == (0, 1, 0, 1_200)


def test_nothing_said_has_no_passages() -> None:
    assert passages(Speech.of(()), Speech.of(())) == ()


@given(st.lists(st.integers(1, 700), max_size=40))
def test_every_sentence_is_in_one_passage(lengths: list[int]) -> None:
    said = speech(" ".join("A" + "b" * length + "." for length in lengths))
    found = passages(said, said)
    places = [at for one in found for at in range(one.first, one.last + 1)]
    assert places == list(range(len(lengths)))
    for one in found:
        assert one.start <= one.end
        assert one.first == one.last or len(one.judged) <= PASSAGE_CHARS_MAX
    assert " ".join(one.text for one in found) == " ".join(word.text for word in said.words)
