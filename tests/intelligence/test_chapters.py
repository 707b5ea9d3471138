"""Chapters part the conversation where it turns to something else."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stenolog.intelligence.chapters import CHAPTER_MS_MIN, chapters
from stenolog.intelligence.embeddings import Embedder
from stenolog.intelligence.speech import Speech
from stenolog.intelligence.words import read_words
from tests.intelligence.models import COUNTS, model, needs_model, speech
from tests.intelligence.speech import raw_words, spoken

GARDEN = (
    "We plant tomatoes in the garden in spring. The roses need water and fertilizer. "
    "A healthy lawn needs water and good soil. Tomatoes like warm soil and the garden sun. "
)
MONEY = (
    "The bank raised interest rates on the mortgage. Our savings earn interest at the bank. "
    "A mortgage loan costs more when rates rise. The bank wants more savings for the loan. "
)


@pytest.fixture(params=["counts", pytest.param("model", marks=needs_model)])
def embedder(request: pytest.FixtureRequest) -> Embedder:
    return COUNTS if request.param == "counts" else model()


def test_a_new_subject_is_a_new_chapter(embedder: Embedder) -> None:
    garden, money = GARDEN * 8, MONEY * 8
    said = speech(garden + money)
    first, second = chapters(said, said, embedder)
    turn = 300 * len(garden.split())
    assert (first.start, first.end, second.start) == (0, turn, turn)
    assert second.end == 300 * len((garden + money).split())
    assert "garden" in first.summary
    assert "bank" not in first.summary
    assert first.headline in GARDEN
    assert second.headline in MONEY
    assert first.gist != second.gist


def test_one_subject_is_one_chapter(embedder: Embedder) -> None:
    said = speech(GARDEN * 16)
    assert len(chapters(said, said, embedder)) == 1


def test_what_is_short_is_one_chapter_and_silence_is_none() -> None:
    said = speech("Hello there. Goodbye then.")
    (only,) = chapters(said, said, COUNTS)
    assert (only.start, only.end, only.headline) == (0, 1_200, "Hello there.")
    assert (only.gist, only.summary) == ("Hello there. Goodbye then", "Hello there.")
    assert chapters(Speech.of(()), Speech.of(()), COUNTS) == ()


def test_what_is_quoted_is_what_may_be_shown() -> None:
    said = speech("Olivia lives in Paris with Olivia Flores and a dog.")
    hidden = [("#" * len(w.text) if w.text[:1].isupper() else w.text) for w in said.words]
    (only,) = chapters(said, said.rewritten(hidden), COUNTS)
    for text in (only.gist, only.headline, only.summary):
        assert not {"Olivia", "Paris", "Flores"} & set(text.split())


def test_people_on_two_channels_do_not_make_chapters_overlap() -> None:
    left = [{**word, "channel": "1"} for word in raw_words(GARDEN * 8 + MONEY * 8)]
    right = [{**word, "channel": "2"} for word in raw_words(GARDEN * 8 + MONEY * 8, begin=450)]
    said = Speech.of(read_words([*left, *right], ""))
    found = chapters(said, said, COUNTS)
    assert len(found) >= 2
    for before, after in itertools.pairwise(found):
        assert before.start <= before.end <= after.start


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([GARDEN, MONEY, "Yes. ", "No, thank you. | "]), st.integers(1, 9)
        ),
        max_size=8,
    )
)
def test_chapters_part_the_time_in_order(parts: list[tuple[str, int]]) -> None:
    said = Speech.of(spoken("".join(text * times for text, times in parts)))
    found = chapters(said, said, COUNTS)
    assert bool(found) == bool(said.words)
    for before, after in itertools.pairwise(found):
        assert before.start < before.end <= after.start
    for word in said.words:
        assert sum(one.start <= word.start and word.end <= one.end for one in found) == 1
    if len(found) > 1:
        assert all(one.end - one.start > CHAPTER_MS_MIN - 2_301 for one in found)
    assert all(one.gist and one.headline and one.summary for one in found)
