"""What was recognised is analysed and written: every finding that is asked for, and no other."""

from __future__ import annotations

from typing import Any

from stenolog.engine.options import SpeechOptions, TextOptions
from stenolog.engine.spoken import SpokenWord, joined
from stenolog.engine.worker.analyses import ANALYSES, Analysed, analysed
from stenolog.intelligence.spelling import Spelling
from stenolog.wire.assemblyai.transcript import BLOCKS, RESULT_DEFAULTS
from tests.engine.sounds import nothing


def words(text: str, speaker: str | None = None) -> tuple[SpokenWord, ...]:
    return tuple(
        SpokenWord(text=word, start=n * 300, end=n * 300 + 250, confidence=0.9, speaker=speaker)
        for n, word in enumerate(text.split())
    )


def made(text: str, asked: dict[str, Any] | None = None, **how: Any) -> Analysed:
    options = SpeechOptions(text=TextOptions(**(asked or {})), **how)
    return analysed(words(text), options, nothing)


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
