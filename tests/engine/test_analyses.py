"""What was recognised is analysed and written: every finding that is asked for, and no other."""

from __future__ import annotations

import json
from typing import Any

from stenolog.engine.options import SpeechOptions, TextOptions
from stenolog.engine.spoken import SpokenWord, joined
from stenolog.engine.worker.analyses import ANALYSES, Analysed, analysed
from stenolog.engine.worker.heard_lines import HeardLines
from stenolog.intelligence.embeddings_wordllama import best_embedder
from stenolog.intelligence.policies import RedactionOptions
from stenolog.intelligence.spelling import Spelling
from stenolog.intelligence.theme_options import ThemeOptions
from stenolog.intelligence.words import joined_text
from stenolog.wire.assemblyai.transcript import BLOCKS, RESULT_DEFAULTS
from tests.engine.sounds import nothing


def words(text: str, speaker: str | None = None) -> tuple[SpokenWord, ...]:
    return tuple(
        SpokenWord(text=word, start=n * 300, end=n * 300 + 250, confidence=0.9, speaker=speaker)
        for n, word in enumerate(text.split())
    )


def made(text: str, asked: dict[str, Any] | None = None, **how: Any) -> Analysed:
    options = SpeechOptions(text=TextOptions(**(asked or {})), **how)
    return analysed(words(text), options, HeardLines(), nothing)


def test_nothing_is_found_that_was_not_asked_for() -> None:
    plain = made("I love it. It is great!")
    assert plain.findings == {}
    assert plain.words == words("I love it. It is great!")


def test_findings_are_members_of_a_transcript() -> None:
    assert set(ANALYSES) <= {*RESULT_DEFAULTS, *BLOCKS}


def test_no_speech_has_empty_findings() -> None:
    assert made("", {"sentiment_analysis": True}).findings == {"sentiment_analysis_results": []}


def test_sentiment_has_the_members_that_the_clients_read() -> None:
    found = made("I love it. So it goes.", {"sentiment_analysis": True}).findings
    assert found["sentiment_analysis_results"] == [
        {
            "text": "I love it.",
            "start": 0,
            "end": 850,
            "sentiment": "POSITIVE",
            "confidence": 0.7731,
            "speaker": None,
        },
        {
            "text": "So it goes.",
            "start": 900,
            "end": 1750,
            "sentiment": "NEUTRAL",
            "confidence": 1.0,
            "speaker": None,
        },
    ]


def test_what_a_finding_quotes_is_written_as_the_words_are() -> None:
    """Sentences are told by punctuation even where none is shown."""
    plain = made(
        "Well, I love it. So it goes.",
        {"sentiment_analysis": True},
        punctuate=False,
        format_text=False,
    )
    assert joined(plain.words) == "well i love it so it goes"
    found: Any = plain.findings["sentiment_analysis_results"]
    assert [one["text"] for one in found] == ["well i love it", "so it goes"]
    assert found[0]["sentiment"] == "POSITIVE"


def test_fillers_go_spellings_are_kept_and_swearing_is_masked() -> None:
    written = made(
        "Um, so Acme's, uh, de carlo said shit happens. Uh.",
        {
            "custom_spelling": (Spelling(heard=("De Carlo",), written="DeCarlo"),),
            "filter_profanity": True,
            "sentiment_analysis": True,
        },
    )
    assert joined(written.words) == "So Acme's, DeCarlo said s*** happens."
    assert [word.start for word in written.words] == [300, 600, 1200, 1800, 2100, 2400]
    assert written.words[2].end == 1_750
    found: Any = written.findings["sentiment_analysis_results"]
    assert [one["text"] for one in found] == ["So Acme's, DeCarlo said s*** happens."]


def test_fillers_stay_when_they_are_asked_for() -> None:
    assert joined(made("Um, so it, uh, goes.", {"disfluencies": True}).words) == (
        "Um, so it, uh, goes."
    )


PRIVATE = "Hi, I'm Olivia Flores. I love it, Olivia! My card is 4111 1111 1111 1111, Ann."
NAMES = RedactionOptions(policies=("person_name",), static={}, substitution="entity_name")


