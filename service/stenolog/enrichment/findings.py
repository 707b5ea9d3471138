"""Make the findings of an analysis, as members of AssemblyAI's transcript. Pure.

Models of text are loaded by what is imported here: it is not for the gateway's own process.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict

from stenolog.intelligence import themes
from stenolog.intelligence.entities import entities, spans_of
from stenolog.intelligence.sentiment import sentiments
from stenolog.intelligence.speech import Speech
from stenolog.intelligence.theme_options import ThemeOptions
from stenolog.log.events.enrichments import Analysis

ROUND_FIGURES = 4  # digits; more is noise

Finding = Callable[[Speech, ThemeOptions], object]


def found(analysis: Analysis, speech: Speech, options: ThemeOptions) -> object:
    """Return the member of AssemblyAI's transcript, with its figures rounded."""
    return _rounded(FINDINGS[analysis](speech, options))


def _sentiments(speech: Speech, options: ThemeOptions) -> object:
    return [asdict(one) for one in sentiments(speech, speech)]


def _entities(speech: Speech, options: ThemeOptions) -> object:
    return [asdict(one) for one in entities(speech, speech, spans_of(speech))]


def _on(make: Callable[[Speech, Speech, ThemeOptions], object]) -> Finding:
    # What the provider has hidden is not known here: what is judged is what is quoted.
    return lambda speech, options: make(speech, speech, options)


FINDINGS: Mapping[Analysis, Finding] = {
    "auto_chapters": _on(themes.chapters_found),
    "auto_highlights": _on(themes.highlights_found),
    "content_safety": _on(themes.safety_found),
    "entity_detection": _entities,
    "iab_categories": _on(themes.topics_found),
    "sentiment_analysis": _sentiments,
    "summarization": _on(themes.summary_found),
}


def _rounded(value: object) -> object:
    match value:
        case dict():
            return {name: _rounded(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_rounded(inner) for inner in value]
        case float():
            return round(value, ROUND_FIGURES)
        case _:
            return value
