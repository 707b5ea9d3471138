"""Commit to where every stream ends: a tree with an entry for each position of the log.

At the index of a stream's first event stands where its last one is; where no stream began, the
entry is empty. So each stream has one place, a stream that is new adds to the end, and proofs are
those of the log's own tree (RFC 6962).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from stenolog.log.canonical import canonical_bytes, leaf_hash
from stenolog.log.merkle import (
    HASH_BYTES,
    LEVELS_PER_TILE,
    Frontier,
    Place,
    folded,
    node_hash,
)

TILE = 1 << LEVELS_PER_TILE  # entries under a kept node


def _empty_levels() -> tuple[bytes, ...]:
    levels = [leaf_hash(b"")]
    while len(levels) <= LEVELS_PER_TILE:
        levels.append(node_hash(levels[-1], levels[-1]))
    return tuple(levels)


EMPTY = _empty_levels()
"""The hash over 2 to the n empty entries, by n; an empty entry is the leaf of no bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamEnd:
    """Where a stream ends.

    Attributes:
        first: The position of its first event.
        version: Of its last event.
        position: Of its last event.
    """

    first: int
    stream: str
    version: int
    position: int

    def entry(self) -> bytes:
        """Return the canonical bytes of its entry, which do not repeat where it stands."""
        return canonical_bytes(
            {"position": self.position, "stream": self.stream, "version": self.version}
        )

    def leaf(self) -> bytes:
        """Return the leaf hash of its entry."""
        return leaf_hash(self.entry())


def tile_hash(leaves: Mapping[int, bytes]) -> bytes:
    """Return the node over 256 entries: these leaves by their index among them, others empty."""
    row = dict(leaves)
    for level in range(LEVELS_PER_TILE):
        empty = EMPTY[level]
        row = {
            number: node_hash(row.get(2 * number, empty), row.get(2 * number + 1, empty))
            for number in {index >> 1 for index in row}
        }
    return row.get(0, EMPTY[LEVELS_PER_TILE])


class StreamMap:
    """The map over the first `size` positions: 32 bytes for 256 of them, and nothing per stream.

    Attributes:
        size: Of how many events it says where streams end.
        tiles: The nodes over 256 entries each, one behind the other, as far as they are whole.
    """

    def __init__(self, size: int = 0, tiles: bytes = b"", rest: Iterable[StreamEnd] = ()) -> None:
        """`rest` are the streams that begin behind the last whole tile."""
        self.size = size
        self.tiles = bytearray(tiles)
        self._rest: dict[int, bytes] = _leaves_of(rest)

    def stale(self, begun: Iterable[int], size: int) -> list[int]:
        """Return the numbers of the tiles that change when the map grows to `size`, in order.

        `begun` are the first positions of all streams with an event behind the map's size.
        """
        grown = range(self.size // TILE, -(-size // TILE))
        return sorted({*grown, *((first - 1) // TILE for first in begun)})

    def put(self, numbers: range, size: int, ends: Iterable[StreamEnd]) -> dict[int, bytes]:
        """Take up the streams that begin in these tiles, as they end among the first `size` events.

        Every stale tile is put, in order; then `root` is that of `size`. Returns the tiles that are
        whole, by their number.
        """
        in_tile: dict[int, list[StreamEnd]] = {}
        for end in ends:
            in_tile.setdefault((end.first - 1) // TILE, []).append(end)
        for number in numbers:
            self._put(number, size, _leaves_of(in_tile.get(number, ())))
        return {number: node for number in numbers if (node := self.tile(number))}

    def _put(self, number: int, size: int, leaves: dict[int, bytes]) -> None:
        until = (number + 1) * TILE
        if until > size:
            self._rest = leaves
        else:
            assert number * HASH_BYTES <= len(self.tiles)
            self.tiles[number * HASH_BYTES : (number + 1) * HASH_BYTES] = tile_hash(leaves)
            if self.size < until:
                self._rest = {}
        self.size = max(self.size, min(size, until))

    def root(self) -> bytes:
        """Return the Merkle tree hash over all entries."""
        whole = Frontier().extended(self.tile(n) for n in range(len(self.tiles) // HASH_BYTES))
        rest = Frontier().extended(map(self._leaf, range(self.size % TILE)))
        return folded([*whole.roots, *rest.roots])

    def tile(self, number: int) -> bytes:
        """Return one of the kept nodes."""
        return bytes(self.tiles[number * HASH_BYTES : (number + 1) * HASH_BYTES])

    def node(self, place: Place, ends: Mapping[int, bytes]) -> bytes:
        """Return a node of a kept level: for proofs.

        Leaves are taken from `ends`, by their index in the map, where they are not of the rest.
        """
        level, number = place
        if not level:
            whole = number < len(self.tiles) // HASH_BYTES * TILE
            return ends.get(number, EMPTY[0]) if whole else self._leaf(number % TILE)
        below = level - LEVELS_PER_TILE
        under = range(number << below, (number + 1) << below)
        return folded(Frontier().extended(map(self.tile, under)).roots)

    def _leaf(self, index: int) -> bytes:
        return self._rest.get(index, EMPTY[0])


def _leaves_of(ends: Iterable[StreamEnd]) -> dict[int, bytes]:
    return {(end.first - 1) % TILE: end.leaf() for end in ends}


def grouped(numbers: Collection[int], most: int) -> Iterable[range]:
    """Yield ranges of neighbouring tiles, at most so many in each, that are all of `numbers`."""
    begin = end = -1
    for number in numbers:
        if number != end or end - begin >= most:
            if begin < end:
                yield range(begin, end)
            begin = number
        end = number + 1
    if begin < end:
        yield range(begin, end)
