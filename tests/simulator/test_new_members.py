"""What came to the service by November 2026 is in the simulator's results."""

from __future__ import annotations

from typing import Any

import assemblyai
import pytest

from stenolog.simulator.assemblyai.judging import judged
from stenolog.simulator.assemblyai.results import transcript
from stenolog.wire.assemblyai.transcript import completed_transcript

URL = "https://audio.example/a.mp3"


def made(**params: Any) -> dict[str, Any]:
    request = judged({"audio_url": URL, **params})
    result = transcript(URL, 60, request.features, request.params)
    return completed_transcript("id", request.params, result)


def test_terms_are_redacted_beside_policies_and_without_any() -> None:
    plain = made()["text"]
    word = plain.split()[3].strip(".,?!")
    redacted = made(
        redact_pii=True, redact_pii_sub="entity_name", redact_static_entities={"term": [word]}
    )["text"]
    assert word not in redacted.split()
    assert "[TERM]" in redacted
    assert redacted.count("[TERM]") == [one.strip(".,?!") for one in plain.split()].count(word)


def test_words_say_how_sure_their_speaker_is_when_that_is_asked_for() -> None:
    options = {"include_speaker_confidence": True}
    told = made(speaker_labels=True, speaker_options=options)
    assert all("speaker_confidence" in word for word in told["words"])
    assert "speaker_confidence" in told["utterances"][0]["words"][0]
    assert "speaker_confidence" not in made(speaker_labels=True)["words"][0]


@pytest.mark.filterwarnings("ignore:.*:pydantic.PydanticDeprecatedSince20")
def test_things_to_do_have_a_quote_and_its_time() -> None:
    asked = {"action_items": {}, "translation": {"target_languages": ["de"]}}
    told = made(speech_understanding={"request": asked})
    response = told["speech_understanding"]["response"]
    assert response["translation"] == {"status": "success"}
    (first, *_) = response["action_items"]["items"]
    assert first["quote"] in told["text"]
    assert set(first["timestamp"]) == {"start", "end"}
    assert assemblyai.types.TranscriptResponse(**told).text == told["text"]


def test_the_domain_that_was_used_is_told_when_one_was_asked_for() -> None:
    assert made(domain="medical-v1")["metadata"] == {"domain_used": "medical-v1"}
    assert not made().get("metadata")
