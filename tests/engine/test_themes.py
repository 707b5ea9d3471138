"""What was spoken of is found in AssemblyAI's shapes; what cannot be had together is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stenolog.engine.host.features import speech_options
from stenolog.engine.options import SpeechOptions, TextOptions
from stenolog.engine.spoken import SpokenWord
from stenolog.engine.worker.analyses import analysed
from stenolog.engine.worker.heard_lines import HeardLines
from stenolog.errors import InvalidRequest
from stenolog.intelligence.embeddings_files import wordllama_files
from stenolog.intelligence.embeddings_wordllama import best_embedder
from stenolog.intelligence.policies import RedactionOptions, Substitution
from stenolog.intelligence.theme_options import ThemeOptions
from tests.engine.sounds import nothing
from tests.intelligence.models import needs_model

AUDIO = {"audio_url": "http://example.com/a.mp3"}
SAID = "Smoke from a wildfire covers Maine. The wildfire was a disaster for Maine."


def words_of(text: str) -> tuple[SpokenWord, ...]:
    return tuple(
        SpokenWord(text=word, start=n * 300, end=n * 300 + 300, confidence=0.9, speaker="A")
        for n, word in enumerate(text.split())
    )


def found_in(text: str, **asked: Any) -> dict[str, Any]:
    options = SpeechOptions(text=TextOptions(themes=ThemeOptions(**asked)))
    return analysed(words_of(text), options, HeardLines(), nothing).findings


@needs_model
def test_chapters_have_the_members_that_the_clients_read() -> None:
    assert found_in(SAID, auto_chapters=True)["chapters"] == [
        {
            "gist": "wildfire, Maine",
            "headline": "Smoke from a wildfire covers Maine.",
            "summary": "Smoke from a wildfire covers Maine.",
            "start": 0,
            "end": 3_900,
        }
    ]
    assert found_in("", auto_chapters=True) == {"chapters": []}


def test_a_summary_is_one_string() -> None:
    found = found_in(SAID, summarization=True, summary_model="catchy", summary_type="gist")
    assert found == {"summary": "wildfire, Maine"}
    assert found_in("", summarization=True) == {"summary": ""}


def test_highlights_are_a_status_and_results() -> None:
    found = found_in(SAID, auto_highlights=True)["auto_highlights_result"]
    assert found["status"] == "success"
    assert found["results"][0] == {
        "count": 2,
        "rank": 0.5,
        "text": "wildfire",
        "timestamps": [{"start": 900, "end": 1_200}, {"start": 2_100, "end": 2_400}],
    }
    assert found_in("", auto_highlights=True)["auto_highlights_result"] == {
        "status": "success",
        "results": [],
    }


@needs_model
def test_content_safety_has_results_and_two_summaries() -> None:
    found = found_in(SAID, content_safety=True)["content_safety_labels"]
    (one,) = found["results"]
    (label,) = one["labels"]
    assert one == {
        "text": SAID,
        "labels": [{"label": "disasters", "confidence": label["confidence"], "severity": 0.5187}],
        "sentences_idx_start": 0,
        "sentences_idx_end": 1,
        "timestamp": {"start": 0, "end": 3_900},
    }
    assert found["status"] == "success"
    assert found["summary"] == {"disasters": label["confidence"]}
    assert found["severity_score_summary"] == {"disasters": {"low": 0, "medium": 1, "high": 0}}
    strict = found_in("A storm.", content_safety=True, content_safety_confidence=100)
    assert strict["content_safety_labels"] == {
        "status": "success",
        "results": [],
        "summary": {},
        "severity_score_summary": {},
    }


@needs_model
def test_topics_have_relevances_and_a_summary() -> None:
    found = found_in(SAID, iab_categories=True)["iab_categories_result"]
    assert found["status"] == "success"
    (one,) = found["results"]
    assert set(one) == {"text", "labels", "timestamp"}
    assert (one["text"], one["timestamp"]) == (SAID, {"start": 0, "end": 3_900})
    assert all(set(label) == {"relevance", "label"} for label in one["labels"])
    assert found["summary"][one["labels"][0]["label"]] == 1.0


@pytest.mark.parametrize("substitution", ["hash", "entity_name"])
def test_what_is_redacted_is_quoted_by_none_of_them(substitution: Substitution) -> None:
    text = (
        "Hello, my name is Olivia Flores. Olivia Flores bought a rifle. The rifle is broken. "
        "Olivia Flores wants a new rifle, and Flores wants her money back. Goodbye, Olivia."
    )
    asked = ThemeOptions(
        auto_chapters=True,
        auto_highlights=True,
        content_safety=True,
        iab_categories=wordllama_files() is not None,
        summarization=True,
        summary_type="bullets_verbose",
    )
    hidden = RedactionOptions(policies=("person_name",), static={}, substitution=substitution)
    made = analysed(
        words_of(text),
        SpeechOptions(text=TextOptions(themes=asked, redaction=hidden)),
        HeardLines(),
        nothing,
    )
    assert len(made.findings) >= 4
    assert "rifle" in str(made.findings["summary"])
    told = json.dumps(made.findings).lower()
    assert "olivia" not in told
    assert "flores" not in told


def refused(**params: object) -> dict[str, str]:
    with pytest.raises(InvalidRequest) as refusal:
        speech_options({**AUDIO, **params})
    return dict(refusal.value.fields)


def test_chapters_and_a_summary_are_not_had_together() -> None:
    assert refused(auto_chapters=True, summarization=True) == {
        "summarization": "Only one of the following models can be enabled at a time: "
        "auto_chapters, summarization."
    }


def test_a_conversation_is_summed_up_where_speakers_are_told_apart() -> None:
    asked = {"summarization": True, "summary_model": "conversational"}
    assert refused(**asked) == {
        "summary_model": "`speaker_labels` or `dual_channel` must be enabled for 'conversational' "
        "summaries."
    }
    assert speech_options({**AUDIO, **asked, "speaker_labels": True}).text.themes.summarization


@pytest.mark.parametrize(
    ("asked", "name", "words"),
    [
        ({"summary_model": "poetic"}, "summary_model", "informative, conversational, catchy"),
        ({"summary_type": "haiku"}, "summary_type", "bullets, bullets_verbose, headline, parag"),
        ({"summary_model": "catchy", "summary_type": "bullets"}, "summary_type", "headline, gist"),
        ({"summary_model": "informative", "summary_type": "gist"}, "summary_type", "bullets"),
    ],
)
def test_a_summary_that_no_model_writes_is_refused(
    asked: dict[str, str], name: str, words: str
) -> None:
    assert words in refused(summarization=True, **asked)[name]
    assert speech_options({**AUDIO, **asked}).text.themes.summarization is False


@pytest.mark.parametrize(
    ("asked", "model", "kind"),
    [
        ({}, "informative", "bullets"),
        ({"summary_type": "gist"}, "catchy", "gist"),
        ({"summary_model": "catchy"}, "catchy", "headline"),
        ({"summary_model": None, "summary_type": "paragraph"}, "informative", "paragraph"),
    ],
)
def test_what_is_not_said_of_a_summary_goes_with_what_is(
    asked: dict[str, str], model: str, kind: str
) -> None:
    text = speech_options({**AUDIO, "summarization": True, **asked}).text.themes
    assert (text.summary_model, text.summary_type) == (model, kind)


def test_topics_are_refused_where_their_model_is_missing_and_nothing_else_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "wordllama").mkdir()
    (tmp_path / "wordllama" / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    assert refused(iab_categories=True, auto_chapters=True, content_safety=True) == {
        "iab_categories": "iab_categories is not supported by the embedded engine without the "
        "package wordllama, which the extra [engine] installs on x86-64 with Python 3.11 to 3.13"
    }
    assert best_embedder.__wrapped__().name == "word-counts-1"


def test_the_part_that_is_to_be_heard_has_a_length() -> None:
    assert refused(audio_start_from=2_000, audio_end_at=2_000) == {
        "audio_end_at": "audio_end_at must be greater than audio_start_from"
    }
    options = speech_options({**AUDIO, "audio_start_from": 500, "audio_end_at": 900})
    assert (options.from_ms, options.to_ms) == (500, 900)
    assert speech_options({**AUDIO, "audio_start_from": 0, "audio_end_at": 0}) == SpeechOptions()
