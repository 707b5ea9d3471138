"""Say what each family of models calls a parameter of AssemblyAI's, if it has it at all.

Source: the create schemas of AIMLAPI's documentation (2026-08).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from stenolog.wire.aimlapi.models import DEEPGRAM, Family

Fields = Mapping[str, object]
Translation = Callable[[object], Fields | None]
"""Turns a value into AIMLAPI's fields; None: this value cannot be asked for."""

# AssemblyAI's family takes these as they are.
ASSEMBLYAI_OPTIONS = frozenset(
    {
        "audio_start_from",
        "audio_end_at",
        "language_code",
        "language_confidence_threshold",
        "language_detection",
        "punctuate",
        "format_text",
        "disfluencies",
        "multichannel",
        "speaker_labels",
        "speakers_expected",
        "content_safety",
        "iab_categories",
        "custom_spelling",
        "auto_highlights",
        "word_boost",
        "boost_param",
        "filter_profanity",
        "redact_pii",
        "redact_pii_policies",
        "redact_pii_sub",
        "sentiment_analysis",
        "entity_detection",
        "summarization",
        "summary_model",
        "summary_type",
        "auto_chapters",
        "speech_threshold",
    }
)
# It has them too, but the redacted audio that they make can be fetched nowhere.
NOT_FETCHED = frozenset(
    {"redact_pii_audio", "redact_pii_audio_quality", "redact_pii_audio_options"}
)


def named(name: str) -> Translation:
    """Return a translation that gives the value another name."""
    return lambda value: {name: value}


def flag(*names: str) -> Translation:
    """Return a translation of `true` into several flags."""
    return lambda value: dict.fromkeys(names, True) if value is True else {}


def _language(value: object) -> Fields | None:
    """`en_us` is `en-US`."""
    primary, _, region = str(value).replace("-", "_").partition("_")
    return {"language": f"{primary.lower()}-{region.upper()}" if region else primary.lower()}


def _language_alone(value: object) -> Fields | None:
    return {"language": str(value).replace("-", "_").partition("_")[0].lower()}


def _always(value: object) -> Fields | None:
    """What is always done, and cannot be switched off."""
    return {} if value is True else None


def _computed(value: object) -> Fields | None:
    """What is not sent, because it is computed here from the result."""
    return {}


def _deepgram(channels: str, **more: Translation) -> Mapping[str, Translation]:
    return {
        "language_code": _language,
        "language_detection": flag("detect_language"),
        "punctuate": named("punctuate"),
        "format_text": named("smart_format"),
        "speaker_labels": flag("diarize", "utterances"),
        "multichannel": flag(channels, "utterances"),
        "dual_channel": flag(channels, "utterances"),
        "filter_profanity": flag("profanity_filter"),
        "disfluencies": flag("filler_words"),
        "entity_detection": flag("detect_entities"),
        "sentiment_analysis": flag("sentiment"),
        "summarization": lambda value: {"summarize": "v2"},
        "speech_threshold": _computed,
        **more,
    }


TRANSLATIONS: Mapping[Family, Mapping[str, Translation]] = {
    "assemblyai": {
        **{name: named(name) for name in ASSEMBLYAI_OPTIONS},
        "dual_channel": flag("multichannel"),
    },
    "nova-3": _deepgram(
        "multichannel", keyterms_prompt=named("keyterm"), word_boost=named("keyterm")
    ),
    "nova-2": _deepgram("multi_channel"),
    "whisper": _deepgram("multi_channel"),
    "openai": {
        "language_code": _language_alone,
        "prompt": named("prompt"),
        "temperature": named("temperature"),
        "punctuate": _always,
        "format_text": _always,
    },
    "microsoft": {
        "temperature": named("temperature"),
        "punctuate": _always,
        "format_text": _always,
    },
}
# What AssemblyAI does unless it is told not to, so that a request that says nothing asks for it.
DEFAULTS: Mapping[Family, Fields] = {
    family: {"punctuate": True, "smart_format": True} for family in DEEPGRAM
}
