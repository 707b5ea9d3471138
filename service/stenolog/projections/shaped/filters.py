"""Say which items of a view are wanted, and which filters each view has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stenolog.intelligence.taxonomy import is_below
from stenolog.projections.canonical import Item, objects_in

_IN_TIME = ("speaker", "from_ms", "to_ms")
FILTERS: Mapping[str, tuple[str, ...]] = {
    "words": (*_IN_TIME, "confidence_min"),
    "sentences": (*_IN_TIME, "confidence_min"),
    "paragraphs": (*_IN_TIME, "confidence_min"),
    "utterances": (*_IN_TIME, "confidence_min"),
    "speakers": ("speaker",),
    "chapters": _IN_TIME,
    "sentiment": (*_IN_TIME, "sentiment", "confidence_min"),
    "entities": (*_IN_TIME, "type"),
    "content-safety": (*_IN_TIME, "label", "confidence_min"),
    "topics": (*_IN_TIME, "label"),
    "highlights": _IN_TIME,
    "redactions": ("from_ms", "to_ms"),
    "quality": ("speaker", "confidence_min"),
}
"""The names of each view's filters, as in the query; a view that is not here has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What an item must be to be shown; None: anything.

    Attributes:
        from_ms: Items that end before it are left out, as are those that have no time.
        to_ms: The same with items that start at it or later.
        label: One of its labels is this, or belongs to it: `Sports` has `Sports>Boxing`.
        confidence_min: Of the item, or of a label that is wanted.
    """

    speaker: str | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    type: str | None = None
    label: str | None = None
    sentiment: str | None = None
    confidence_min: float | None = None

    def matches(self, item: Item) -> bool:
        """Tell whether an item of any view is wanted."""
        return (
            self.speaker in (None, item.get("speaker"))
            and self.type in (None, item.get("entity_type"))
            and self.sentiment in (None, item.get("sentiment"))
            and self._is_in_time(item)
            and self._is_sure(item)
        )

    def _is_in_time(self, item: Item) -> bool:
        if self.from_ms is None and self.to_ms is None:
            return True
        return any(self._overlaps(place) for place in _places(item))

    def _overlaps(self, place: Mapping[str, Any]) -> bool:
        start, end = place.get("start"), place.get("end")
        if not (isinstance(start, int) and isinstance(end, int)):
            return False
        return (self.from_ms is None or max(end, start + 1) > self.from_ms) and (
            self.to_ms is None or start < self.to_ms
        )

    def _is_sure(self, item: Item) -> bool:
        if self.label is None and self.confidence_min is None:
            return True
        labels = objects_in(item.get("labels"))
        if self.label is None and not labels:
            return self._is_enough(item.get("confidence"))
        return any(
            self._is_named(label.get("label")) and self._is_enough(label.get("confidence"))
            for label in labels
        )

    def _is_named(self, label: object) -> bool:
        if self.label is None:
            return True
        return isinstance(label, str) and is_below(label, self.label)

    def _is_enough(self, confidence: object) -> bool:
        if self.confidence_min is None:
            return True
        return isinstance(confidence, int | float) and confidence >= self.confidence_min


def _places(item: Item) -> Iterator[Mapping[str, Any]]:
    """Yield where an item is: all its places, where it has several.

    What a provider adds to its items may have any of these names, and be anything.
    """
    several = objects_in(item.get("timestamps")) or objects_in(item.get("times"))
    if several:
        yield from several
    else:
        yield item
