"""Put what was analysed here into the canonical transcript, beside what the provider has told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from stenolog.log.events.enrichments import (
    Analysis,
    AnalysisMade,
    AnalysisOutcome,
    TranscriptEnriched,
)
from stenolog.projections.canonical import BESIDE, ENRICHED
from stenolog.projections.documents import Document, encode, read_object

NOT_ANALYSED = "not-analysed"
# The member of AssemblyAI's transcript that each analysis makes.
MEMBERS: Mapping[Analysis, str] = {
    "auto_chapters": "chapters",
    "auto_highlights": "auto_highlights_result",
    "content_safety": "content_safety_labels",
    "entity_detection": "entities",
    "iab_categories": "iab_categories_result",
    "sentiment_analysis": "sentiment_analysis_results",
    "summarization": "summary",
}
ANALYSES: tuple[Analysis, ...] = get_args(Analysis)
# Blocks say `unavailable` where the feature is off, and where the provider has failed at it.
BLOCKS = frozenset({"auto_highlights_result", "content_safety_labels", "iab_categories_result"})
SUCCESS = "success"
REASONS: Mapping[AnalysisOutcome, str] = {
    "no-word-times": "the provider does not say when words were said",
    "not-english": "the analyses made here are of English",
    "too-long": "the transcript has more words than are analysed here",
    "not-installed": "a library that it needs is not installed here (docs/INSTALL.md)",
    "failed": "it could not be computed here",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrichment:
    """The event that stands before an outcome, and its payload in clear."""

    data: TranscriptEnriched
    payload: bytes


def is_missing(answer: Mapping[str, Any], analysis: Analysis) -> bool:
    """Tell whether a canonical transcript says nothing of what this analysis finds."""
    found = answer.get(MEMBERS[analysis])
    if MEMBERS[analysis] not in BLOCKS or not isinstance(found, dict):
        return found is None
    return found.get("status") != SUCCESS and not found.get("results")


def enriched(answer: Document, made: Enrichment) -> Document:
    """Return the canonical transcript with what was found, and in `stenolog` how.

    `stenolog.enriched` has one member for each analysis, named by the parameter that asks for it:
    `by`, `method`, `version`, and `missing` with the reason where nothing was made. What the
    provider has told stands.

    Raises:
        ProjectionFailed: The payload is no JSON object.
    """
    found = read_object(made.payload)
    analyses = [one for one in made.data.analyses if is_missing(answer, one.analysis)]
    names = {MEMBERS[one.analysis] for one in analyses} & found.keys()
    members = [raw for name, raw in answer.members() if name not in {*names, BESIDE}]
    ours = [raw for name, raw in found.members() if name in names]
    beside = encode({BESIDE: _beside(answer, analyses)})[1:-1]
    return read_object(b"{%b}" % b",".join([*members, *ours, beside]))


def without_claims(answer: Document) -> Document:
    """Return a canonical transcript in which no provider says that its findings are ours."""
    beside = answer.get(BESIDE)
    if not isinstance(beside, dict) or ENRICHED not in beside:
        return answer
    members = [raw for name, raw in answer.members() if name != BESIDE]
    kept = {name: value for name, value in beside.items() if name != ENRICHED}
    return read_object(b"{%b}" % b",".join([*members, encode({BESIDE: kept})[1:-1]]))


def _beside(answer: Document, analyses: Sequence[AnalysisMade]) -> Mapping[str, Any]:
    """Return our member of the transcript, with how the analyses were made and what is missing."""
    given = answer.get(BESIDE)
    beside = given if isinstance(given, dict) else {}
    given = beside.get("warnings")
    warnings = given if isinstance(given, list) else []
    missing = [
        {"code": NOT_ANALYSED, "message": f"{one.analysis} is missing: {REASONS[one.outcome]}"}
        for one in analyses
        if one.outcome != "found"
    ]
    told = {one.analysis: _told(one) for one in analyses}
    return {**beside, ENRICHED: told, "warnings": [*warnings, *missing]}


def _told(made: AnalysisMade) -> Mapping[str, str]:
    told = {"by": BESIDE, "method": made.method, "version": str(made.version)}
    return told if made.outcome == "found" else {**told, "missing": made.outcome}
