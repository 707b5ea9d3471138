"""Proofs from kept nodes against the recursions of RFC 6962, and what is no proof is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from stenolog.log.canonical import leaf_hash
from stenolog.log.merkle import LEVELS_PER_TILE, Frontier, Place
from stenolog.log.proofs import (
    ConsistencyProof,
    InclusionProof,
    consistency_parts,
    continues,
    includes,
    inclusion_parts,
)
from stenolog.log.subtrees import Part, Span, hash_of, spans_for
from tests import rfc6962

SMALL = 70
EXHAUSTIVE = 36
LARGE = 65_536 + 3 * 256 + 5  # three levels of tiles, the last of each not full
TILE = 1 << LEVELS_PER_TILE


class Kept:
    """A tree of so many leaves, as a store keeps it."""

    def __init__(self, count: int) -> None:
        self.inputs = [str(number).encode() for number in range(count)]
        leaves = [leaf_hash(one) for one in self.inputs]
        self.frontier, completed = Frontier().grown(leaves)
        self.nodes: Mapping[Place, bytes] = {
            **{Place(0, number): leaf for number, leaf in enumerate(leaves)},
            **{node.place: node.hash for node in completed},
        }

    def hashes(self, parts: Sequence[Part]) -> tuple[bytes, ...]:
        """What `parts` hash to, with nothing but the nodes that were asked for."""
        return tuple(hash_of(part, self.read(spans_for(parts))) for part in parts)

    def read(self, spans: Sequence[Span]) -> Mapping[Place, bytes]:
        return {
            Place(span.level, number): self.nodes[Place(span.level, number)]
            for span in spans
            for number in range(span.first, span.last + 1)
        }

    def root(self, size: int) -> bytes:
        return self.hashes([Part(0, size)])[0]

    def inclusion(self, position: int, size: int) -> InclusionProof:
        return InclusionProof(
            position=position,
            size=size,
            leaf=self.nodes[Place(0, position - 1)],
            root=self.root(size),
            path=self.hashes(inclusion_parts(position - 1, size)),
        )

    def consistency(self, old: int, new: int) -> ConsistencyProof:
        return ConsistencyProof(
            from_size=old,
            to_size=new,
            from_root=self.root(old),
            to_root=self.root(new),
            path=self.hashes(consistency_parts(old, new)),
        )


small, large = Kept(SMALL), Kept(LARGE)
sizes = st.integers(1, SMALL)
# Where tiles begin and end, and anywhere between.
large_sizes = st.integers(1, LARGE) | st.sampled_from(
    [TILE - 1, TILE, TILE + 1, TILE**2 - 1, TILE**2, TILE**2 + 1, LARGE - 1, LARGE]
)


def test_every_proof_of_a_small_tree_is_that_of_rfc_6962() -> None:
    for size in range(1, EXHAUSTIVE + 1):
        leaves = small.inputs[:size]
        assert small.root(size) == rfc6962.tree_hash(leaves)
        for index in range(size):
            proof = small.inclusion(index + 1, size)
            assert list(proof.path) == rfc6962.path(index, leaves)
            assert includes(proof)
        for old in range(1, size + 1):
            continuing = small.consistency(old, size)
            assert list(continuing.path) == rfc6962.proof(old, leaves)
            assert continues(continuing)


@settings(max_examples=60, deadline=None)
@given(large_sizes, st.data())
def test_proofs_over_several_levels_of_tiles_lead_to_the_roots(
    size: int, data: st.DataObject
) -> None:
    before = data.draw(large_sizes.filter(lambda drawn: drawn <= size))
    including, continuing = large.inclusion(before, size), large.consistency(before, size)
    root = including.root
    assert rfc6962.root_of_path(before - 1, size, including.leaf, including.path) == root
    assert rfc6962.roots_of_proof(before, size, large.root(before), continuing.path) == (
        large.root(before),
        root,
    )
    assert includes(including)
    assert continues(continuing)


def test_the_root_over_kept_nodes_is_that_of_the_frontier() -> None:
    assert large.root(LARGE) == large.frontier.root()
    assert large.root(TILE**2) == rfc6962.tree_hash(large.inputs[: TILE**2])


@settings(deadline=None)
@given(large_sizes, st.data())
def test_a_proof_reads_less_than_a_tile_for_each_level(size: int, data: st.DataObject) -> None:
    before = data.draw(st.integers(1, size))
    parts = [*inclusion_parts(before - 1, size), *consistency_parts(before, size), Part(0, before)]
    spans = spans_for(parts)
    read = [Place(span.level, n) for span in spans for n in range(span.first, span.last + 1)]
    assert len(set(read)) == len(read)
    assert len(read) <= 3 * 2 * TILE
    assert {place.level % LEVELS_PER_TILE for place in read} <= {0}


@given(sizes, st.data())
def test_a_changed_proof_of_inclusion_is_refused(size: int, data: st.DataObject) -> None:
    proof = small.inclusion(data.draw(st.integers(1, size)), size)
    changed = data.draw(st.sampled_from(["position", "size", "leaf", "root", "path"]))
    match changed:
        case "position" | "size":
            before = getattr(proof, changed)
            value = data.draw(st.integers(-2, SMALL).filter(lambda drawn: drawn != before))
            other = replace(proof, **one_field(changed, value))
            # The same path may be that of the same leaf, in a tree of another shape: not its root.
            assert not includes(replace(other, root=other_root(other)))
        case "path":
            other = replace(proof, path=altered(proof.path, data))
        case _:
            other = replace(proof, **one_field(changed, flipped(getattr(proof, changed))))
    if changed not in ("position", "size"):
        assert not includes(other)


def other_root(proof: InclusionProof) -> bytes:
    """The root that a verifier has for this size; none is the root over nothing."""
    return small.root(proof.size) if 0 < proof.size <= SMALL else b""


@given(sizes, st.data())
def test_a_changed_proof_of_consistency_is_refused(size: int, data: st.DataObject) -> None:
    proof = small.consistency(data.draw(st.integers(1, size)), size)
    changed = data.draw(st.sampled_from(["from_size", "to_size", "from_root", "to_root", "path"]))
    match changed:
        case "from_size" | "to_size":
            before = getattr(proof, changed)
            value = data.draw(st.integers(-2, SMALL).filter(lambda drawn: drawn != before))
            other = replace(proof, **one_field(changed, value))
            ends = {"from_size": "from_root", "to_size": "to_root"}
            root = small.root(value) if 0 < value <= SMALL else b""
            other = replace(other, **one_field(ends[changed], root))
        case "path":
            other = replace(proof, path=altered(proof.path, data))
        case _:
            other = replace(proof, **one_field(changed, flipped(getattr(proof, changed))))
    assert not continues(other)


def one_field(name: str, value: Any) -> dict[str, Any]:
    return {name: value}


def altered(path: tuple[bytes, ...], data: st.DataObject) -> tuple[bytes, ...]:
    """A path with a hash more, a hash less, a hash changed, or two that changed places."""
    how = data.draw(st.sampled_from(["more", "less", "flip", "swap"]))
    at = data.draw(st.integers(0, max(len(path) - 1, 0)))
    if how == "less" and path:
        return path[:at] + path[at + 1 :]
    if how == "flip" and path:
        return (*path[:at], flipped(path[at]), *path[at + 1 :])
    if how == "swap" and len(path) > 1:
        return (*path[-1:], *path[:-1])
    return (*path[:at], bytes(32), *path[at:])


def flipped(value: bytes) -> bytes:
    return bytes([value[0] ^ 1]) + value[1:]
