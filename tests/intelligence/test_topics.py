"""Topics are named in the words of the taxonomy, with how relevant they are."""

from __future__ import annotations

import pytest

from stenolog.intelligence.highlights import Span
from stenolog.intelligence.passages import passages
from stenolog.intelligence.taxonomy import labels
from stenolog.intelligence.topics import LABELS_MAX, Topics, topics
from tests.intelligence.models import COUNTS, model, needs_model, speech


def found_in(text: str) -> Topics:
    said = speech(text)
    return topics(passages(said, said), model())


def test_the_taxonomy_has_all_topics_as_the_service_writes_them() -> None:
    assert len(labels()) == len(set(labels())) == 698
    assert {label.split(">")[0] for label in labels()} >= {"Sports", "Home&Garden", "PopCulture"}
    assert len({label.split(">")[0] for label in labels()}) == 29
    # Of the service's published answers.
    assert {
        "BusinessAndFinance>Industries>PowerAndEnergyIndustry",
        "HealthyLiving>Wellness>SmokingCessation",
        "Home&Garden>IndoorEnvironmentalQuality",
        "MedicalHealth>DiseasesAndConditions>HeartAndCardiovascularDiseases",
        "NewsAndPolitics>Weather",
        "Travel>TravelLocations>PolarTravel",
    } <= set(labels())


@needs_model
@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("The quarterback threw three touchdowns and a field goal.", "Sports"),
        ("My puppy chewed the couch, and the vet gave him toys.", "Pets"),
        ("Chop onions and garlic, fry them in olive oil for the pasta.", "Food&Drink"),
        ("The telescope found a new planet near a distant star.", "Science"),
        ("We plant tomatoes, water the roses and mow the lawn.", "Home&Garden"),
        ("The teacher gave students homework before the exam.", "Education"),
    ],
)
def test_a_passage_is_about_what_its_words_mean(text: str, topic: str) -> None:
    found = found_in(text)
    (passage,) = found.results
    assert passage.text == text
    assert passage.timestamp == Span(start=0, end=300 * len(text.split()))
    assert passage.labels[0].label.split(">")[0] == topic
    assert next(iter(found.summary)) == passage.labels[0].label


@needs_model
def test_the_summary_weighs_passages_by_length_and_its_best_has_1() -> None:
    pets = "My puppy chewed the couch, and the vet gave the dog a toy to bite. " * 12
    found = found_in(pets + "The quarterback threw a touchdown pass to win the football game. " * 8)
    assert len(found.results) >= 2
    shares = list(found.summary.values())
    assert shares[0] == 1.0
    assert shares == sorted(shares, reverse=True)
    assert next(iter(found.summary)).startswith("Pets")
    assert any(label.startswith("Sports") for label in found.summary)
    for passage in found.results:
        relevances = [label.relevance for label in passage.labels]
        assert 0 < len(relevances) <= LABELS_MAX
        assert relevances == sorted(relevances, reverse=True)
        assert all(0.25 <= relevance <= 1 for relevance in relevances)


@needs_model
def test_small_talk_and_silence_have_no_topics() -> None:
    assert found_in("Yes. Well, I know, right? Okay then, bye.").results == ()
    assert topics((), model()) == Topics(results=(), summary={})


def test_counting_words_tells_no_topics() -> None:
    with pytest.raises(AssertionError, match="the caller asks first"):
        topics((), COUNTS)
