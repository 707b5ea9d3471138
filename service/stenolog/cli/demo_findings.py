"""Show in a few lines what the demo found in its recording."""

from __future__ import annotations

from collections.abc import Iterator

from stenolog.cli.conversation import entity_lines, labels_of, sentiment_line
from stenolog.cli.found import Found
from stenolog.cli.layout import wrapped
from stenolog.cli.words import clock

# All but a summary: one is not made beside chapters, as at AssemblyAI.
FEATURES = {
    "speaker_labels": True,
    "auto_chapters": True,
    "sentiment_analysis": True,
    "entity_detection": True,
    "content_safety": True,
    "iab_categories": True,
    "auto_highlights": True,
}
LINES_MAX = 5  # of each kind
NAME_COLUMNS = 10


def found_lines(found: Found) -> Iterator[str]:
    """Yield a line or a few for chapters, sentiment, entities and flagged passages."""
    yield from _lines(
        "chapters", [f"{clock(one.start or 0)}  {one.title}" for one in found.chapters]
    )
    yield from _lines("sentiment", [sentiment_line(found)] if found.sentiment else [])
    yield from _lines("entities", [f"{kind}: {names}" for kind, names in entity_lines(found)])
    yield from _lines(
        "flags", [f"{clock(one.start_ms or 0)}  {labels_of(one)}" for one in found.flags]
    )


def _lines(name: str, texts: list[str]) -> Iterator[str]:
    left = len(texts) - LINES_MAX
    shown = [*texts[:LINES_MAX], *([f"and {left} more"] if left > 0 else [])] or ["none"]
    for at, text in enumerate(shown):
        begin = "" if at else name
        yield wrapped(text, f"{begin:<{NAME_COLUMNS}} ", NAME_COLUMNS + 1)
