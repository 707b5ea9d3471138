"""Read what a request asks of the text; refuse what would be hidden otherwise than it says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stenolog.engine.host import theme_features
from stenolog.engine.options import AudioRedaction, TextOptions
from stenolog.intelligence.policies import POLICIES, RedactionOptions
from stenolog.intelligence.spelling import Spelling

# What is done with the text: `features.SUPPORTED` has what is done with the audio.
SUPPORTED = theme_features.SUPPORTED | frozenset(
    {
        "custom_spelling",
        "disfluencies",
        "entity_detection",
        "filter_profanity",
        "redact_pii",
        "redact_pii_audio",
        "redact_pii_audio_options",
        "redact_pii_audio_quality",
        "redact_pii_policies",
        "redact_pii_return_unredacted",
        "redact_pii_sub",
        "redact_static_entities",
        "sentiment_analysis",
    }
)
QUALITIES = ("mp3", "wav")
SILENCE = "silence"
# Audio without speech is returned as it is, whether that is asked for or not.
AUDIO_OPTIONS = frozenset({"override_audio_redaction_method", "return_redacted_no_speech_audio"})
SUBSTITUTIONS = ("hash", "entity_name")
NAME_CHARS_SHOWN = 32  # of a caller's word, which is echoed and not trusted


def text_options(params: Mapping[str, object]) -> TextOptions:
    """Return what accepted parameters ask of the text."""
    return TextOptions(
        custom_spelling=_spellings(params.get("custom_spelling")),
        disfluencies=bool(params.get("disfluencies")),
        entity_detection=bool(params.get("entity_detection")),
        filter_profanity=bool(params.get("filter_profanity")),
        redaction=_redaction(params) if params.get("redact_pii") else None,
        redact_pii_audio=_audio(params) if params.get("redact_pii_audio") else None,
        redact_pii_return_unredacted=bool(params.get("redact_pii_return_unredacted")),
        sentiment_analysis=bool(params.get("sentiment_analysis")),
        themes=theme_features.theme_options(params),
    )


def unsupported_redaction(params: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield what of redaction the engine does not know: ignoring it would show what is private."""
    policies = params.get("redact_pii_policies")
    for policy in policies if isinstance(policies, list) else ():
        if policy not in POLICIES:
            yield "redact_pii_policies", _unknown("redact_pii_policies", policy, sorted(POLICIES))
    substitution = params.get("redact_pii_sub")
    if substitution and substitution not in SUBSTITUTIONS:
        yield "redact_pii_sub", _unknown("redact_pii_sub", substitution, SUBSTITUTIONS)
    quality = params.get("redact_pii_audio_quality")
    if quality and quality not in QUALITIES:
        yield "redact_pii_audio_quality", _unknown("redact_pii_audio_quality", quality, QUALITIES)
    options = params.get("redact_pii_audio_options")
    for name, value in options.items() if isinstance(options, dict) else ():
        whole = f"redact_pii_audio_options.{name}"
        if name not in AUDIO_OPTIONS and value:
            yield (
                "redact_pii_audio_options",
                _unknown("redact_pii_audio_options", name, sorted(AUDIO_OPTIONS)),
            )
        elif name == "override_audio_redaction_method" and value not in (None, "", SILENCE):
            yield "redact_pii_audio_options", _unknown(whole, value, (SILENCE,))
    if params.get("redact_static_entities") and not params.get("redact_pii"):
        name = "redact_static_entities"
        yield name, f"{name} requires redact_pii to be True"


def _audio(params: Mapping[str, object]) -> AudioRedaction:
    options = params.get("redact_pii_audio_options")
    method = options.get("override_audio_redaction_method") if isinstance(options, dict) else None
    return AudioRedaction(
        quality="wav" if params.get("redact_pii_audio_quality") == "wav" else "mp3",
        silent=method == SILENCE,
    )


def _redaction(params: Mapping[str, object]) -> RedactionOptions:
    policies, static = params.get("redact_pii_policies"), params.get("redact_static_entities")
    return RedactionOptions(
        policies=tuple(policies) if isinstance(policies, list) else (),
        static={label: tuple(terms) for label, terms in static.items()}
        if isinstance(static, dict)
        else {},
        substitution="entity_name" if params.get("redact_pii_sub") == "entity_name" else "hash",
    )


def _spellings(entries: object) -> tuple[Spelling, ...]:
    return tuple(
        Spelling(heard=tuple(entry["from"]), written=entry["to"])
        for entry in (entries if isinstance(entries, list) else ())
    )


def _unknown(name: str, value: object, known: tuple[str, ...] | list[str]) -> str:
    return (
        f"{name} {str(value)[:NAME_CHARS_SHOWN]!r} is not supported by the embedded engine: "
        f"it knows {', '.join(known)}"
    )
