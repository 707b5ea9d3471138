"""Name the types of public events, and read which of them a consumer wants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stenolog.errors import InvalidRequest
from stenolog.log.catalogue import EVENT_TYPES
from stenolog.log.event_data import EventData

PREFIX = "stenolog."
WILDCARD = "*"
NAMES_MAX = 50  # in one filter
FILTER_CHARS_MAX = 2_000

PUBLIC_TYPES: Mapping[str, type[EventData]] = {
    f"{PREFIX}{name}": data for name, data in EVENT_TYPES.items() if data.public
}
"""Every public type by its name on the wire, which is the log's behind `stenolog.`."""


def read_types(text: str) -> frozenset[str] | None:
    """Return the log's names of the types in a list with commas; None: all of them.

    A name is as on the wire; one that ends in `*` stands for all that begin like it.

    Raises:
        InvalidRequest: A name is no public type's, or there are too many.
    """
    names = [name for part in text[: FILTER_CHARS_MAX + 1].split(",") if (name := part.strip())]
    if len(text) > FILTER_CHARS_MAX or len(names) > NAMES_MAX:
        raise InvalidRequest(f"may name {NAMES_MAX} types, in {FILTER_CHARS_MAX} characters")
    if not names:
        return None
    found = {one for name in names for one in _matching(name)}
    return None if len(found) == len(PUBLIC_TYPES) else frozenset(found)


def _matching(name: str) -> Sequence[str]:
    stem = name.removesuffix(WILDCARD)
    found = [
        one.removeprefix(PREFIX)
        for one in PUBLIC_TYPES
        if one == name or (stem != name and one.startswith(stem))
    ]
    if not found:
        known = ", ".join(PUBLIC_TYPES)
        raise InvalidRequest(f"has {name[:80]!r}, which is no public type: there are {known}")
    return found
