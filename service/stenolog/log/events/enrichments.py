"""Declare the event of analyses that were made here, because the provider lacks them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from stenolog.log.event_data import Count, EventData, SubmissionNumber

Analysis = Literal[
    "auto_chapters",
    "auto_highlights",
    "content_safety",
    "entity_detection",
    "iab_categories",
    "sentiment_analysis",
    "summarization",
]
"""An analysis of text, by the parameter that asks for it."""
AnalysisMethod = Literal["phrases", "rules", "vader", "word-counts", "word-lists", "word-vectors"]
AnalysisOutcome = Literal[
    "found", "no-word-times", "not-english", "too-long", "not-installed", "failed"
]
"""`found`: it was made, whatever it found. `no-word-times`: the provider does not say when words
were said. `not-english`: the text is in another language. `too-long`: more words than are analysed.
`not-installed`: a library or model is not there. `failed`: it could not be computed."""


class AnalysisMade(BaseModel):
    """One analysis that was asked for: how it is made, and what became of it.

    `version` is raised whenever the same words give other findings by the same method.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    analysis: Analysis
    method: AnalysisMethod
    version: Count
    outcome: AnalysisOutcome


class TranscriptEnriched(EventData):
    """Analyses that the provider lacks were made here, of the result that the next event brings.

    It is appended with that event, or not at all: whoever sees `completed` sees them.
    """

    type = "transcript.enriched"
    public = True
    payload = "a JSON object: the members of AssemblyAI's transcript that were found"

    submission: SubmissionNumber
    analyses: list[AnalysisMade]
