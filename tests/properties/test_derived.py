"""Whatever words a provider gives: none is lost, and none is told twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stenolog.intelligence.captions import captions, srt, vtt
from stenolog.intelligence.sentences import paragraphs, sentences
from stenolog.intelligence.word_search import find_terms
from stenolog.intelligence.words import Word, joined_text, read_words

TIMES = st.none() | st.integers(-1, 40_000_000)
RAW = st.fixed_dictionaries(
    {
        "text": st.text(max_size=12) | st.sampled_from(["Mr.", "U.S.", "Yes.", "well,", "p.m."]),
        "start": TIMES,
        "end": TIMES,
        "confidence": st.floats(0, 1) | st.none(),
        "speaker": st.sampled_from([None, "A", "B"]),
    }
)
WORDS = st.lists(RAW, max_size=60)
CHANNELS = st.lists(
    st.builds(lambda raw, channel: {**raw, "channel": channel}, RAW, st.sampled_from("12")),
    max_size=40,
)


def flat(pieces: Sequence[Sequence[Word]]) -> list[Word]:
    return [word for piece in pieces for word in piece]


@given(raw=WORDS, text=st.text(max_size=200))
def test_read_words_keep_order_and_never_end_before_they_start(
    raw: list[dict[str, Any]], text: str
) -> None:
    words = read_words(raw, text)
    assert [word.index for word in words] == sorted({word.index for word in words})
    assert all(0 <= word.start <= word.end and word.text.strip() for word in words)


@given(raw=WORDS)
def test_sentences_and_paragraphs_hold_every_word_once_in_order(raw: list[dict[str, Any]]) -> None:
    words = list(read_words(raw, ""))
    assert flat(sentences(words)) == words
    assert flat(paragraphs(words)) == words
    assert all(len({word.voice for word in one}) == 1 for one in paragraphs(words))


@given(raw=WORDS, width=st.integers(1, 80))
def test_captions_lose_nothing_keep_order_and_hold_their_width(
    raw: list[dict[str, Any]], width: int
) -> None:
    words = list(read_words(raw, ""))
    found = captions(words, width)
    assert "".join(word.text for word in flat(found)) == "".join(word.text for word in words)
    assert all(len(joined_text(cue)) <= width for cue in found)
    if all(len(word.text) <= width for word in words):
        assert flat(found) == words


@given(raw=CHANNELS, width=st.integers(12, 80))
def test_with_channels_every_word_is_there_once_in_the_order_of_its_channel(
    raw: list[dict[str, Any]], width: int
) -> None:
    words = read_words(raw, "")
    for pieces in (sentences(words), paragraphs(words), captions(words, width)):
        for channel in "12":
            expected = [word for word in words if word.channel == channel]
            assert [word for word in flat(pieces) if word.channel == channel] == expected


@given(raw=WORDS, width=st.integers(1, 80))
def test_files_of_captions_have_one_block_a_cue(raw: list[dict[str, Any]], width: int) -> None:
    found = captions(read_words(raw, ""), width)
    shown = vtt(found).count(" --> ")
    assert srt(found).count(" --> ") == shown
    assert vtt(found).count("\n\n") == shown
    with_text = [cue for cue in found if any(c.isalnum() for c in joined_text(cue))]
    assert len(with_text) <= shown <= len(found)


def test_a_cue_without_text_is_left_out() -> None:
    words = [{"text": text, "start": at, "end": at + 1} for at, text in enumerate("\x1b\x07a")]
    found = captions(read_words(words, ""), 1)
    assert vtt(found) == "WEBVTT\n\n00:00.002 --> 00:00.003\na\n"
    assert srt(found) == "1\n00:00:00,002 --> 00:00:00,003\na\n"


@given(raw=WORDS)
def test_a_word_that_is_said_is_found_where_it_is_said(raw: list[dict[str, Any]]) -> None:
    words = read_words(raw, "")
    for word in words:
        for match in find_terms(words, [word.text]):
            assert word.index in match.indexes
