"""Completed answers of providers, made from a text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from stenolog.enrichment.analysing import Enriched, analyse
from stenolog.enrichment.wanted import Result, asked_in
from tests.intelligence.speech import raw_words

SAID = (
    "I love my new mortgage from the bank. This is Olivia Flores, from Leeds. "
    "A murder in the city shocked everybody. Please write to olivia@example.com."
)
ALL = {
    "auto_chapters": True,
    "auto_highlights": True,
    "content_safety": True,
    "entity_detection": True,
    "sentiment_analysis": True,
}


def answer(text: str = SAID, **members: Any) -> bytes:
    """AssemblyAI's transcript of the text, in which nothing was analysed."""
    words = raw_words(text, speaker="A")
    whole = {"status": "completed", "text": text, "words": words, "language_code": "en_us"}
    return json.dumps({**whole, **members}).encode()


def made_of(given: bytes, params: dict[str, Any], provider: str = "assemblyai") -> Enriched:
    """What is made of an answer for a request."""
    return analyse(Result(provider=provider, answer=given, params=params), asked_in(params))


def outcomes(made: Enriched) -> dict[str, str]:
    """How each analysis ended."""
    return {one.analysis: one.outcome for one in made.analyses}


def members(made: Enriched) -> dict[str, Any]:
    """What was found."""
    found: dict[str, Any] = json.loads(made.payload)
    return found


def names(made: Enriched) -> Sequence[str]:
    """The analyses that were looked at."""
    return [one.analysis for one in made.analyses]
