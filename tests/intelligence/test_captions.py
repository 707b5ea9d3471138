"""Captions as SubRip and WebVTT."""

from __future__ import annotations

import pytest

from stenolog.intelligence.captions import CHARACTERS, captions, srt, vtt
from stenolog.intelligence.words import joined_text, read_words
from tests.intelligence.speech import raw_words, spoken

HOUR = 3_600_000


def test_srt_has_numbers_times_with_hours_and_a_blank_line_between() -> None:
    words = spoken("Hello there. | How are you?")
    assert srt(captions(words)) == (
        "1\n00:00:00,000 --> 00:00:00,600\nHello there.\n\n"
        "2\n00:00:02,600 --> 00:00:03,500\nHow are you?\n"
    )


def test_vtt_has_no_hours_below_one_and_hours_from_then_on() -> None:
    raw = raw_words("Early.") + raw_words("Late.", begin=HOUR - 100)
    assert vtt(captions(read_words(raw, "Early. Late."))) == (
        "WEBVTT\n\n00:00.000 --> 00:00.300\nEarly.\n\n59:59.900 --> 01:00:00.200\nLate.\n"
    )


def test_hours_of_more_than_two_digits_are_written_out() -> None:
    words = spoken("Long.", begin=123 * HOUR)
    assert "123:00:00,000 --> 123:00:00,300" in srt(captions(words))


def test_no_words_are_an_empty_srt_and_a_vtt_of_its_head_alone() -> None:
    assert srt(captions(())) == ""
    assert vtt(captions(())) == "WEBVTT\n"


def test_captions_are_at_most_60_characters_wide_by_default() -> None:
    found = captions(spoken("several words of a long talk that does not end " * 20))
    widths = [len(joined_text(cue)) for cue in found]
    assert max(widths) <= CHARACTERS == 60
    assert min(widths[:-1]) > 40


def test_a_word_that_is_wider_than_a_caption_is_cut_and_shares_its_time() -> None:
    raw = [
        {"text": "a", "start": 0, "end": 100},
        {"text": "https://a.example", "start": 100, "end": 1_800},
        {"text": "is", "start": 1_800, "end": 1_900},
    ]
    found = captions(read_words(raw, "a https://a.example is"), 8)
    assert [joined_text(cue) for cue in found] == ["a", "https://", "a.exampl", "e is"]
    assert [(cue[0].start, cue[-1].end) for cue in found] == [
        (0, 100),
        (100, 900),
        (900, 1_700),
        (1_700, 1_900),
    ]


def test_a_caption_ends_at_a_turn_a_pause_and_with_its_sentence_when_half_full() -> None:
    raw = raw_words("Yes. No.", speaker="A") + raw_words("Why?", speaker="B", begin=600)
    found = captions(read_words(raw, "Yes. No. Why?"))
    assert [joined_text(cue) for cue in found] == ["Yes. No.", "Why?"]
    found = captions(spoken("A sentence of more than thirty letters. Next | here"))
    assert [joined_text(cue) for cue in found] == [
        "A sentence of more than thirty letters.",
        "Next",
        "here",
    ]


def test_what_would_be_markup_in_vtt_is_escaped_and_in_srt_it_is_text() -> None:
    words = spoken("AT&T <b>loud</b> -->")
    assert "AT&amp;T &lt;b&gt;loud&lt;/b&gt; --&gt;" in vtt(captions(words))
    assert "AT&T <b>loud</b> \N{RIGHTWARDS ARROW}" in srt(captions(words))


def test_a_line_break_within_a_word_cannot_end_a_cue() -> None:
    words = read_words([{"text": "a\n\n2\n00:00", "start": 0, "end": 9}], "")
    assert srt(captions(words)) == "1\n00:00:00,000 --> 00:00:00,009\na 2 00:00\n"


def test_a_cue_lasts_at_least_a_millisecond() -> None:
    assert "00:00.000 --> 00:00.001" in vtt(captions(read_words([{"text": "a", "start": 0}], "a")))


def test_letters_beyond_ascii_count_as_one_character_each() -> None:
    raw = [{"text": letter, "start": at, "end": at} for at, letter in enumerate("今日は晴れです")]
    found = captions(read_words(raw, "今日は晴れです"), 3)
    assert [joined_text(cue) for cue in found] == ["今日は", "晴れで", "す"]


def captioned(*texts: str) -> str:
    raw = [{"text": text, "start": at, "end": at + 1} for at, text in enumerate(texts)]
    return srt(captions(read_words(raw, " ".join(texts))))


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("\x1b[31mred\x07", "[31mred"),
        ("a\x00b\x7f\x80\x9bc", "abc"),
        ("a\n\n2\n00:00:00,000", "a 2 00:00:00,000"),
        ("a\u2028b\u0085c\td", "a b c d"),
        ("00:01 --> 00:02", "00:01 \N{RIGHTWARDS ARROW} 00:02"),
        ("evil\u202etxt.exe", "eviltxt.exe"),
        ("\u2066a\u2069\u202a", "a"),
        ("\u05d0\u200f!", "\u2068\u05d0\u200f!\u2069"),
        ("call \u0627\u0628 5", "\u2068call \u0627\u0628 5\u2069"),
        ("\u2069\u202e\U0001e900", "\u2068\U0001e900\u2069"),
        ("e\u0301 \N{GRINNING FACE}\u200d", "e\u0301 \N{GRINNING FACE}\u200d"),
    ],
)
def test_a_cue_is_one_line_of_text_and_nothing_more(said: str, shown: str) -> None:
    times = "00:00:00,000 --> 00:00:00,001"
    assert captioned(said) == f"1\n{times}\n{shown}\n"
    raw = [{"text": said, "start": 0, "end": 1}]
    escaped = shown.replace("\N{RIGHTWARDS ARROW}", "--&gt;")
    assert vtt(captions(read_words(raw, said))) == (
        f"WEBVTT\n\n00:00.000 --> 00:00.001\n{escaped}\n"
    )


def test_an_arrow_of_several_words_is_none_of_times() -> None:
    assert captioned("--", ">").count("-->") == 1
