"""Read what a request asks of the text; refuse what would be hidden otherwise than it says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stenolog.engine.host import theme_features
from stenolog.engine.options import TextOptions
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
        "redact_pii_policies",
        "redact_pii_return_unredacted",
        "redact_pii_sub",
        "redact_static_entities",
        "sentiment_analysis",
    }
)
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
    if params.get("redact_static_entities") and not params.get("redact_pii"):
        name = "redact_static_entities"
        yield name, f"{name} requires redact_pii to be True"


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
