"""Read what a request asks of the text."""

from __future__ import annotations

from collections.abc import Mapping

from stenolog.engine.options import TextOptions

# What is done with the text: `features.SUPPORTED` has what is done with the audio.
SUPPORTED = frozenset({"sentiment_analysis"})


def text_options(params: Mapping[str, object]) -> TextOptions:
    """Return what accepted parameters ask of the text."""
    return TextOptions(sentiment_analysis=bool(params.get("sentiment_analysis")))
