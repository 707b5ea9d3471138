"""Roots and proofs are those of RFC 6962's own recursion, in all of its sizes up to a thousand."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache

import pytest

from stenolog.log.merkle import Frontier
from stenolog.log.proofs import (
    consistency_parts,
    consistency_roots,
    inclusion_parts,
    root_from_inclusion,
)
from stenolog.log.subtrees import Part
from tests import rfc6962

SIZES = 1_000
PARTS = 4  # each a test of some seconds
LEAVES = [rfc6962.leaf_of(number.to_bytes(4, "big")) for number in range(SIZES)]


@cache
def tree_hash(begin: int, end: int) -> bytes:
    """Section 2.1, MTH over leaf hashes."""
    if end - begin < 2:
        return LEAVES[begin] if end > begin else hashlib.sha256(b"").digest()
    k = begin + rfc6962.split(end - begin)
    return rfc6962.joined(tree_hash(begin, k), tree_hash(k, end))


def path(index: int, begin: int, end: int) -> list[bytes]:
    """Section 2.1.1, PATH."""
    if end - begin == 1:
        return []
    k = begin + rfc6962.split(end - begin)
    if index < k:
        return [*path(index, begin, k), tree_hash(k, end)]
    return [*path(index, k, end), tree_hash(begin, k)]


def subproof(old: int, begin: int, end: int, known: bool) -> list[bytes]:
    """Section 2.1.2, SUBPROOF."""
    if old == end:
        return [] if known else [tree_hash(begin, end)]
    k = begin + rfc6962.split(end - begin)
    if old <= k:
        return [*subproof(old, begin, k, known), tree_hash(k, end)]
    return [*subproof(old, k, end, False), tree_hash(begin, k)]


def hashes(parts: Sequence[Part]) -> list[bytes]:
    return [tree_hash(part.begin, part.end) for part in parts]


@pytest.mark.parametrize("part", range(PARTS))
def test_every_size_has_the_roots_and_proofs_of_the_recursion(part: int) -> None:
    grown = Frontier()
    for size in range(1, SIZES + 1):
        grown = grown.extended(LEAVES[size - 1 : size])
        if size % PARTS != part:
            continue
        root = tree_hash(0, size)
        assert grown.root() == root
        for index in {0, size // 3, size // 2, size - 2, size - 1} & set(range(size)):
            audit = path(index, 0, size)
            assert hashes(inclusion_parts(index, size)) == audit
            assert root_from_inclusion(index, size, LEAVES[index], audit) == root
        for old in {1, 2, size // 3, size // 2, size - 1, size} & set(range(1, size + 1)):
            proof = subproof(old, 0, size, True)
            assert hashes(consistency_parts(old, size)) == proof
            whole = tree_hash(0, old)
            assert consistency_roots(old, size, proof, whole) == (whole, root)
