"""Name how each analysis is made here, without loading what makes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stenolog.intelligence.embeddings_files import wordllama_files
from stenolog.log.events.enrichments import (
    Analysis,
    AnalysisMade,
    AnalysisMethod,
    AnalysisOutcome,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """How an analysis is made.

    Attributes:
        name: None: by vectors, or by counts of words where the model is not installed.
        version: Raised whenever the same words give other findings.
        of_text: It needs no times of words.
    """

    name: AnalysisMethod | None
    version: int = 1
    of_text: bool = False


METHODS: Mapping[Analysis, Method] = {
    "auto_chapters": Method(name=None, version=2),
    "auto_highlights": Method(name="phrases"),
    "content_safety": Method(name="word-lists"),
    "entity_detection": Method(name="rules"),
    "iab_categories": Method(name="word-vectors"),
    "sentiment_analysis": Method(name="vader"),
    "summarization": Method(name=None, version=2, of_text=True),
}


def is_installed(analysis: Analysis) -> bool:
    """Tell whether what it needs is there: topics are told by meaning alone."""
    return METHODS[analysis].name != "word-vectors" or wordllama_files() is not None


def made_as(analysis: Analysis, outcome: AnalysisOutcome) -> AnalysisMade:
    """Return what is recorded of an analysis that ended so."""
    method = METHODS[analysis]
    by_model: AnalysisMethod = "word-vectors" if wordllama_files() is not None else "word-counts"
    return AnalysisMade(
        analysis=analysis,
        method=method.name or by_model,
        version=method.version,
        outcome=outcome,
    )
