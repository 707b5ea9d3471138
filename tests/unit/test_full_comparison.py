"""A log of which more records are damaged than are named is compared, and accepted, in full."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from stenolog.compliance.full_comparison import DAMAGED_NAMED_MAX, StoredLeaf, compared_in_full
from stenolog.log.canonical import leaf_hash
from stenolog.log.merkle import Frontier

EVENTS = DAMAGED_NAMED_MAX + 2


class Leaves:
    """A log of which every record is damaged; its hashes are there."""

    hashes = tuple(leaf_hash(str(number).encode()) for number in range(EVENTS))

    async def leaves(self, *, after: int, until: int) -> Sequence[StoredLeaf]:
        return [
            StoredLeaf(position=position, damaged=True, hashes=(self.hashes[position - 1],))
            for position in range(after + 1, until + 1)
        ]


@pytest.mark.parametrize(
    ("accepted", "unseen", "more"),
    [
        (range(1, EVENTS + 1), 0, False),
        (range(2, EVENTS), 2, False),
        (range(2), DAMAGED_NAMED_MAX, True),
    ],
)
async def test_only_damage_that_nobody_has_seen_counts(
    accepted: range, unseen: int, more: bool
) -> None:
    tree = Frontier().extended(Leaves.hashes)
    root = tree.root().hex()
    found = await compared_in_full(Leaves(), EVENTS, root, tree, accepted=accepted, advice="")
    assert (found.decided, len(found.unseen), found.more_unseen) == (True, unseen, more)
    assert bool(found.seen)
