"""Read the packaged names of topics: the IAB Content Taxonomy 2.0."""

from __future__ import annotations

from functools import cache
from importlib import resources

TAXONOMY = "topics_iab.txt"
SEPARATOR = ">"


@cache
def labels() -> tuple[str, ...]:
    """Return all topics as the service writes them: `Home&Garden>IndoorEnvironmentalQuality`."""
    return tuple(
        SEPARATOR.join("".join(map(_capital, name.split())) for name in path) for path in paths()
    )


def is_below(label: str, topic: str) -> bool:
    """Tell whether a label is this topic, or one that belongs to it."""
    return f"{label}{SEPARATOR}".startswith(f"{topic}{SEPARATOR}")


@cache
def paths() -> tuple[tuple[str, ...], ...]:
    """Read the file: a topic a line, one space deeper than the one it belongs to."""
    path: tuple[str, ...] = ()
    found: list[tuple[str, ...]] = []
    text = resources.files(__package__).joinpath(TAXONOMY).read_text(encoding="utf-8")
    for line in text.splitlines():
        name = line.lstrip(" ")
        path = (*path[: len(line) - len(name)], name)
        found.append(path)
    return tuple(found)


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]
