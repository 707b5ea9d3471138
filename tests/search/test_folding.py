"""What differs only in case, accents or typography is the same word."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stenolog.projections.search.folding import asked_words, indexed_words, located_words

ODD = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("aé東京 '’かがｶﾞ\u3099\u0301\u1100\u1161\u11a8ﬁßİ²"),
    ),
    max_size=30,
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Café NAÏVE cafe\u0301", ["cafe", "naive", "cafe"]),
        ("don't don’t donʼt", ["don", "t"] * 3),
        ("Straße ﬁne İstanbul", ["strasse", "fine", "istanbul"]),
        ("ORDER-66, 3.5%", ["order", "66", "3", "5"]),
        ("東京都 ok", ["東京", "京都", "都", "ok"]),
        ("iPhone手机", ["iphone", "手机", "机"]),
        ("서울", ["서울", "울"]),
        ("हिन्दी", ["हिन्दी"]),
        ("—!? \x00 👍", []),
    ],
)
def test_a_text_is_indexed_by_its_words(text: str, words: list[str]) -> None:
    assert indexed_words(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("東京都", ["東京", "京都"]),
        ("東京 大", ["東京", "京", "大"]),
        ("京", ["京"]),
        ("Café", ["cafe"]),
    ],
)
def test_a_question_may_end_within_a_run(text: str, words: list[str]) -> None:
    assert asked_words(text) == words


@settings(max_examples=150, deadline=None)
@given(ODD)
def test_every_word_is_found_at_its_place(text: str) -> None:
    located = located_words(text)
    assert [one.word for one in located] == indexed_words(text)
    assert all(0 <= one.begin < one.end <= len(text) for one in located)
    assert [one.begin for one in located] == sorted(one.begin for one in located)


@settings(max_examples=100, deadline=None)
@given(ODD, ODD, ODD)
def test_what_is_asked_for_stands_in_every_text_that_has_it(a: str, b: str, c: str) -> None:
    """Where a letter does not go on with marks or letters of what stands beside it."""
    asked = asked_words(f" {b}")
    indexed = indexed_words(f"{a} {b} {c}")
    places = range(len(indexed) - len(asked) + 1)
    assert any(indexed[at : at + len(asked)] == asked for at in places)
