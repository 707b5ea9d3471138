"""Sensitive content is told by graded words of its own, how surely and how gravely."""

from __future__ import annotations

from typing import Any

import pytest

from stenolog.intelligence.content_safety import ContentSafety, content_safety
from stenolog.intelligence.content_safety_words import SIGNS
from stenolog.intelligence.embeddings import Embedder
from stenolog.intelligence.highlights import Span
from stenolog.intelligence.passages import passages
from stenolog.wire.assemblyai.enums import CONTENT_SAFETY_LABELS
from tests.intelligence.models import COUNTS, model, needs_model, speech


def judged(text: str, embedder: Embedder = COUNTS, **how: Any) -> ContentSafety:
    said = speech(text)
    return content_safety(passages(said, said), embedder, **how)


def labels_of(text: str, **how: Any) -> set[str]:
    return {label.label for one in judged(text, **how).results for label in one.labels}


PROBES = [
    (
        "There was a collision on the highway, people were injured when the bus derailed.",
        "accidents",
    ),
    ("He had three beers and a whiskey in the pub.", "alcohol"),
    ("Revenue was down, and net income missed the forecast for shareholders.", "financials"),
    ("They robbed a bank, and he was convicted of assault.", "crime_violence"),
    ("They found cocaine and heroin in his flat.", "drugs"),
    ("I lost it all at the casino, playing poker and betting.", "gambling"),
    ("They are subhuman, an inferior race.", "hate_speech"),
    ("I have diabetes, and my blood pressure is too high.", "health_issues"),
    ("My kids watch anime and read Naruto.", "manga"),
    ("He grows cannabis, and they smoke weed.", "marijuana"),
    ("The hurricane brought a storm surge and flooding.", "disasters"),
    ("The stripper posted nudity from the strip club.", "nsfw"),
    ("He watches porn, and a sex tape.", "pornography"),
    ("What the fuck is this shit?", "profanity"),
    ("They argue about abortion and transgender rights.", "sensitive_social_issues"),
    ("A terrorist group claimed the suicide bombing.", "terrorism"),
    ("I smoke a pack of cigarettes, she vapes nicotine.", "tobacco"),
    ("He owns a rifle and two handguns.", "weapons"),
]


@pytest.mark.parametrize(("text", "label"), PROBES)
def test_each_kind_of_content_is_told_by_its_words(text: str, label: str) -> None:
    assert label in labels_of(text)


@needs_model
@pytest.mark.parametrize(("text", "label"), PROBES)
def test_and_with_the_model_too(text: str, label: str) -> None:
    assert label in labels_of(text, embedder=model())


def test_every_label_of_the_service_is_told_but_one() -> None:
    assert set(SIGNS) == CONTENT_SAFETY_LABELS - {"negative_news"}
    assert {label for _, label in PROBES} == set(SIGNS)


def test_a_flag_says_where_how_surely_and_how_gravely() -> None:
    found = judged("Good day. He shot him with a rifle, and a pistol.", confidence_min=0.3)
    (one,) = found.results
    assert (one.text, one.timestamp) == (
        "Good day. He shot him with a rifle, and a pistol.",
        Span(start=0, end=3_300),
    )
    assert (one.sentences_idx_start, one.sentences_idx_end) == (0, 1)
    # Half support: 0.825 of what two clear words and a weak one leave no doubt of.
    sure = (1 - 0.28 * 0.28 * 0.7) * 0.825
    (weapons,) = one.labels
    assert weapons.confidence == pytest.approx(sure)
    assert weapons.severity == pytest.approx(1 - 0.8 * 0.8 * 0.94)
    assert found.summary == {"weapons": pytest.approx(sure)}
    assert found.severity_score_summary == {"weapons": {"low": 0, "medium": 1, "high": 0}}


def test_only_what_is_as_sure_as_asked_is_told() -> None:
    text = "He took the rifle."
    assert labels_of(text, confidence_min=0.59) == {"weapons"}
    assert labels_of(text, confidence_min=0.60) == set()


def test_repeating_a_word_makes_it_graver_and_not_surer() -> None:
    (once,), (often,) = (judged(text).results for text in ("A rifle.", "A rifle, rifle, rifle."))
    assert once.labels[0].confidence == often.labels[0].confidence
    assert once.labels[0].severity == pytest.approx(0.2)
    assert often.labels[0].severity == pytest.approx(1 - 0.8**3)


def test_words_with_another_meaning_are_nothing_by_themselves() -> None:
    neutral = "My laptop crashed, so I took a shot of the screen. The movie was fire, and cold."
    assert labels_of(neutral) == set()


def test_forms_of_words_phrases_and_what_a_filter_masked_are_known() -> None:
    assert labels_of("They were robbed and stabbed.") == {"crime_violence"}
    assert labels_of("Two armed robberies.") == {"crime_violence"}
    assert labels_of("He was killed in car crashes.") >= {"accidents"}
    assert labels_of("What the f*** is this?") == {"profanity"}
    assert "profanity" not in labels_of("A grade of 3*** and some class.")


def test_the_summary_is_over_all_passages() -> None:
    calm = "We talked about the weather for a good while on that very long day. " * 7
    found = judged(f"He took the rifle. {calm} Another pistol.")
    assert len(found.results) == 2
    each = [one.labels[0].confidence for one in found.results]
    assert found.summary["weapons"] == pytest.approx(1 - (1 - each[0]) * (1 - each[1]))
    assert sum(found.severity_score_summary["weapons"].values()) == pytest.approx(1)


def test_kinds_without_severity_have_none() -> None:
    found = judged("Revenue and net income.")
    assert [label.severity for one in found.results for label in one.labels] == [None]
    assert found.severity_score_summary == {}


def test_nothing_said_is_safe() -> None:
    assert content_safety((), COUNTS) == ContentSafety(
        results=(), summary={}, severity_score_summary={}
    )
