"""Read values of rows with their types: tables are STRICT, so each has the one of its column."""

from __future__ import annotations


def whole(value: object) -> int:
    """Return an integer."""
    assert isinstance(value, int)
    return value


def whole_or_none(value: object) -> int | None:
    """Return an integer, or None for NULL."""
    return None if value is None else whole(value)


def text_or_null(value: object) -> str | None:
    """Return a text, or None for NULL."""
    return None if value is None else str(value)
