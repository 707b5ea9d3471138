"""Heads that a log does not have are explained by its restores, or are evidence against it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing

import pytest

from stenolog.compliance.compared_heads import EPOCHS_MAX, ComparedHeads
from stenolog.compliance.rows import VerifiedSoFar
from stenolog.compliance.tree_heads import TreeHead
from stenolog.errors import EvidenceError
from stenolog.log.canonical import leaf_hash
from stenolog.log.format import FIRST_EPOCH, UNBOUND, LogIdentity
from stenolog.log.merkle import Frontier
from stenolog.stores.sqlite.checks.scratch import SqliteScratch

FIRST = UNBOUND
SECOND = UNBOUND.restored(2, "second")
THIRD = UNBOUND.restored(3, "third")
COUNT = 40


def head(identity: LogIdentity, size: int, root: str = "") -> TreeHead:
    return TreeHead.of(identity, size=size, root=root or tree(size).root().hex(), time="then")


def tree(count: int) -> Frontier:
    return Frontier().extended(leaf_hash(str(n).encode()) for n in range(count))


def judged(restores: Mapping[int, LogIdentity], *heads: TreeHead) -> ComparedHeads:
    """What is said of heads beside a log of 40 events with these restores, by position."""
    with closing(SqliteScratch()) as scratch:
        compared = ComparedHeads(scratch)
        compared.keep(heads, [])
        verified = VerifiedSoFar(scratch=scratch, log_id=UNBOUND.log_id)
        for position in range(1, COUNT + 1):
            restored = restores.get(position)
            if restored is not None:
                verified.epoch = restored.epoch
                verified.epochs[restored.epoch] = restored.restore
            verified.frontier, _ = verified.frontier.grown([leaf_hash(str(position - 1).encode())])
            verified.count = position
            compared.compare(verified)
        compared.ended(verified)
        return compared


OTHER = "ab" * 32


def test_heads_of_restores_that_the_log_went_through_are_explained() -> None:
    compared = judged(
        {10: SECOND, 30: THIRD},
        head(FIRST, 9),
        head(FIRST, 20, OTHER),
        head(SECOND, 29),
        head(SECOND, 35, OTHER),
        head(FIRST, 99, OTHER),
        head(THIRD, 40),
    )
    assert (compared.covered, compared.explained, compared.count) == (40, 3, 6)


def test_heads_of_a_restore_that_was_itself_replaced_are_explained() -> None:
    """Restored from an old backup, then again from a newer one: that log knows of epoch 1 and 3."""
    left_behind = (head(SECOND, 12, OTHER), head(SECOND, 20, OTHER), head(SECOND, 60, OTHER))
    compared = judged({30: THIRD}, head(FIRST, 29), *left_behind, head(THIRD, 40))
    assert (compared.covered, compared.explained) == (40, 3)


@pytest.mark.parametrize(
    ("heads", "said"),
    [
        ([head(UNBOUND.restored(3, "another"), 35, OTHER)], "another restore of this log"),
        ([head(UNBOUND.restored(3, "another"), 99, OTHER)], "another restore of this log"),
        ([head(UNBOUND.restored(2, "another"), 15, OTHER)], "another restore of this log"),
        ([head(UNBOUND.restored(4, "fourth"), 35, OTHER)], "older than its last restore"),
        ([head(UNBOUND.restored(4, "fourth"), 99, OTHER)], "older than its last restore"),
        ([head(THIRD, 35, OTHER)], "from 1 to 35 was replaced"),
        ([head(FIRST, 5), head(FIRST, 9, OTHER)], "from 6 to 9 was replaced"),
        ([head(SECOND, 9, OTHER)], "from 1 to 9 was replaced"),
        ([head(THIRD, 41, OTHER)], "truncated"),
        ([head(LogIdentity(log_id="another"), 20, OTHER)], "of another log"),
        ([head(LogIdentity(log_id="another"), 99, OTHER)], "of another log"),
    ],
)
def test_what_no_restore_explains_is_evidence(heads: list[TreeHead], said: str) -> None:
    with pytest.raises(EvidenceError, match=said):
        judged({10: SECOND, 30: THIRD}, *heads)


def test_only_so_many_epochs_are_waited_for() -> None:
    strange = [
        head(UNBOUND.restored(FIRST_EPOCH + 1, str(number)), 20, OTHER)
        for number in range(EPOCHS_MAX + 1)
    ]
    with pytest.raises(EvidenceError, match="was replaced"):
        judged({}, *strange)
