"""RFC 6962 as it is written there: recursions over leaf inputs, which share nothing with the log.

Verification is the recursion too: a proof is right when it is the one that the recursion makes, or
when the tree's root follows from it by the recursion's own steps.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


def leaf_of(leaf_input: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + leaf_input).digest()


def joined(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def split(size: int) -> int:
    """The largest power of two smaller than `size`."""
    k = 1
    while k * 2 < size:
        k *= 2
    return k


def tree_hash(leaves: Sequence[bytes]) -> bytes:
    """Section 2.1: MTH."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaf_of(leaves[0])
    k = split(len(leaves))
    return joined(tree_hash(leaves[:k]), tree_hash(leaves[k:]))


def path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Section 2.1.1: PATH."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if index < k:
        return [*path(index, leaves[:k]), tree_hash(leaves[k:])]
    return [*path(index - k, leaves[k:]), tree_hash(leaves[:k])]


def proof(old: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Section 2.1.2: PROOF."""
    return subproof(old, leaves, True)


def subproof(old: int, leaves: Sequence[bytes], known: bool) -> list[bytes]:
    if old == len(leaves):
        return [] if known else [tree_hash(leaves)]
    k = split(len(leaves))
    if old <= k:
        return [*subproof(old, leaves[:k], known), tree_hash(leaves[k:])]
    return [*subproof(old - k, leaves[k:], False), tree_hash(leaves[:k])]


def root_of_path(index: int, size: int, leaf: bytes, audit_path: Sequence[bytes]) -> bytes:
    """The root that an audit path leads to, by PATH read backwards."""
    if size == 1:
        assert not audit_path
        return leaf
    *inner, last = audit_path
    k = split(size)
    if index < k:
        return joined(root_of_path(index, k, leaf, inner), last)
    return joined(last, root_of_path(index - k, size - k, leaf, inner))


def roots_of_proof(
    old: int, new: int, old_root: bytes, nodes: Sequence[bytes], known: bool = True
) -> tuple[bytes, bytes]:
    """The old and the new root that a consistency proof leads to, by SUBPROOF read backwards."""
    if old == new:
        if known:
            assert not nodes
            return old_root, old_root
        (node,) = nodes
        return node, node
    *inner, last = nodes
    k = split(new)
    if old <= k:
        of_old, of_new = roots_of_proof(old, k, old_root, inner, known)
        return of_old, joined(of_new, last)
    of_old, of_new = roots_of_proof(old - k, new - k, old_root, inner, False)
    return joined(last, of_old), joined(last, of_new)
