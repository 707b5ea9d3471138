"""Sentences sound positive, negative or neither, and are told with their speakers and times."""

from __future__ import annotations

import pytest

from stenolog.intelligence.sentiment import sentiment_of, sentiments
from stenolog.intelligence.speech import Speech, speaker_of
from tests.intelligence.speech import spoken


@pytest.mark.parametrize(
    ("text", "sentiment"),
    [
        ("That is wonderful, thank you so much!", "POSITIVE"),
        ("I'm furious, this is terrible.", "NEGATIVE"),
        ("This is not good at all.", "NEGATIVE"),
        ("The train leaves at nine.", "NEUTRAL"),
        ("No, that's all for now.", "NEUTRAL"),
        ("No.", "NEUTRAL"),
        ("No, it was awful.", "NEGATIVE"),
        ("No problem, I love it.", "POSITIVE"),
        ("", "NEUTRAL"),
    ],
)
def test_a_sentence_sounds_as_its_words_do(text: str, sentiment: str) -> None:
    kind, confidence = sentiment_of(text)
    assert kind == sentiment
    assert 0.5 <= confidence <= 1


def test_confidence_grows_with_the_distance_from_the_border() -> None:
    _, weak = sentiment_of("The room was good.")
    kind, strong = sentiment_of("The room was great, lovely, and I am so happy!")
    assert kind == "POSITIVE"
    assert weak < strong
    assert sentiment_of("The train leaves at nine.") == ("NEUTRAL", 1.0)


def test_each_sentence_is_told_with_its_speaker_and_times() -> None:
    words = (*spoken("Hello there.", speaker="A"), *spoken("I hate it.", speaker="B", begin=900))
    said = Speech.of(words)
    found = sentiments(said, said)
    assert [(one.text, one.start, one.end, one.sentiment, one.speaker) for one in found] == [
        ("Hello there.", 0, 600, "NEUTRAL", "A"),
        ("I hate it.", 900, 1_800, "NEGATIVE", "B"),
    ]


def test_what_is_shown_may_be_written_otherwise_than_what_is_judged() -> None:
    said = Speech.of(spoken("I hate Olivia. Really."))
    shown = said.rewritten(["I", "hate", "[PERSON_NAME].", ""])
    first, second = sentiments(said, shown)
    assert (first.text, first.sentiment) == ("I hate [PERSON_NAME].", "NEGATIVE")
    assert second.text == "Really."
    assert [[word.index for word in sentence] for sentence in shown.sentences] == [[0, 1, 2], [3]]


def test_the_speaker_of_some_words_is_who_says_most() -> None:
    words = (*spoken("a b", speaker="A"), *spoken("c d e", speaker="B"))
    assert speaker_of(words) == "B"
    assert speaker_of(words[:4]) == "A"
    assert speaker_of(spoken("a b")) is None


def test_no_words_have_no_sentiment() -> None:
    assert sentiments(Speech.of(()), Speech.of(())) == ()
