"""A summary quotes the most telling sentences, in the form that is asked for."""

from __future__ import annotations

import itertools

import pytest

from stenolog.intelligence.speech import Speech
from stenolog.intelligence.summaries import gist, headline, summary
from stenolog.wire.assemblyai.enums import SUMMARY_TYPES, SUMMARY_TYPES_OF_MODEL
from tests.intelligence.models import COUNTS, model, needs_model, speech
from tests.intelligence.speech import spoken

TALK = (
    "Welcome to the show. Smoke from wildfires in Canada covers New York. Is that so? "
    "The air quality in New York is bad because of wildfire smoke. Yes, really. "
    "People with asthma should stay inside while the smoke is bad. Thanks a lot. "
    "The smoke moves with the wind, and the air quality changes every day. I see. "
    "Firefighters from many countries help Canada against the wildfires. Bye now."
)


def told(model_name: str, kind: str, said: Speech | None = None) -> str:
    said = speech(TALK) if said is None else said
    return summary(said, said, COUNTS, model=model_name, kind=kind)


PAIRS = [(name, kind) for name, kinds in SUMMARY_TYPES_OF_MODEL.items() for kind in kinds]


def test_every_type_is_written_by_some_model() -> None:
    assert {kind for _, kind in PAIRS} == set(SUMMARY_TYPES)


def test_bullets_are_lines_of_sentences_in_their_order() -> None:
    lines = told("informative", "bullets").split("\n")
    assert lines == [
        "- Smoke from wildfires in Canada covers New York.",
        "- The air quality in New York is bad because of wildfire smoke.",
        "- People with asthma should stay inside while the smoke is bad.",
        "- The smoke moves with the wind, and the air quality changes every day.",
    ]


def test_a_paragraph_joins_them_and_a_headline_is_one() -> None:
    sentences = [line[2:] for line in told("informative", "bullets").split("\n")]
    assert told("informative", "paragraph") == " ".join(sentences)
    assert told("informative", "headline") in sentences
    assert len(told("catchy", "headline")) <= len(told("informative", "headline"))
    assert told("catchy", "gist") == "air quality, wildfire smoke"


@pytest.mark.parametrize(
    "detail",
    [
        "My card for the wildfire smoke in New York is 4111 1111 1111.",
        "The smoke number of New York's air quality office is one two, three four five.",
        "My mail about air quality and smoke in New York is ann.lee at example.com now.",
        "The wildfire smoke in New York is bad, says [PERSON_NAME] of the air quality office.",
    ],
)
def test_who_reads_out_details_says_no_headline(detail: str) -> None:
    said = Speech.of(spoken(f"{detail} {TALK}"))
    assert told("informative", "headline", said) in TALK


@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_whatever_is_said_is_a_part_of_what_was_said(name: str, kind: str) -> None:
    text = told(name, kind)
    assert text
    assert kind == "gist" or all(line.removeprefix("- ") for line in text.split("\n"))
    assert kind == "gist" or all(
        sentence.strip("- .") in TALK for sentence in text.replace("\n", " ").split(". ")
    )
    assert told(name, kind, Speech.of(())) == ""
    assert told(name, kind, speech("Well.")) in ("Well.", "- Well.", "Well")


def test_a_summary_is_shorter_than_what_it_tells_of() -> None:
    few = speech("One fire burnt the old house. Two fires burnt the new town. It rained.")
    assert told("informative", "bullets_verbose", few).count("\n") == 0
    long = speech(TALK * 10)
    assert told("informative", "bullets_verbose", long).count("\n") == 9


def test_a_conversation_is_told_with_whoever_says_it_and_everybody_is_heard() -> None:
    at = itertools.count(0, 30_000)
    words = [
        word
        for speaker, text in (
            ("A", "Good morning, this is Acme support, my name is Jo. "),
            ("B", "My invoice shows the wrong amount for the broken printer. "),
            ("A", "I will correct the amount on your printer invoice today. "),
            ("C", "And the second printer arrived with a broken paper tray."),
        )
        for word in spoken(text, speaker=speaker, begin=next(at))
    ]
    lines = told("conversational", "bullets", Speech.of(words)).split("\n")
    assert {line[:12] for line in lines} == {"- Speaker A:", "- Speaker B:", "- Speaker C:"}
    assert "Speaker" not in told("conversational", "headline", Speech.of(words))


def test_what_is_hidden_stays_hidden() -> None:
    said = speech(TALK)
    shown = said.rewritten(["[LOCATION]" if w.text == "Canada" else w.text for w in said.words])
    for kind in ("bullets", "headline", "paragraph"):
        assert "Canada" not in summary(said, shown, COUNTS, model="informative", kind=kind)
    assert "Canada" not in gist(shown)


@needs_model
def test_the_model_chooses_what_is_nearest_to_the_whole() -> None:
    said = speech(TALK)
    assert headline(said, said, model()) in {
        "The air quality in New York is bad because of wildfire smoke.",
        "Smoke from wildfires in Canada covers New York.",
    }
