"""A transcript is divided into passages that can be found, whatever its provider left out."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stenolog.projections.documents import ProjectionFailed
from stenolog.projections.search.folding import indexed_words
from stenolog.projections.search.passages import PASSAGE_CHARS_MAX, Passage, passages_of
from stenolog.projections.shaped.conversation import Conversation


def said(answer: dict[str, Any]) -> Conversation:
    return Conversation(answer, {})


def word(text: str, at: int, speaker: object = None) -> dict[str, Any]:
    return {"text": text, "start": 100 * at, "end": 100 * at + 90, "speaker": speaker}


def test_an_utterance_is_a_passage() -> None:
    turn = {"speaker": "A", "start": 5, "end": 9, "text": " Hello. ", "words": []}
    assert passages_of(said({"utterances": [turn]})) == (
        Passage(text="Hello.", start_ms=5, end_ms=9, speaker="A"),
    )


def test_what_is_in_no_utterance_is_found_too() -> None:
    words = [word(f"w{at}", at) for at in range(40)]
    turns = [
        {"speaker": "A", "start": 1_000, "end": 1_990, "text": "w10 to w19", "words": []},
    ]
    found = passages_of(said({"words": words, "utterances": turns}))
    assert [(one.text.split()[0], one.start_ms) for one in found] == [("w0", 0), ("w10", 1_000)]
    assert found[0].text.split() == [f"w{at}" for at in range(40) if not 10 <= at < 20]
    whole = {**turns[0], "start": 50, "end": 4_000}  # all but the first word, which is near
    assert len(passages_of(said({"words": words, "utterances": [whole]}))) == 1


def test_sentences_of_one_voice_are_passages_of_some_hundred_characters() -> None:
    text = "This is a sentence of forty characters!! " * 30
    words = [word(one, at, "AB"[at >= 105]) for at, one in enumerate(text.split())]
    found = passages_of(said({"text": text, "words": words}))
    assert " ".join(one.text for one in found) == text.strip()
    assert all(one.text.endswith("!!") and len(one.text) < 450 for one in found[:-1])
    assert {one.speaker for one in found} == {"A", "B"}
    assert all(
        a.end_ms <= b.start_ms for a, b in itertools.pairwise(found) if a.end_ms and b.start_ms
    )


def test_japanese_words_are_joined_as_the_text_has_them() -> None:
    words = [word("東京", 0), word("都庁", 1)]
    (found,) = passages_of(said({"text": "東京都庁", "words": words}))
    assert found.text == "東京都庁"


def test_a_long_utterance_is_divided_with_the_times_of_its_words() -> None:
    text = "Some words. " * 600
    inner = [word(one, at, "A") for at, one in enumerate(text.split())]
    turn = {"speaker": "A", "start": 0, "end": 120_000, "text": text, "words": inner}
    found = passages_of(said({"utterances": [turn]}))
    assert len(found) > 3
    assert [one.start_ms for one in found] == sorted({one.start_ms or 0 for one in found})
    turn["words"] = "none"
    undivided = passages_of(said({"utterances": [turn]}))
    assert {(one.start_ms, one.end_ms) for one in undivided} == {(0, 120_000)}
    assert all(len(one.text) <= PASSAGE_CHARS_MAX for one in undivided)


def test_a_list_that_is_none_is_told() -> None:
    with pytest.raises(ProjectionFailed):
        passages_of(said({"utterances": "no list"}))


ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
)
ITEMS = st.lists(
    st.fixed_dictionaries(
        {}, optional={name: ODD for name in ("text", "start", "end", "speaker", "words")}
    ),
    max_size=4,
)


@settings(max_examples=80, deadline=None)
@given(st.fixed_dictionaries({}, optional={"text": ODD, "words": ITEMS, "utterances": ITEMS}))
def test_whatever_is_answered_becomes_passages_that_can_be_stored(answer: dict[str, Any]) -> None:
    for one in passages_of(said(answer)):
        one.text.encode()
        indexed_words(one.text)
        assert one.start_ms is None or 0 <= one.start_ms < 1 << 62
        assert one.start_ms is None or one.end_ms is None or one.start_ms <= one.end_ms
