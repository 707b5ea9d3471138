"""List every parameter of POST /v2/transcript and its form, as data.

Types, sizes and counts are checked here. Words are not: which models, policies or kinds of summary
there are is the provider's to say, and it says something new every month (DECISIONS 129).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from stenolog.wire.assemblyai.checks import (
    Check,
    Complaint,
    array,
    boolean,
    integer,
    mapping,
    matching,
    members,
    number,
    text,
)
from stenolog.wire.assemblyai.sentences import must_be

# Documented limits of the service.
PROMPT_WORDS_MAX = 1_500
KEYTERMS_MAX = 1_000
KEYTERM_WORDS_MAX = 6
SPEAKER_NAME_CHARS_MAX = 35
# Ours, so that one request cannot be made of one enormous value.
TEXT_CHARS_MAX = 32_768
WORD_CHARS_MAX = 512
ITEMS_MAX = 1_000
URL_CHARS_MAX = 8_192
SPEECH_MODELS_MAX = 16

# AIMLAPI's names have a maker before a slash, and some begin with a `#`.
MODEL_NAME = re.compile(r"[A-Za-z0-9#._/-]{1,64}")
LANGUAGE_CODE = re.compile(r"[A-Za-z0-9]{1,16}(?:[_-][A-Za-z0-9]{1,16}){0,4}")

WEBHOOK_PARAMETERS = ("webhook_url", "webhook_auth_header_name", "webhook_auth_header_value")


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
_language = matching(LANGUAGE_CODE, "a language code")
_languages = array(_language, items_max=ITEMS_MAX)
_model = matching(MODEL_NAME, "the name of a model")

_SPEAKER_OPTIONS = mapping(
    {
        "min_speakers_expected": integer(1),
        "max_speakers_expected": integer(1),
        "use_two_stage_clustering": boolean,
        "advanced_speaker_segmentation": boolean,
        "enable_narrowband": boolean,
        "enforce_sentence_level_consistency": boolean,
        "include_speaker_confidence": boolean,
        "speaker_labels_model": _word,
        "short_file_diarization_method": _word,
        "long_file_diarization_method": _word,
    }
)
_DETECTION_OPTIONS = mapping(
    {
        "expected_languages": _languages,
        "fallback_language": _language,
        "code_switching": boolean,
        "code_switching_confidence_threshold": _share,
        "on_low_language_confidence": _word,
        "on_no_speech_detected": _word,
        "swiss_german": boolean,
        "language_detection_model": _word,
        "localization": _languages,
    }
)
_REDACTED_AUDIO_OPTIONS = mapping(
    {
        "return_redacted_no_speech_audio": boolean,
        "override_audio_redaction_method": _word,
    }
)
_UNDERSTANDING = mapping(
    {
        "request": mapping(
            {
                "speaker_identification": mapping(
                    {
                        "speaker_type": _word,
                        "known_values": array(
                            text(chars_max=SPEAKER_NAME_CHARS_MAX), items_max=ITEMS_MAX
                        ),
                        "speakers": array(mapping({}), items_max=ITEMS_MAX),
                        "effort": _word,
                    },
                ),
                "translation": mapping(
                    {
                        "target_languages": _languages,
                        "formal": boolean,
                        "match_original_utterance": boolean,
                        "force_translation": boolean,
                        "effort": _word,
                    },
                ),
                "custom_formatting": mapping(
                    {
                        "date": _word,
                        "phone_number": _word,
                        "email": _word,
                        "format_utterances": boolean,
                        "effort": _word,
                    }
                ),
                "summarization": mapping(
                    {
                        "summary_type": _word,
                        "headline_length": integer(1),
                        "approximate_chapters": integer(1),
                        "effort": _word,
                    },
                ),
                "action_items": mapping({"include_decisions": boolean, "effort": _word}),
            }
        )
    },
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

# `audio_url` and the webhook have rules of their own.
PARAMETERS: Mapping[str, Check] = {
    **dict.fromkeys(BOOLEANS, boolean),
    "audio_end_at": integer(0),
    "audio_start_from": integer(0),
    "boost_param": _word,
    "content_safety_confidence": integer(25, 100),
    "custom_spelling": array(_spelling, items_max=ITEMS_MAX),
    "domain": _word,
    "domain_options": mapping({}),
    "keyterms_prompt": _phrases,
    "keyterms_prompt_options": mapping({"keyterms_match_strength": _word}),
    "language_code": _language,
    "language_codes": _languages,
    "language_confidence_threshold": _share,
    "language_detection_options": _DETECTION_OPTIONS,
    "prompt": text(chars_max=TEXT_CHARS_MAX, words_max=PROMPT_WORDS_MAX),
    "redact_pii_audio_options": _REDACTED_AUDIO_OPTIONS,
    "redact_pii_audio_quality": _word,
    "redact_pii_policies": _words,
    "redact_pii_sub": _word,
    "redact_static_entities": members(_words, names_max=ITEMS_MAX, name_chars_max=WORD_CHARS_MAX),
    "remove_audio_tags": _word,
    "speaker_options": _SPEAKER_OPTIONS,
    "speakers_expected": integer(1),
    "speech_model": _model,
    "speech_models": array(_model, items_min=1, items_max=SPEECH_MODELS_MAX),
    "speech_threshold": _share,
    "speech_understanding": _UNDERSTANDING,
    "summary_model": _word,
    "summary_type": _word,
    "temperature": _share,
    "topics": _words,
    "word_boost": _phrases,
}

# A whole request in another vendor's words; who cannot read it refuses it.
OTHER_WORDS = frozenset({"aimlapi"})
KNOWN = frozenset({*PARAMETERS, *WEBHOOK_PARAMETERS, "audio_url"})