def test_entities_have_the_members_that_the_clients_read() -> None:
    found: Any = made("I'm Olivia, from Leeds.", {"entity_detection": True}).findings["entities"]
    assert found == [
        {"entity_type": "person_name", "text": "Olivia", "start": 300, "end": 550, "speaker": None},
        {"entity_type": "location", "text": "Leeds", "start": 900, "end": 1150, "speaker": None},
    ]


def test_what_is_hidden_is_in_no_finding() -> None:
    options = RedactionOptions(
        policies=("person_name", "credit_card_number"), static={}, substitution="hash"
    )
    hidden = made(
        PRIVATE, {"redaction": options, "entity_detection": True, "sentiment_analysis": True}
    )
    for value in ("Olivia", "Flores", "Ann", "4111", "1111"):
        assert value not in json.dumps(hidden.findings)
        assert value not in joined(hidden.words)
    assert [(w.start, w.end) for w in hidden.words] == [(w.start, w.end) for w in words(PRIVATE)]
    found: Any = hidden.findings["entities"]
    assert [one["text"] for one in found] == [
        "###### ######",
        "######",
        "#### #### #### ####",
        "###",
    ]
    judged: Any = hidden.findings["sentiment_analysis_results"]
    assert (judged[1]["text"], judged[1]["sentiment"]) == ("I love it, ######!", "POSITIVE")
    assert hidden.unredacted is None


def test_what_stands_for_something_hidden_is_not_written_otherwise() -> None:
    plain = made(PRIVATE, {"redaction": NAMES}, punctuate=False, format_text=False)
    assert joined(plain.words).startswith("hi i'm [PERSON_NAME] [PERSON_NAME] i love it [PERSON_")


def test_the_words_before_are_kept_where_they_are_asked_for() -> None:
    asked = {"redaction": NAMES, "redact_pii_return_unredacted": True}
    both = made(PRIVATE, asked, format_text=False)
    assert both.unredacted is not None
    assert joined(both.unredacted) == PRIVATE.lower()
    assert len(both.unredacted) == len(both.words)


def test_an_analysis_that_quotes_what_was_said_is_swept() -> None:
    """The last thing done to a finding: a row that reads `said` where it should read `shown`."""
    assert "Olivia Flores" in PRIVATE
    leaking = {"leak": lambda heard, _: {"text": joined_text(heard.said.words)}}
    options = SpeechOptions(text=TextOptions(redaction=NAMES))
    found: Any = analysed(words(PRIVATE), options, HeardLines(), nothing, leaking).findings["leak"]
    assert found["text"] == joined(made(PRIVATE, {"redaction": NAMES}).words)


def test_nothing_that_is_hidden_is_quoted_by_any_analysis() -> None:
    """Every row of the table at once, over a talk that names people all the time."""
    talk = [
        "Hi, this is Olivia Flores, I love my new mortgage from the bank.",
        "Thank you, Olivia, a murder in the city shocked everybody and Olivia cried.",
        "Please write to olivia.flores@example.com about account 55120987 and the football game.",
        "Olivia Flores was furious about account 55120987, and the doctors fought her cancer.",
    ]
    options = RedactionOptions(
        policies=("person_name", "email_address", "account_number"),
        static={"SPORT": ("football game",)},
        substitution="entity_name",
    )
    everything = ThemeOptions(
        auto_chapters=True,
        auto_highlights=True,
        iab_categories=best_embedder().knows_meaning,
        content_safety=True,
    )
    for themes in (everything, ThemeOptions(summarization=True, summary_type="paragraph")):
        asked = {
            "redaction": options,
            "themes": themes,
            "entity_detection": True,
            "sentiment_analysis": True,
        }
        hidden = made(" ".join(talk * 6), asked)
        told = json.dumps(hidden.findings) + joined(hidden.words)
        for value in ("Olivia", "olivia", "Flores", "example.com", "55120987", "football"):
            assert value not in told
