"""Read what a request asks about what was spoken of; refuse what cannot be had together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stenolog.engine.options import ThemeOptions
from stenolog.intelligence.embeddings_files import wordllama_files
from stenolog.wire.assemblyai import sentences
from stenolog.wire.assemblyai.enums import SUMMARY_TYPES_OF_MODEL
from stenolog.wire.assemblyai.rules import tells_speakers_apart

SUPPORTED = frozenset(
    {
        "auto_chapters",
        "auto_highlights",
        "content_safety",
        "content_safety_confidence",
        "iab_categories",
        "summarization",
        "summary_model",
        "summary_type",
    }
)
TOPICS_UNAVAILABLE = (
    "iab_categories is not supported by the embedded engine without the package wordllama, which "
    "the extra [engine] installs on x86-64 with Python 3.11 to 3.13"
)


def theme_options(params: Mapping[str, object]) -> ThemeOptions:
    """Return what accepted parameters ask."""
    asked = ThemeOptions()
    confidence = params.get("content_safety_confidence")
    model, kind = _summary(params)
    return ThemeOptions(
        auto_chapters=bool(params.get("auto_chapters")),
        auto_highlights=bool(params.get("auto_highlights")),
        iab_categories=bool(params.get("iab_categories")),
        content_safety=bool(params.get("content_safety")),
        content_safety_confidence=confidence
        if isinstance(confidence, int)
        else asked.content_safety_confidence,
        summarization=bool(params.get("summarization")),
        summary_model=model,
        summary_type=kind,
    )


def unsupported(params: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield what cannot be done of what is asked: each parameter, and why."""
    if params.get("iab_categories") and wordllama_files() is None:
        yield "iab_categories", TOPICS_UNAVAILABLE
    if not params.get("summarization"):
        return
    if params.get("auto_chapters"):
        yield "summarization", sentences.CHAPTERS_AND_SUMMARY
    model, kind = _summary(params)
    if model not in SUMMARY_TYPES_OF_MODEL:
        yield "summary_model", f"summary_model must be one of {', '.join(SUMMARY_TYPES_OF_MODEL)}"
    elif kind not in SUMMARY_TYPES_OF_MODEL[model]:
        known = ", ".join(SUMMARY_TYPES_OF_MODEL[model])
        yield "summary_type", f"summary_type must be one of {known} where summary_model is {model}"
    if model == "conversational" and not tells_speakers_apart(params):
        yield "summary_model", sentences.CONVERSATIONAL_WITHOUT_SPEAKERS


def _summary(params: Mapping[str, object]) -> tuple[str, str]:
    """Return model and type; where one is not given, one that goes with the other."""
    model, kind = params.get("summary_model") or None, params.get("summary_type") or None
    if model is None:
        model = "catchy" if kind == "gist" else "informative"
    if kind is None:
        kind = SUMMARY_TYPES_OF_MODEL.get(str(model), ("bullets",))[0]
    return str(model), str(kind)
