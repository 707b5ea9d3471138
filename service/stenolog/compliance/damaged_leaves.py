"""Find the hash that a damaged record had, and go on with the tree where it is lost.

Of a damaged record there are two hashes, the one beside it and that of its bytes, and either may be
damaged. The node that is kept over its 256 events tells which it was; at the log's end, the
frontier does. Where both are lost the node stands for all 256.
"""

from __future__ import annotations

from collections.abc import Sequence

from stenolog.compliance.records import Records
from stenolog.compliance.rederived import check_nodes
from stenolog.compliance.rows import VerifiedSoFar
from stenolog.errors import StoreError
from stenolog.log.canonical import leaf_hash
from stenolog.log.merkle import HASH_BYTES, LEVELS_PER_TILE, Frontier, Place

TREES_MAX = 16  # four damaged records under one node of which two hashes are tried
NEVER = 1 << 62  # a position that no log reaches


def leaf_of_damaged(records: Records, position: int, frontier: Frontier) -> bytes | None:
    """Return the hash of the damaged record behind this frontier; None: it is lost.

    Raises:
        StoreUnavailable: The tree's row cannot be read.
    """
    place, stored = _block_of(position), records.tree()
    begins, ends = place.number << place.level, (place.number + 1) << place.level
    before = begins.bit_count()
    within = Frontier(count=frontier.count - begins, roots=frontier.roots[before:])
    grown = [(within, b"")]
    for after in range(position - 1, min(ends, stored.count)):
        hashes = _hashes(records, after + 1)
        tried = hashes if len(grown) * len(hashes) <= TREES_MAX else hashes[:1]
        grown = [(tree.extended([leaf]), first or leaf) for tree, first in grown for leaf in tried]
    wanted = _node(records, place) if ends <= stored.count else stored.frontier
    larger = b"" if ends <= stored.count else b"".join(frontier.roots[:before])
    return next((first for tree, first in grown if larger + tree.to_bytes() == wanted), None)


def grow(position: int, leaf: bytes | None, records: Records, verified: VerifiedSoFar) -> None:
    """Count the record at this position, and let the tree grow by its hash; None: it is lost."""
    verified.count = position
    if leaf is not None and not verified.hole_until:
        verified.frontier, completed = verified.frontier.grown([leaf])
        check_nodes(completed, records, verified)
        return
    place = _block_of(position)
    verified.hole_until = verified.hole_until or (place.number + 1) << place.level
    if position < verified.hole_until:
        return
    node = _node(records, place)
    if node is None:
        verified.hole_until = NEVER
        return
    verified.frontier, completed = verified.frontier.grown_over(place, node)
    verified.hole_until = 0
    check_nodes(completed, records, verified)


def _hashes(records: Records, position: int) -> Sequence[bytes]:
    """Return what the leaf there may have been, the stored one first; none when nothing is left."""
    try:
        rows = records.rows(position - 1, position)
    except StoreError:
        return ()
    hashes = [one for row in rows for one in (row.leaf, leaf_hash(row.stored))]
    return list(dict.fromkeys(one for one in hashes if len(one) == HASH_BYTES))


def _node(records: Records, place: Place) -> bytes | None:
    try:
        node = records.node(place)
    except StoreError:
        return None
    return node if node is not None and len(node) == HASH_BYTES else None


def _block_of(position: int) -> Place:
    return Place(LEVELS_PER_TILE, (position - 1) >> LEVELS_PER_TILE)
