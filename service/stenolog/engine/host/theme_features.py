"""Read what a request asks about what was spoken of; refuse what cannot be had together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stenolog.intelligence.embeddings_files import wordllama_files
from stenolog.intelligence.theme_options import ThemeOptions
from stenolog.wire.assemblyai.summaries import summary_asked, summary_complaints

SUPPORTED = frozenset(
    {
        "auto_chapters",
        "auto_highlights",
        "content_safety",
        "content_safety_confidence",
        "iab_categories",
        "summarization",
        "summary_model",
        "summary_type",
    }
)
TOPICS_UNAVAILABLE = (
    "iab_categories is not supported by the embedded engine without the package wordllama, which "
    "the extra [engine] installs on x86-64 with Python 3.11 to 3.13"
)


def theme_options(params: Mapping[str, object]) -> ThemeOptions:
    """Return what accepted parameters ask."""
    return ThemeOptions.asked_in(params, summary_asked(params))


def unsupported(params: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield what cannot be done of what is asked: each parameter, and why."""
    if params.get("iab_categories") and wordllama_files() is None:
        yield "iab_categories", TOPICS_UNAVAILABLE
    yield from summary_complaints(params)
