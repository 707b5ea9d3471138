"""Read what a request asks of the text."""

from __future__ import annotations

from collections.abc import Mapping

from stenolog.engine.options import TextOptions
from stenolog.intelligence.spelling import Spelling

# What is done with the text: `features.SUPPORTED` has what is done with the audio.
SUPPORTED = frozenset(
    {
        "custom_spelling",
        "disfluencies",
        "filter_profanity",
        "sentiment_analysis",
    }
)


def text_options(params: Mapping[str, object]) -> TextOptions:
    """Return what accepted parameters ask of the text."""
    return TextOptions(
        custom_spelling=_spellings(params.get("custom_spelling")),
        disfluencies=bool(params.get("disfluencies")),
        filter_profanity=bool(params.get("filter_profanity")),
        sentiment_analysis=bool(params.get("sentiment_analysis")),
    )


def _spellings(entries: object) -> tuple[Spelling, ...]:
    return tuple(
        Spelling(heard=tuple(entry["from"]), written=entry["to"])
        for entry in (entries if isinstance(entries, list) else ())
    )
