"""The service's words, and what to do about them."""

from __future__ import annotations

import pytest

from stenolog.wire.assemblyai import sentences
from stenolog.wire.assemblyai.enums import ENTITY_TYPES, PII_POLICIES

# AssemblyAI's documents: what we read, and never write.
BELOW_LANGUAGE_CONFIDENCE = (
    "detected language 'bg', confidence 0.2949, is below the requested confidence threshold value "
    "of '0.4'"
)
UNAVAILABLE_IN_LANGUAGE = "The following models are not available in this language: speaker_labels"


@pytest.mark.parametrize(
    ("sentence", "kind", "retryable"),
    [
        (sentences.download_failed("https://a/b"), "download-failed", False),
        (sentences.download_refused("https://a", 403, "Forbidden"), "download-refused", False),
        (sentences.download_refused("https://a", 429, "Too Many Requests"), "download-server-error",
         True),
        (sentences.download_refused("https://a", 502, "Bad Gateway"), "download-server-error",
         True),
        (sentences.not_audio("text/html (HTML document)"), "not-audio", False),
        ("Transcoding failed. Unknown reason.", "transcoding-failed", False),
        (sentences.AUDIO_TOO_SHORT, "too-short", False),
        (sentences.below_speech_threshold(0.94612, 1.0), "below-speech-threshold", False),
        (BELOW_LANGUAGE_CONFIDENCE, "below-language-confidence", False),
        (sentences.DETECTION_WITHOUT_SPEECH, "no-speech", False),
        (UNAVAILABLE_IN_LANGUAGE, "unavailable-in-language", False),
        (sentences.SERVER_ERROR, "server-error", True),
        (sentences.INTERNAL_ERROR, "server-error", True),
        ("Server error in the worker (OSError).", "server-error", True),
        (sentences.UPLOAD_INACCESSIBLE, "upload-inaccessible", False),
    ],
)  # fmt: skip
def test_a_failed_transcripts_sentence_has_a_kind(
    sentence: str, kind: str, retryable: bool
) -> None:
    failure = sentences.failure_of(sentence)
    assert failure is not None
    assert (failure.kind, failure.retryable) == (kind, retryable)


def test_a_sentence_that_nobody_knows_is_final() -> None:
    assert sentences.failure_of("The moon is in the wrong place.") is None


def test_documented_sentences_are_word_for_word() -> None:
    assert sentences.below_speech_threshold(0.9461, 1.0) == (
        "Audio speech threshold 0.9461 is below the requested speech threshold value 1.0"
    )
    assert sentences.below_speech_threshold(0.12, 0.5).split()[3] == "0.1200"


def test_enumerations_have_the_documented_sizes() -> None:
    assert len(PII_POLICIES) == len(ENTITY_TYPES) == 65
