"""Describe what a client can read as shapes, and make what it could not read readable.

A shape is a function. It returns the same object when a value can be read as it is, another one
that can be read in its place, or `LOST` when nothing true can stand there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from operator import is_

Shape = Callable[[object], object]

LOST = object()
ABSENT = object()
NOTHING = frozenset({type(None), type(ABSENT)})
INTEGER = re.compile(r"-?[0-9]{1,18}")
NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,32})?([eE][+-]?[0-9]{1,2})?")


def text(value: object) -> object:
    """Any string; an integer is one, too, once it is written so."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else LOST


def integer(value: object) -> object:
    """A number without a fraction, also where it is written as text."""
    if isinstance(value, bool):
        return LOST
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return value
    return value if isinstance(value, str) and INTEGER.fullmatch(value) else LOST


def positive(value: object) -> object:
    """A number of at least one, without a fraction."""
    found = integer(value)
    return value if isinstance(found, int | float) and found >= 1 else LOST


def number(value: object) -> object:
    """Any number, also where it is written as text."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    return value if isinstance(value, str) and NUMBER.fullmatch(value) else LOST


def boolean(value: object) -> object:
    """True or false."""
    return value if isinstance(value, bool) else LOST


def anything_named(value: object) -> object:
    """An object, whatever is in it."""
    return value if isinstance(value, dict) else LOST


def word(*words: str, instead: object = LOST) -> Shape:
    """One of these words; `instead` stands for all others."""
    known = frozenset(words)

    def read(value: object) -> object:
        return value if isinstance(value, str) and value in known else instead

    return read


def either(first: Shape, second: Shape) -> Shape:
    """What the first or else the second can read."""

    def read(value: object) -> object:
        found = first(value)
        return second(value) if found is LOST else found

    return read


def unless_empty(shape: Shape) -> Shape:
    """An object of this shape, or one without any member."""

    def read(value: object) -> object:
        return value if value == {} else shape(value)

    return read


def array(of: Shape) -> Shape:
    """A list, without the items of which nothing is left."""

    def read(value: object) -> object:
        if not isinstance(value, list):
            return LOST
        items = [of(item) for item in value]
        if all(map(is_, items, value)):
            return value
        return [item for item in items if item is not LOST]

    return read


def members(of: Shape, words: Collection[str] | None = None) -> Shape:
    """An object with any names, or with some of these, whose values have a shape."""

    def read(value: object) -> object:
        if not isinstance(value, dict):
            return LOST
        kept = {}
        for name, member in value.items():
            found = of(member) if words is None or name in words else LOST
            if found is not LOST:
                kept[name] = found
        same = len(kept) == len(value) and all(map(is_, kept.values(), value.values()))
        return value if same else kept

    return read


@dataclass(frozen=True, slots=True)
class Needed:
    """A member that an object must have, and what stands in for one that is not there.

    Attributes:
        like: The name of a member that is as good, where it can be read: the other end of a time.
        instead: Otherwise; `LOST`: the object is left out.
    """

    shape: Shape
    instead: object = LOST
    like: str = ""


PLAIN: Mapping[Shape, frozenset[type]] = {
    text: frozenset({str}),
    integer: frozenset({int}),
    number: frozenset({int, float}),
    boolean: frozenset({bool}),
}
Field = tuple[str, frozenset[type], Shape, Needed | None]


def record(**fields: Shape | Needed) -> Shape:
    """An object with these members; others are kept, an optional one that is lost becomes null."""
    known: Sequence[Field] = [_field(name, given) for name, given in fields.items()]

    def read(value: object) -> object:
        if not isinstance(value, dict):
            return LOST
        changed: dict[str, object] = {}
        for name, plain, shape, needed in known:
            member = value.get(name, ABSENT)
            if type(member) in plain:  # nearly always: an hour of speech has 100,000 members
                continue
            found = LOST if member is ABSENT else shape(member)
            if found is LOST:
                found = None if needed is None else _in_place_of(needed, value)
                if found is LOST:
                    return LOST
            if found is not member:
                changed[name] = found
        return {**value, **changed} if changed else value

    return read


def _field(name: str, given: Shape | Needed) -> Field:
    if isinstance(given, Needed):
        return name, PLAIN.get(given.shape, frozenset()), given.shape, given
    return name, PLAIN.get(given, frozenset()) | NOTHING, given, None


def _in_place_of(needed: Needed, value: Mapping[str, object]) -> object:
    like = needed.shape(value.get(needed.like)) if needed.like else LOST
    return needed.instead if like is LOST else like
