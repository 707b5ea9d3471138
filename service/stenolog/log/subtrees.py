"""Compute the hash over any part of the log that RFC 6962 hashes, from the nodes that are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from stenolog.log.merkle import LEVELS_PER_TILE, Place, folded, node_hash


@dataclass(frozen=True, slots=True)
class Part:
    """The leaves with the 0-based indices `begin` to `end` - 1, as RFC 6962 cuts a tree.

    `begin` is a multiple of the least power of two that is not below the part's length.
    """

    begin: int
    end: int

    def subtrees(self) -> list[Place]:
        """Return the perfect subtrees that cover it, largest first."""
        found, at = [], self.begin
        while at < self.end:
            level = (self.end - at).bit_length() - 1
            found.append(Place(level, at >> level))
            at += 1 << level
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Neighbouring nodes of one kept level: `number` from `first` to `last`, both included."""

    level: int
    first: int
    last: int


def spans_for(parts: Iterable[Part]) -> list[Span]:
    """Return the kept nodes that the hashes of these parts are derived from, without overlaps.

    For each level of tiles a part needs at most 255 of them.
    """
    wanted = sorted(
        (_kept_below(place) for part in parts for place in part.subtrees()),
        key=lambda span: (span.level, span.first),
    )
    spans: list[Span] = []
    for span in wanted:
        known = spans[-1] if spans else None
        if known and known.level == span.level and span.first <= known.last + 1:
            spans[-1] = replace(known, last=max(known.last, span.last))
        else:
            spans.append(span)
    return spans


def hash_of(part: Part, kept: Mapping[Place, bytes]) -> bytes:
    """Return the Merkle tree hash over a part, from the nodes of `spans_for`.

    Raises:
        KeyError: One of them is not among `kept`.
    """
    return folded(_derived(place, kept) for place in part.subtrees())


def _kept_below(place: Place) -> Span:
    between = place.level % LEVELS_PER_TILE
    first = place.number << between
    return Span(level=place.level - between, first=first, last=first + (1 << between) - 1)


def _derived(place: Place, kept: Mapping[Place, bytes]) -> bytes:
    below = _kept_below(place)
    row: Sequence[bytes] = [
        kept[Place(below.level, number)] for number in range(below.first, below.last + 1)
    ]
    while len(row) > 1:
        row = [node_hash(*pair) for pair in zip(row[::2], row[1::2], strict=True)]
    return row[0]
