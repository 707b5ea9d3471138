"""Where sentences and paragraphs end."""

from __future__ import annotations

import pytest

from stenolog.intelligence.sentences import PARAGRAPH_WORDS_MAX, paragraphs, sentences
from stenolog.intelligence.words import joined_text, read_words
from tests.intelligence.speech import raw_words, spoken


@pytest.mark.parametrize(
    "text",
    [
        "Hello there. / How are you? / Fine!",
        "Mr. Smith met Dr. Jones. / They talked.",
        "We land at 5 p.m. in Boston. / Good.",
        "We land at 5 p.m. / The hotel is near.",
        "The U.S. Senate voted. / It passed.",
        "She lives in the U.S. / He does not.",
        "J. R. Tolkien wrote it.",
        "Acme Inc. makes anvils. / So does Ajax Ltd. / The rest do not.",
        "Use fruit, e.g. Apples or pears.",
        "Well... maybe. / Or... / No.",
        'He said "Stop." / Then he left.',
        "(It rained.) / We stayed.",
        "これは本です。 / それはペンです。",
        "It is 3.5 percent. / Yes.",
        "See No. 5 on the list. / Thanks.",
        "hello. / how are you.",
        "It stopped | and went on. / Done.",
        "It stopped / | Then it went on.",
        "no punctuation here / | and none there",
        "one",
    ],
)
def test_a_sentence_ends_where_a_reader_would_end_it(text: str) -> None:
    found = [joined_text(one) for one in sentences(spoken(text.replace(" / ", " ")))]
    assert found == [" ".join(one.replace("|", " ").split()) for one in text.split(" / ")]


def test_another_voice_is_another_sentence_and_another_paragraph() -> None:
    raw = raw_words("I think", speaker="A") + raw_words("so do I", speaker="B", begin=600)
    words = read_words(raw, "I think so do I")
    assert [joined_text(one) for one in sentences(words)] == ["I think", "so do I"]
    assert [joined_text(one) for one in paragraphs(words)] == ["I think", "so do I"]


def test_two_channels_at_the_same_time_do_not_cut_each_other() -> None:
    one = [{**word, "channel": "1"} for word in raw_words("How are you today?")]
    two = [{**word, "channel": "2"} for word in raw_words("Fine, thank you.", begin=100)]
    raw = sorted(one + two, key=lambda word: int(word["start"]))
    found = [joined_text(sentence) for sentence in sentences(read_words(raw, ""))]
    assert found == ["How are you today?", "Fine, thank you."]


def test_a_pause_between_sentences_is_a_new_paragraph() -> None:
    found = paragraphs(spoken("One. Two. | Three. Four."))
    assert [joined_text(one) for one in found] == ["One. Two.", "Three. Four."]


def test_a_paragraph_ends_with_the_sentence_that_makes_it_long() -> None:
    found = paragraphs(spoken("This is a sentence of seven words. " * 40))
    assert {len(one) for one in found[:-1]} == {105}
    assert PARAGRAPH_WORDS_MAX <= 105


def test_no_words_make_no_sentences() -> None:
    assert sentences(()) == paragraphs(()) == []
