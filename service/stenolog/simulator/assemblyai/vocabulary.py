"""List the words that the simulated service knows, and the sentences about those that it does not.

Source: AssemblyAI's documents and integrations' reports as of 2026-11-30. The gateway uses none of
these lists: it is what changes at the service from one month to the next.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from stenolog.wire.assemblyai import enums

# The order is that of the service's own sentence.
SPEECH_MODELS = ("assemblyai-stt-3-7", "universal-3-5-pro", "universal-2")
SPEECH_MODELS_DEFAULT = ("assemblyai-stt-3-7",)  # of accounts made since 2026-11-17
RETIRED: Mapping[str, Sequence[str]] = {"universal-3-pro": ("universal-3-5-pro", "universal-2")}
# Two older ways to name words, which only the older model hears.
WORD_BOOST_MODELS = frozenset({"universal-2"})
UNIVERSAL_2 = "universal-2"
UNIVERSAL_2_KEYTERMS_MAX = 200  # OpenAPI description 1.3.4; later models take a thousand

UNDERSTANDING = ("speech_understanding", "request")
WORDS: Mapping[tuple[str, ...], Sequence[str]] = {
    ("boost_param",): enums.BOOSTS,
    ("domain",): ("medical-v1",),
    ("keyterms_prompt_options", "keyterms_match_strength"): enums.MATCH_STRENGTHS,
    ("language_detection_options", "on_low_language_confidence"): ("error", "fallback"),
    ("language_detection_options", "on_no_speech_detected"): ("error", "fallback"),
    ("redact_pii_audio_options", "override_audio_redaction_method"): (
        enums.AUDIO_REDACTION_METHODS
    ),
    ("redact_pii_audio_quality",): enums.AUDIO_QUALITIES,
    ("redact_pii_sub",): enums.SUBSTITUTIONS,
    ("remove_audio_tags",): ("all", "speaker"),
    ("speaker_options", "long_file_diarization_method"): enums.LONG_FILE_METHODS,
    ("speaker_options", "short_file_diarization_method"): enums.SHORT_FILE_METHODS,
    ("summary_model",): enums.SUMMARY_MODELS,
    ("summary_type",): enums.SUMMARY_TYPES,
    (*UNDERSTANDING, "speaker_identification", "speaker_type"): enums.SPEAKER_TYPES,
    (*UNDERSTANDING, "summarization", "summary_type"): enums.UNDERSTANDING_SUMMARY_TYPES,
    **{
        (*UNDERSTANDING, feature, "effort"): enums.UNDERSTANDING_EFFORTS
        for feature in (
            "action_items",
            "custom_formatting",
            "speaker_identification",
            "summarization",
            "translation",
        )
    },
}
NEEDED: Sequence[tuple[str, ...]] = (
    (*UNDERSTANDING, "speaker_identification", "speaker_type"),
    (*UNDERSTANDING, "summarization", "summary_type"),
    (*UNDERSTANDING, "translation", "target_languages"),
)
# What custom formatting calls a class, and the redaction policies that erase it.
FORMATTED_POLICIES = {
    "phone_number": "phone_number",
    "date": "date",
    "email_address": "email",
}

SPEECH_MODEL_DEPRECATED = (
    'speech_model is deprecated. Use "speech_models" instead. See documentation: '
    "https://www.assemblyai.com/docs/pre-recorded-audio/select-the-speech-model"
)
SPEECH_MODELS_WRONG = '"speech_models" must be a non-empty list containing one or more of: ' + (
    ", ".join(json.dumps(model) for model in SPEECH_MODELS)
)
LANGUAGE_TWICE = "Both language_code and language_detection can not be used in the same request."
STATIC_WITHOUT_REDACTION = "`redact_static_entities` can only be used if `redact_pii` is True"
UNDERSTANDING_EMPTY = "speech_understanding.request must have at least one feature"
ROLES_UNKNOWN = (
    "speech_understanding.request.speaker_identification.known_values or speakers required "
    'when speaker_type is "role"'
)
# Over its limit the service has been seen to say 403 where its documents say 429.
LIMIT_AS_403 = "Rate limit exceeded"


def retired(models: Iterable[str], instead: Sequence[str]) -> str:
    """Say that models are not offered any more, as seen on 2026-07-31."""
    named = ", ".join(json.dumps(model) for model in models)
    return (
        f"The {named} speech model(s) have been deprecated. "
        f"Use speech_models: {json.dumps(list(instead))} instead."
    )


def word_boost_refused(model: str) -> str:
    """Say that a model hears no boosted words."""
    return f'"word_boost" is not compatible with {model}'


def formatting_redacted(pairs: Iterable[tuple[str, str]]) -> str:
    """Name classes that are to be redacted and formatted; pairs of policy and format."""
    return "; ".join(
        f"redact pii {policy} not compatible with formatting {name}" for policy, name in pairs
    )
