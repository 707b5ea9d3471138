"""Check what a JSON value may be: small checks that parameters are made of."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from math import inf

from stenolog.wire.assemblyai.sentences import must_be

Complaint = tuple[str, str]
"""A field's path, such as `speaker_options.min_speakers_expected`, and what is wrong with it."""

Check = Callable[[str, object], Iterator[Complaint]]
"""Yields what is wrong with a value; the first argument is its path."""


def boolean(name: str, value: object) -> Iterator[Complaint]:
    """True or false; the service does not take words for them."""
    if not isinstance(value, bool):
        yield name, must_be(name, "a Boolean")


def text(*, chars_max: int, words_max: int | None = None) -> Check:
    """Check for a string within limits."""

    def check(name: str, value: object) -> Iterator[Complaint]:
        if not isinstance(value, str):
            yield name, must_be(name, "a String")
        elif len(value) > chars_max:
            yield name, must_be(name, f"at most {chars_max} characters")
        elif words_max is not None and len(value.split()) > words_max:
            yield name, must_be(name, f"at most {words_max} words")

    return check


def matching(pattern: re.Pattern[str], what: str) -> Check:
    """Check for a string of a form; `what` says in words what it is, such as `a language code`."""

    def check(name: str, value: object) -> Iterator[Complaint]:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            yield name, must_be(name, what)

    return check


def number(low: float, high: float) -> Check:
    """Check for a number from `low` to `high`."""

    def check(name: str, value: object) -> Iterator[Complaint]:
        fits = isinstance(value, int | float) and not isinstance(value, bool)
        if not fits or not low <= value <= high:  # type: ignore[operator]  # a number, by `fits`
            yield name, must_be(name, f"a Number between {low:g} and {high:g}")

    return check


def integer(low: int, high: float = inf) -> Check:
    """Check for an integer from `low` to `high`."""
    span = f"between {low} and {high:g}" if high < inf else f"of at least {low}"

    def check(name: str, value: object) -> Iterator[Complaint]:
        fits = isinstance(value, int) and not isinstance(value, bool)
        if not fits or not low <= value <= high:  # type: ignore[operator]  # a number, by `fits`
            yield name, must_be(name, f"an Integer {span}")

    return check


def array(of: Check, *, items_max: int, items_min: int = 0) -> Check:
    """Check for a list whose items pass a check; only the first wrong one is named."""

    def check(name: str, value: object) -> Iterator[Complaint]:
        if not isinstance(value, list):
            yield name, must_be(name, "an Array")
        elif len(value) > items_max:
            yield name, must_be(name, f"an Array of at most {items_max} items")
        elif len(value) < items_min:
            yield name, must_be(name, f"an Array of at least {items_min} items")
        else:
            each = (of(f"{name}[{index}]", item) for index, item in enumerate(value))
            yield from islice(chain.from_iterable(each), 1)

    return check


def members(of: Check, *, names_max: int, name_chars_max: int) -> Check:
    """Check for an object of any names whose values pass a check; the first wrong one is named."""

    def check(name: str, value: object) -> Iterator[Complaint]:
        if not isinstance(value, dict):
            yield name, must_be(name, "an Object")
        elif len(value) > names_max:
            yield name, must_be(name, f"an Object of at most {names_max} members")
        elif any(len(one) > name_chars_max for one in value):
            yield (
                name,
                must_be(name, f"an Object with names of at most {name_chars_max} characters"),
            )
        else:
            each = (of(f"{name}.{one}", inner) for one, inner in value.items())
            yield from islice(chain.from_iterable(each), 1)

    return check


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """Checks an object, and tells which of its fields are not known.

    Null fields count as absent; unknown ones are left to the provider.
    """

    known: Mapping[str, Check]
    required: Collection[str] = ()

    def __call__(self, name: str, value: object) -> Iterator[Complaint]:
        """Yield what is wrong with an object and its known fields."""
        if not isinstance(value, dict):
            yield name, must_be(name, "an Object")
            return
        for field in self.required:
            if value.get(field) is None:
                yield f"{name}.{field}", f"{name}.{field} not found"
        for field, inner in self.known.items():
            if value.get(field) is not None:
                yield from inner(f"{name}.{field}", value[field])

    def without_blanks(self, value: object) -> object:
        """Return an object without its known fields that are `""`: these count as absent, too."""
        if not isinstance(value, dict):
            return value
        kept = {}
        for field, given in value.items():
            inner = self.known.get(field)
            if inner is None or given != "":
                kept[field] = inner.without_blanks(given) if isinstance(inner, Fields) else given
        return kept

    def unknown(self, name: str, value: object) -> Iterator[str]:
        """Yield the paths of unknown fields, also those of objects within it."""
        if not isinstance(value, dict):
            return
        for field, given in value.items():
            inner = self.known.get(field)
            if inner is None and given is not None:
                yield f"{name}.{field}"
            elif isinstance(inner, Fields):
                yield from inner.unknown(f"{name}.{field}", given)


def mapping(fields: Mapping[str, Check], *, required: Collection[str] = ()) -> Fields:
    """Check for an object with these fields."""
    return Fields(known=fields, required=required)
