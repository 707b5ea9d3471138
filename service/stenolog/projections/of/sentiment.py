"""Sentiment, sentence by sentence."""

from __future__ import annotations

from stenolog.projections.of.items import Answer, ItemsProjection, Picked, list_of_objects


def _pick(document: Answer) -> Picked:
    return Picked(
        items=list_of_objects(
            document.get("sentiment_analysis_results"), "sentiment_analysis_results"
        )
    )


SENTIMENT = ItemsProjection(
    name="sentiment", version=1, features=("sentiment_analysis",), pick=_pick
)
