"""Find what was spoken of: chapters, summary, key phrases, topics, sensitive content.

Models of text are loaded with the first text that needs them, once for a process.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from stenolog.intelligence.chapters import chapters
from stenolog.intelligence.content_safety import content_safety
from stenolog.intelligence.embeddings_wordllama import best_embedder
from stenolog.intelligence.highlights import highlights
from stenolog.intelligence.passages import passages
from stenolog.intelligence.speech import Speech
from stenolog.intelligence.summaries import summary
from stenolog.intelligence.theme_options import ThemeOptions
from stenolog.intelligence.topics import topics

# Each judges what was said and quotes what may be shown; it returns a member of the transcript as
# AssemblyAI writes it, or None when it is not asked for.


def chapters_found(said: Speech, shown: Speech, options: ThemeOptions) -> list[Any] | None:
    """Return `chapters`."""
    if not options.auto_chapters:
        return None
    return [asdict(chapter) for chapter in chapters(said, shown, best_embedder())]


def summary_found(said: Speech, shown: Speech, options: ThemeOptions) -> str | None:
    """Return `summary`."""
    if not options.summarization:
        return None
    return summary(
        said, shown, best_embedder(), model=options.summary_model, kind=options.summary_type
    )


def highlights_found(said: Speech, shown: Speech, options: ThemeOptions) -> dict[str, Any] | None:
    """Return `auto_highlights_result`; phrases are counted in what may be shown."""
    if not options.auto_highlights:
        return None
    return _successful(results=[asdict(found) for found in highlights(shown.sentences)])


def topics_found(said: Speech, shown: Speech, options: ThemeOptions) -> dict[str, Any] | None:
    """Return `iab_categories_result`."""
    if not options.iab_categories:
        return None
    return _successful(**asdict(topics(passages(said, shown), best_embedder())))


def safety_found(said: Speech, shown: Speech, options: ThemeOptions) -> dict[str, Any] | None:
    """Return `content_safety_labels`."""
    if not options.content_safety:
        return None
    found = content_safety(
        passages(said, shown),
        best_embedder(),
        confidence_min=options.content_safety_confidence / 100,
    )
    return _successful(**asdict(found))


def _successful(**members: Any) -> dict[str, Any]:
    return {"status": "success", **members}
