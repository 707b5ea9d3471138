"""Cut and verify RFC 6962 proofs: that an event is in the tree, that a tree continues another.

A proof is a list of hashes over parts of the tree. What is said here of sizes and indices holds for
RFC 9162 too, whose proofs are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stenolog.log.merkle import node_hash
from stenolog.log.subtrees import Part


@dataclass(frozen=True, slots=True, kw_only=True)
class InclusionProof:
    """Shows that an event is the one at its position in a tree.

    Attributes:
        position: The event's, from 1; its leaf has the index one below.
        size: The events in the tree.
        leaf: The event's leaf hash.
        root: The tree's.
        path: From the leaf's sibling up to the root's child; RFC 6962 section 2.1.1.
    """

    position: int
    size: int
    leaf: bytes
    root: bytes
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsistencyProof:
    """Shows that the tree over the first `to_size` events begins with that over `from_size`.

    Attributes:
        path: As RFC 6962 section 2.1.2 orders it; empty for equal sizes.
    """

    from_size: int
    to_size: int
    from_root: bytes
    to_root: bytes
    path: tuple[bytes, ...]


def inclusion_parts(index: int, size: int) -> list[Part]:
    """Return the parts whose hashes are the audit path of the leaf at `index`, in its order."""
    assert 0 <= index < size
    begin, end = 0, size
    parts: list[Part] = []
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            parts.append(Part(middle, end))
            end = middle
        else:
            parts.append(Part(begin, middle))
            begin = middle
    return parts[::-1]


def consistency_parts(old: int, new: int) -> list[Part]:
    """Return the parts whose hashes prove that a tree of `new` leaves continues one of `old`."""
    assert 0 < old <= new
    begin, end = 0, new
    parts: list[Part] = []
    while end > old:
        middle = begin + _split(end - begin)
        if old <= middle:
            parts.append(Part(middle, end))
            end = middle
        else:
            parts.append(Part(begin, middle))
            begin = middle
    if begin:  # the old tree itself is known to whoever asks; a part of it is not
        parts.append(Part(begin, end))
    return parts[::-1]


def root_from_inclusion(index: int, size: int, leaf: bytes, path: Sequence[bytes]) -> bytes | None:
    """Return the root of the tree in which `path` puts the leaf; None: no path has this length.

    Source: RFC 9162, section 2.1.3.2.
    """
    if not 0 <= index < size:
        return None
    at, last, node = index, size - 1, leaf
    for sibling in path:
        if not last:
            return None
        if at & 1 or at == last:
            node = node_hash(sibling, node)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        at, last = at >> 1, last >> 1
    return None if last else node


def includes(proof: InclusionProof) -> bool:
    """Tell whether a proof shows that its leaf is in the tree with its root."""
    index = proof.position - 1
    return root_from_inclusion(index, proof.size, proof.leaf, proof.path) == proof.root


def consistency_roots(
    old: int, new: int, path: Sequence[bytes], whole: bytes
) -> tuple[bytes, bytes] | None:
    """Return the roots of the old and the new tree that a proof leads to; None: it leads nowhere.

    `whole` is the old root; it is looked at only where the path does not have it in parts
    (`is_in_proof`).

    Source: RFC 9162, section 2.1.4.2.
    """
    if not 0 < old <= new:
        return None
    nodes = [*path] if is_in_proof(old, new) else [whole, *path]
    if not nodes:
        return None
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    of_old = of_new = nodes[0]
    if old == new:
        return (of_old, of_new) if len(nodes) == 1 else None
    for node in nodes[1:]:
        if not last:
            return None
        if at & 1 or at == last:
            of_old, of_new = node_hash(node, of_old), node_hash(node, of_new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            of_new = node_hash(of_new, node)
        at, last = at >> 1, last >> 1
    return None if last else (of_old, of_new)


def is_in_proof(old: int, new: int) -> bool:
    """Tell whether the old root follows from the proof itself: not when it is one node of it."""
    return old != new and old & (old - 1) != 0


def continues(proof: ConsistencyProof) -> bool:
    """Tell whether a proof shows that the larger tree begins with the smaller one."""
    roots = consistency_roots(proof.from_size, proof.to_size, proof.path, proof.from_root)
    return roots == (proof.from_root, proof.to_root)


def _split(size: int) -> int:
    """Return the largest power of two that is smaller than `size`."""
    return 1 << (size - 1).bit_length() - 1
