"""Recompute the log from its bytes, and report the first record that is wrong or missing.

It needs read access only, and no running service.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from stenolog.compliance.data_keys import MasterKey
from stenolog.compliance.records import Records, StoredTree, every_row
from stenolog.compliance.rows import (
    VerifiedSoFar,
    check_payload,
    check_row,
)
from stenolog.compliance.tree_heads import TreeHead
from stenolog.errors import EvidenceError, StoreError
from stenolog.log.merkle import Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was verified.

    Attributes:
        count: Events, all of them recomputed.
        root: The Merkle root over them, in hex.
        payloads: Payloads that were opened and match their commitments.
        erased: Payloads whose key is gone, each in a stream whose erasure was requested.
        heads: Tree heads that were compared.
        unchecked: Sentences on what could not be checked.
    """

    count: int
    root: str
    payloads: int
    erased: int
    heads: int
    unchecked: tuple[str, ...]


def verify(
    records: Records, master: MasterKey | None, heads: Sequence[TreeHead], unreadable_heads: int = 0
) -> Verdict:
    """Recompute everything that the log promises.

    Without `master` payloads are not opened, and the verdict says so.

    Raises:
        EvidenceError: Something is not what it was; its `position` is the first that is wrong.
    """
    tree = read_tree(records)
    verified = VerifiedSoFar()
    by_size: dict[int, list[TreeHead]] = {}
    for head in heads:
        by_size.setdefault(head.size, []).append(head)
    agreed = 0
    try:
        check_heads(by_size.get(0, ()), verified, agreed)
        for row in every_row(records, tree.count):
            event = check_row(row, verified)
            check_payload(row, event, records, master, verified)
            verified.frontier, completed = verified.frontier.grown([row.leaf])
            verified.nodes += check_nodes(completed, records)
            if row.position in by_size:
                check_heads(by_size[row.position], verified, agreed)
                agreed = row.position
        check_identity(records, verified)
        check_end(tree, verified, heads, agreed)
    except EvidenceError as exc:
        raise verified.erased.first_wrong(exc, records) from exc
    verified.erased.settled()
    return Verdict(
        count=tree.count,
        root=verified.frontier.root().hex(),
        payloads=verified.payloads,
        erased=verified.erased.payloads,
        heads=len(heads),
        unchecked=tuple(_unchecked(master, heads, unreadable_heads)),
    )


def read_tree(records: Records) -> StoredTree:
    """Read the stored tree, and check that it is one.

    Raises:
        EvidenceError: It is not.
    """
    try:
        tree = records.tree()
    except StoreError as exc:
        raise EvidenceError(f"the tree cannot be read: {exc}", 1) from exc
    if tree.count < 0:
        raise EvidenceError("the stored tree is missing or damaged", 1)
    if tree.first < 1:
        raise EvidenceError("a record stands before the first position", 1)
    return tree


def check_heads(heads: Iterable[TreeHead], verified: VerifiedSoFar, agreed: int) -> None:
    """Check that the root is the one recorded when the log had this many events.

    What came after the backup from which a log was restored is of an older epoch, and is not there
    any more: heads over it are passed over.

    Raises:
        EvidenceError: It is not; positions up to `agreed` are proven by an earlier head.
    """
    root = verified.frontier.root().hex()
    for head in heads:
        if verified.log_id and head.log_id != verified.log_id:
            raise EvidenceError(f"the tree head of {head.time} is of another log", agreed + 1)
        if head.root != root and head.epoch >= verified.epoch:
            raise EvidenceError(
                f"the tree head of {head.time} over {head.size} events is another: "
                f"a record from {agreed + 1} to {head.size} was replaced",
                agreed + 1,
            )


def check_nodes(completed: Sequence[Node], records: Records) -> int:
    """Check that these nodes, recomputed from the records, are those that are kept; count them.

    Raises:
        EvidenceError: One is another, or is missing.
    """
    for node in completed:
        first = node.place.number << node.place.level
        try:
            kept = records.node(node.place)
        except StoreError as exc:
            raise EvidenceError(f"a node of the tree cannot be read: {exc}", first + 1) from exc
        if kept != node.hash:
            raise EvidenceError(
                f"the node of the tree over the events from {first + 1} to "
                f"{first + (1 << node.place.level)} is missing or is not that of these events",
                first + 1,
            )
    return len(completed)


def check_identity(records: Records, verified: VerifiedSoFar) -> None:
    """Check that the file says which log it is, and in which epoch, as its events do.

    Raises:
        EvidenceError: It does not.
    """
    said = records.identity
    if said is None or (said.log_id, said.epoch) != (verified.log_id, verified.epoch):
        raise EvidenceError("the file says that it is another log, or another epoch of it", 1)


def check_end(
    tree: StoredTree, verified: VerifiedSoFar, heads: Iterable[TreeHead], agreed: int
) -> None:
    """Check that nothing is missing at the end, and that the tree covers all that is there.

    Raises:
        EvidenceError: Something does.
    """
    if tree.last > tree.count:
        raise EvidenceError("a record stands beyond the end of the tree", tree.count + 1)
    if tree.nodes != verified.nodes:
        raise EvidenceError("the stored tree has nodes that no events have", tree.count)
    if tree.frontier != verified.frontier.to_bytes():
        raise EvidenceError(
            "the stored tree is not the tree of the stored events",
            max(min(agreed + 1, tree.count), 1),
        )
    beyond = [head for head in heads if head.size > tree.count and head.epoch >= verified.epoch]
    if beyond:
        raise EvidenceError(
            f"the log ends after {tree.count} events, but had {beyond[0].size} "
            f"at {beyond[0].time}: it was truncated",
            tree.count + 1,
        )


def _unchecked(
    master: MasterKey | None, heads: Sequence[TreeHead], unreadable: int
) -> Iterator[str]:
    if master is None:
        yield "payloads were not opened: the master key is not here"
    if not heads:
        yield "truncation at the end cannot be seen: there are no tree heads"
    if unreadable:
        yield f"{unreadable} lines of the tree heads are not readable"
