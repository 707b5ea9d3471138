"""Tell which analyses are asked for and missing in a result. Pure, and light: no model of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stenolog.log.events.enrichments import Analysis
from stenolog.projections.documents import ProjectionFailed, read_object
from stenolog.projections.enrichments import ANALYSES, is_missing
from stenolog.projections.shaped.conversation import Conversation
from stenolog.projections.vendors import completed_canonical


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A provider's completed answer, as it came, and the request that it answers."""

    provider: str
    answer: bytes
    params: Mapping[str, Any]


def asked_in(params: Mapping[str, object]) -> tuple[Analysis, ...]:
    """Return the analyses that a request asks for, in the order of their names."""
    return tuple(analysis for analysis in ANALYSES if params.get(analysis) is True)


def missing_in(
    result: Result, asked: Sequence[Analysis]
) -> tuple[Conversation, tuple[Analysis, ...]]:
    """Return the canonical transcript, and the analyses of which it says nothing.

    Raises:
        ProjectionFailed: The answer cannot be read; the views say so, too.
    """
    answer = completed_canonical(result.provider, read_object(result.answer), result.params)
    missing = tuple(analysis for analysis in asked if is_missing(answer, analysis))
    return Conversation(answer, result.params, provider=result.provider), missing


def is_whole(result: Result, asked: Sequence[Analysis]) -> bool:
    """Tell whether nothing is to be made: nothing is missing, or nothing can be read."""
    try:
        return not missing_in(result, asked)[1]
    except ProjectionFailed:
        return True
