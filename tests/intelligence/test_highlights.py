"""Key phrases are counted where they are said, and none is said twice."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from stenolog.intelligence.highlights import CANDIDATES_MAX, HIGHLIGHTS_MAX, Span, highlights
from stenolog.intelligence.speech import Speech
from tests.intelligence.models import speech

WORDS = "air quality alerts Peter flood the a of is bad, warning. warning ##### [DATE] it's"


def test_phrases_are_told_with_count_rank_and_times() -> None:
    said = speech("The air quality is bad. We measure air quality, and Peter Miller knows why.")
    found = highlights(said.sentences)
    assert [(one.text, one.count, one.rank) for one in found] == [
        ("air quality", 2, 0.64),
        ("Peter Miller", 1, 0.36),
    ]
    assert found[0].timestamps == (Span(start=300, end=900), Span(start=2_100, end=2_700))
    assert found[1].timestamps == (Span(start=3_000, end=3_600),)


def test_a_longer_phrase_holds_its_parts_unless_they_are_said_more_often() -> None:
    said = speech("New Yorkers love Central Park. In Central Park, dogs run. Central Park is open.")
    found = highlights(said.sentences)
    assert (found[0].text, found[0].count) == ("Central Park", 3)
    assert not any("Park" in one.text for one in found[1:])


def test_a_phrase_ends_at_a_comma_and_at_what_is_hidden() -> None:
    said = speech("He reported smoke, fire alarms ### damage [PERSON_NAME] insurance claims fire.")
    texts = {one.text for one in highlights(said.sentences)}
    assert "fire alarms" in texts
    assert "insurance claims fire" in texts
    assert not any("#" in text or "[" in text or "smoke fire" in text for text in texts)


def test_one_word_counts_when_it_is_a_name_or_is_said_again() -> None:
    assert highlights(speech("So he left the umbrella there.").sentences) == ()
    assert [one.text for one in highlights(speech("An umbrella? My umbrella!").sentences)] == [
        "umbrella"
    ]


def test_of_endless_speech_the_first_phrases_count() -> None:
    """`CANDIDATES_MAX` bounds the memory; what is known already is still counted."""
    words = ["".join(letters) for letters in itertools.product("bcdfgkmnpr", repeat=5)]
    assert 4 * len(words[:15_000]) > CANDIDATES_MAX
    said = speech(" ".join(["Lost umbrella.", *words[:15_000], "Lost umbrella."]))
    found = highlights(said.sentences)
    assert [(one.text, one.count) for one in found][:1] == [("Lost umbrella", 2)]


def test_nothing_said_has_no_highlights() -> None:
    assert highlights(()) == ()


@given(st.lists(st.sampled_from(WORDS.split(" ")), max_size=60))
def test_counts_are_occurrences_and_ranks_are_shares(words: list[str]) -> None:
    said = Speech.of(speech(" ".join(words)).words)
    found = highlights(said.sentences)
    assert len(found) <= HIGHLIGHTS_MAX
    assert len({one.text.lower() for one in found}) == len(found)
    assert [one.rank for one in found] == sorted((one.rank for one in found), reverse=True)
    assert not found or abs(sum(one.rank for one in found) - 1) < 0.01 * len(found)
    plain = [word.text.lower().strip(".,") for word in said.words]
    for one in found:
        phrase = one.text.lower().split(" ")
        starts = {span.start for span in one.timestamps}
        assert one.count == len(starts) == len(one.timestamps)
        for span in one.timestamps:
            at = next(n for n, word in enumerate(said.words) if word.start == span.start)
            assert [p.strip(".,") for p in plain[at : at + len(phrase)]] == [
                p.strip(".,") for p in phrase
            ]
            assert span.end == said.words[at + len(phrase) - 1].end
