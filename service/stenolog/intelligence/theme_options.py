"""Hold what is asked about what was spoken of; plain data, for who may not load the analyses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

CONTENT_SAFETY_CONFIDENCE = 50  # percent, where a request does not say


@dataclass(frozen=True, slots=True, kw_only=True)
class ThemeOptions:
    """What is asked about what was spoken of, named as AssemblyAI's parameters.

    `content_safety_confidence` is in percent; `summary_model` and `summary_type` go together.
    """

    auto_chapters: bool = False
    auto_highlights: bool = False
    iab_categories: bool = False
    content_safety: bool = False
    content_safety_confidence: int = CONTENT_SAFETY_CONFIDENCE
    summarization: bool = False
    summary_model: str = "informative"
    summary_type: str = "bullets"

    @classmethod
    def asked_in(cls, params: Mapping[str, object], summary: tuple[str, str]) -> ThemeOptions:
        """Return what parameters ask; `summary` is the model and the type that they come to."""
        confidence = params.get("content_safety_confidence")
        model, kind = summary
        return cls(
            auto_chapters=bool(params.get("auto_chapters")),
            auto_highlights=bool(params.get("auto_highlights")),
            iab_categories=bool(params.get("iab_categories")),
            content_safety=bool(params.get("content_safety")),
            content_safety_confidence=confidence
            if isinstance(confidence, int)
            else CONTENT_SAFETY_CONFIDENCE,
            summarization=bool(params.get("summarization")),
            summary_model=model,
            summary_type=kind,
        )
