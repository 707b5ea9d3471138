"""Read typed values out of a provider's objects; what has another type becomes null, and is noted.

Missing and null are no fault. No value raises anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any, TypeVar

from stenolog.projections.canonical import Item
from stenolog.projections.documents import ProjectionFailed, number_or_none, text_or_none
from stenolog.projections.shaped.notes import (
    NEGATIVE_TIME,
    NO_TIME,
    NOT_AN_OBJECT,
    REVERSED_TIME,
    WRONG_TYPE,
    Notes,
)

TIME_MS_MAX = 2**48  # thousands of years: whatever is beyond is no time
Value = TypeVar("Value")
Span = tuple[int | None, int | None]  # start and end in ms: both are known, or neither is


class Fields:
    """Reads the objects of one view."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes

    def text(self, item: Item, name: str) -> str | None:
        """Return a string."""
        return self._typed(item.get(name), text_or_none)

    def number(self, item: Item, name: str) -> float | None:
        """Return a number."""
        return self._typed(item.get(name), number_or_none)

    def whole(self, item: Item, name: str) -> int | None:
        """Return a number without its fraction."""
        number = self.number(item, name)
        return None if number is None else int(number)

    def label(self, item: Item, name: str) -> str | None:
        """Return the name of a speaker or channel, which may be given as a number."""
        return self._typed(item.get(name), label_or_none)

    def objects(self, item: Item, name: str) -> Sequence[Item]:
        """Return the objects of a list within an item; nothing of what is no list."""
        value = item.get(name)
        if value is None:
            return ()
        if not isinstance(value, list):
            self._notes.add(WRONG_TYPE)
            return ()
        return self._only_objects(value)

    def span(self, item: Item) -> Span:
        """Return `start` and `end`; one that is missing is the other, as far as that is known."""
        start, end = item.get("start"), item.get("end")
        if type(start) is int and type(end) is int and 0 <= start <= end < TIME_MS_MAX:
            return start, end
        first, last = self._time(start), self._time(end)
        if first is None or last is None:
            self._notes.add(NO_TIME)
            known = last if first is None else first
            return known, known
        if last < first:
            self._notes.add(REVERSED_TIME)
        return first, max(first, last)

    def listed(self, answer: Mapping[str, Any], name: str) -> Sequence[Item] | None:
        """Return the objects of a list of the answer; None where there is no list.

        Raises:
            ProjectionFailed: It is of another type, or holds no object at all.
        """
        return self.objects_of(answer.get(name), name)

    def objects_of(self, value: object, name: str) -> Sequence[Item] | None:
        """Do the same with a value that `name` describes."""
        if value is None:
            return None
        if not isinstance(value, list):
            raise ProjectionFailed(f"{name} is a JSON {type(value).__name__}, not a list")
        found = self._only_objects(value)
        if value and not found:
            raise ProjectionFailed(f"{name} holds a JSON {type(value[0]).__name__}, not an object")
        return found

    def object_of(self, value: object, name: str) -> Item:
        """Return an object of the answer.

        Raises:
            ProjectionFailed: It is of another type.
        """
        if not isinstance(value, dict):
            raise ProjectionFailed(f"{name} is a JSON {type(value).__name__}, not an object")
        return value

    def _only_objects(self, value: list[Any]) -> Sequence[Item]:
        found = [one for one in value if isinstance(one, dict)]
        self._notes.add(NOT_AN_OBJECT, len(value) - len(found))
        return found

    def _typed(self, value: object, read: Callable[[object], Value | None]) -> Value | None:
        if value is None:
            return None
        found = read(value)
        if found is None and value != "":
            self._notes.add(WRONG_TYPE)
        return found

    def _time(self, value: object) -> int | None:
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._notes.add(WRONG_TYPE)
            return None
        if value < 0:
            self._notes.add(NEGATIVE_TIME)
            return 0
        return int(value) if value < TIME_MS_MAX else None


def label_or_none(value: object) -> str | None:
    """Return a speaker's name as a string: `A`, `0` and `speaker_1` are all seen."""
    if isinstance(value, str):
        return text_or_none(value.strip()) or None
    # A boolean is an integer to Python, and no name of anybody.
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return str(int(value)) if value == int(value) else str(value)


def extras_of(item: Item, known: Set[str]) -> dict[str, Any]:
    """Return what an item has beside the members that its view names."""
    if item.keys() <= known:
        return {}
    return {name: value for name, value in item.items() if name not in known}
