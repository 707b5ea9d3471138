"""List every parameter of POST /v2/transcript and its values, as data."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from stenolog.wire.assemblyai import enums
from stenolog.wire.assemblyai.checks import (
    Check,
    Complaint,
    array,
    boolean,
    integer,
    mapping,
    number,
    one_of,
    text,
)
from stenolog.wire.assemblyai.sentences import must_be

# Documented limits of the service.
PROMPT_WORDS_MAX = 1_500
KEYTERMS_MAX = 1_000
KEYTERM_WORDS_MAX = 6
SPEAKER_NAME_CHARS_MAX = 35
CODE_SWITCHING_LANGUAGES_MAX = 2
# Ours, so that one request cannot be made of one enormous value.
TEXT_CHARS_MAX = 32_768
WORD_CHARS_MAX = 512
ITEMS_MAX = 1_000
URL_CHARS_MAX = 8_192

LANGUAGE_CODE = re.compile(r"[A-Za-z]{2,3}(?:[_-][A-Za-z0-9]{2,8})*|multi|auto|all")

WEBHOOK_PARAMETERS = ("webhook_url", "webhook_auth_header_name", "webhook_auth_header_value")


def language(name: str, value: object) -> Iterator[Complaint]:
    """Check a language code by its form: AssemblyAI knows more than its description lists."""
    if not isinstance(value, str) or not LANGUAGE_CODE.fullmatch(value):
        yield name, must_be(name, "a language code")


def _spelling(name: str, value: object) -> Iterator[Complaint]:
    """Check an entry of `custom_spelling`: what is heard, and the one word to write."""
    yield from mapping({"from": _words, "to": _word}, required=("from", "to"))(name, value)
    written = value.get("to") if isinstance(value, dict) else None
    if isinstance(written, str) and len(written.split()) > 1:
        yield f"{name}.to", must_be(f"{name}.to", "one word")


_word = text(chars_max=WORD_CHARS_MAX)
_phrase = text(chars_max=WORD_CHARS_MAX, words_max=KEYTERM_WORDS_MAX)
_words = array(_word, items_max=ITEMS_MAX)
_phrases = array(_phrase, items_max=KEYTERMS_MAX)
_share = number(0, 1)
_languages = array(language, items_max=ITEMS_MAX)

_SPEAKER_OPTIONS = mapping(
    {
        "min_speakers_expected": integer(1),
        "max_speakers_expected": integer(1),
        "use_two_stage_clustering": boolean,
        "short_file_diarization_method": one_of(enums.SHORT_FILE_METHODS),
        "long_file_diarization_method": one_of(enums.LONG_FILE_METHODS),
    }
)
_DETECTION_OPTIONS = mapping(
    {
        "expected_languages": _languages,
        "fallback_language": language,
        "code_switching": boolean,
        "code_switching_confidence_threshold": _share,
        "on_low_language_confidence": one_of(enums.ON_LOW_CONFIDENCE),
        "on_no_speech_detected": one_of(enums.ON_LOW_CONFIDENCE),
        "swiss_german": boolean,
        "language_detection_model": _word,
        "localization": _languages,
    }
)
_REDACTED_AUDIO_OPTIONS = mapping(
    {
        "return_redacted_no_speech_audio": boolean,
        "override_audio_redaction_method": one_of(enums.AUDIO_REDACTION_METHODS),
    }
)
_UNDERSTANDING = mapping(
    {
        "request": mapping(
            {
                "speaker_identification": mapping(
                    {
                        "speaker_type": one_of(enums.SPEAKER_TYPES),
                        "known_values": array(
                            text(chars_max=SPEAKER_NAME_CHARS_MAX), items_max=ITEMS_MAX
                        ),
                        "speakers": array(mapping({}), items_max=ITEMS_MAX),
                    },
                    required=("speaker_type",),
                ),
                "translation": mapping(
                    {
                        "target_languages": _languages,
                        "formal": boolean,
                        "match_original_utterance": boolean,
                    },
                    required=("target_languages",),
                ),
                "custom_formatting": mapping(
                    {
                        "date": _word,
                        "phone_number": _word,
                        "email": _word,
                        "format_utterances": boolean,
                    }
                ),
                "summarization": mapping(
                    {
                        "summary_type": one_of(enums.UNDERSTANDING_SUMMARY_TYPES),
                        "headline_length": integer(1),
                        "approximate_chapters": integer(1),
                        "effort": one_of(enums.UNDERSTANDING_EFFORTS),
                    },
                    required=("summary_type",),
                ),
            }
        )
    },
    required=("request",),
)

BOOLEANS = (
    "auto_chapters",
    "auto_highlights",
    "content_safety",
    "custom_topics",
    "disfluencies",
    "dual_channel",
    "entity_detection",
    "filter_profanity",
    "format_text",
    "iab_categories",
    "language_detection",
    "multichannel",
    "punctuate",
    "redact_pii",
    "redact_pii_audio",
    "redact_pii_return_unredacted",
    "sentiment_analysis",
    "speaker_labels",
    "speed_boost",
    "summarization",
)

# `audio_url`, `speech_model`, `speech_models` and the webhook have rules of their own.
PARAMETERS: Mapping[str, Check] = {
    **dict.fromkeys(BOOLEANS, boolean),
    "audio_end_at": integer(0),
    "audio_start_from": integer(0),
    "boost_param": one_of(enums.BOOSTS),
    "content_safety_confidence": integer(25, 100),
    "custom_spelling": array(_spelling, items_max=ITEMS_MAX),
    "domain": _word,
    "keyterms_prompt": _phrases,
    "keyterms_prompt_options": mapping({"keyterms_match_strength": one_of(enums.MATCH_STRENGTHS)}),
    "language_code": language,
    "language_codes": array(language, items_max=CODE_SWITCHING_LANGUAGES_MAX),
    "language_confidence_threshold": _share,
    "language_detection_options": _DETECTION_OPTIONS,
    "prompt": text(chars_max=TEXT_CHARS_MAX, words_max=PROMPT_WORDS_MAX),
    "redact_pii_audio_options": _REDACTED_AUDIO_OPTIONS,
    "redact_pii_audio_quality": one_of(enums.AUDIO_QUALITIES),
    "redact_pii_policies": _words,
    "redact_pii_sub": one_of(enums.SUBSTITUTIONS),
    "remove_audio_tags": _word,
    "speaker_options": _SPEAKER_OPTIONS,
    "speakers_expected": integer(1),
    "speech_threshold": _share,
    "speech_understanding": _UNDERSTANDING,
    "summary_model": one_of(enums.SUMMARY_MODELS),
    "summary_type": one_of(enums.SUMMARY_TYPES),
    "temperature": _share,
    "topics": _words,
    "word_boost": _phrases,
}

KNOWN = frozenset({*PARAMETERS, *WEBHOOK_PARAMETERS, "audio_url", "speech_model", "speech_models"})
