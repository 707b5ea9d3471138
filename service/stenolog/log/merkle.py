"""Grow the RFC 6962 tree over the log, kept as its frontier."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 6962 interior hash: SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


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
        count, roots = self.count, list(self.roots)
        for leaf in leaves:
            node, size = leaf, count
            while size & 1:
                node = node_hash(roots.pop(), node)
                size >>= 1
            roots.append(node)
            count += 1
        return Frontier(count=count, roots=tuple(roots))

    def root(self) -> bytes:
        """Return the Merkle tree hash of RFC 6962 section 2.1."""
        if not self.roots:
            return EMPTY_ROOT
        *larger, node = self.roots
        for left in reversed(larger):
            node = node_hash(left, node)
        return node

    def to_bytes(self) -> bytes:
        """Return the subtree roots, one after the other."""
        return b"".join(self.roots)


def frontier_from_bytes(count: int, stored: bytes) -> Frontier:
    """Return the frontier that `to_bytes` wrote.

    Raises:
        ValueError: The length does not fit the count.
    """
    if len(stored) != HASH_BYTES * count.bit_count():
        raise ValueError(f"a tree of {count} leaves has no frontier of {len(stored)} bytes")
    roots = (stored[at : at + HASH_BYTES] for at in range(0, len(stored), HASH_BYTES))
    return Frontier(count=count, roots=tuple(roots))
