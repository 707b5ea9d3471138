"""Grow the RFC 6962 tree over the log: its frontier, and the nodes that are kept for proofs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
# Nodes of every eighth level are kept: those are the entries of C2SP's tiles (tlog-tiles), and one
# row for 256 events costs neither the append nor the file anything. A node between is derived from
# at most 128 others.
LEVELS_PER_TILE = 8


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 6962 interior hash: SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Place(NamedTuple):
    """A perfect subtree: it covers the leaves from `number << level`, 2 to the `level` of them.

    Level 0 are the leaves; both numbers are 0-based.
    """

    level: int
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """The root of a perfect subtree that is complete, and so never changes."""

    place: Place
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Frontier:
    """The roots of the perfect subtrees that cover the first `count` leaves, largest first.

    There is one for each bit that is set in `count`. They are enough to append and to compute the
    root, and take space logarithmic in the log.
    """

    count: int = 0
    roots: tuple[bytes, ...] = ()

    def extended(self, leaves: Iterable[bytes]) -> Frontier:
        """Return the frontier after these leaf hashes, in order."""
        return self.grown(leaves)[0]

    def grown(self, leaves: Iterable[bytes]) -> tuple[Frontier, list[Node]]:
        """Return the frontier after these leaf hashes, and the nodes to keep that they complete."""
        count, roots = self.count, list(self.roots)
        completed: list[Node] = []
        for leaf in leaves:
            node, size, level = leaf, count, 0
            while size & 1:
                node = node_hash(roots.pop(), node)
                size >>= 1
                level += 1
                if not level % LEVELS_PER_TILE:
                    completed.append(Node(place=Place(level, size), hash=node))
            roots.append(node)
            count += 1
        return Frontier(count=count, roots=tuple(roots)), completed

    def grown_over(self, place: Place, subtree: bytes) -> tuple[Frontier, list[Node]]:
        """Return the frontier after a perfect subtree, and the nodes to keep that this completes.

        What this one has of the subtree's leaves is left aside; it ends within it, or before it.
        """
        before = place.number << place.level
        assert before <= self.count <= before + (1 << place.level)
        roots = list(self.roots[: before.bit_count()])
        node, (level, size) = subtree, place
        completed = [Node(place=place, hash=subtree)]
        while size & 1:
            node = node_hash(roots.pop(), node)
            size >>= 1
            level += 1
            if not level % LEVELS_PER_TILE:
                completed.append(Node(place=Place(level, size), hash=node))
        return Frontier(count=before + (1 << place.level), roots=(*roots, node)), completed

    def root(self) -> bytes:
        """Return the Merkle tree hash of RFC 6962 section 2.1."""
        return folded(self.roots)

    def to_bytes(self) -> bytes:
        """Return the subtree roots, one after the other."""
        return b"".join(self.roots)


def folded(roots: Iterable[bytes]) -> bytes:
    """Return the root over neighbouring perfect subtrees, given by their roots, largest first."""
    *larger, node = tuple(roots) or (EMPTY_ROOT,)
    for left in reversed(larger):
        node = node_hash(left, node)
    return node


def frontier_from_bytes(count: int, stored: bytes) -> Frontier:
    """Return the frontier that `to_bytes` wrote.

    Raises:
        ValueError: The length does not fit the count.
    """
    if len(stored) != HASH_BYTES * count.bit_count():
        raise ValueError(f"a tree of {count} leaves has no frontier of {len(stored)} bytes")
    roots = (stored[at : at + HASH_BYTES] for at in range(0, len(stored), HASH_BYTES))
    return Frontier(count=count, roots=tuple(roots))
