"""Measure how often a sentence has the sentiment that people told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from infra.bench.figures import Figure
from stenolog.intelligence.sentiment import sentiment_of

NEUTRAL_BELOW = 0.5  # of a mean judgement between -4 and 4
SENTENCES_MAX = 10_000


def measure(sentences: Iterable[tuple[str, float]]) -> Iterator[Figure]:
    """Yield the shares of right answers; each sentence comes with its mean judgement."""
    pairs = [
        (sentiment_of(text)[0], _named(valence))
        for text, valence in islice(sentences, SENTENCES_MAX)
    ]
    right = sum(told == truth for told, truth in pairs)
    yield Figure(
        name=f"sentiment right, of three kinds ({len(pairs)} sentences)",
        value=100 * right / len(pairs),
        unit="%",
    )
    felt = [told for told, truth in pairs if truth != "NEUTRAL" and told != "NEUTRAL"]
    agreed = sum(told == truth != "NEUTRAL" for told, truth in pairs)
    yield Figure(
        name=f"sentiment right, where both have one ({len(felt)})",
        value=100 * agreed / max(1, len(felt)),
        unit="%",
    )


def _named(valence: float) -> str:
    if abs(valence) < NEUTRAL_BELOW:
        return "NEUTRAL"
    return "POSITIVE" if valence > 0 else "NEGATIVE"
