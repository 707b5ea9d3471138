"""Compare the log with its last tree head at the start: a log with another past does not start."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import structlog

from stenolog.compliance.accepted_damage import ReadLog, accepted_damage
from stenolog.compliance.full_comparison import Compared, ReadLeaves, compared_in_full
from stenolog.compliance.lost_files import BEGUN, GO_BACK
from stenolog.compliance.proving import KeptNodes, consistency_proof
from stenolog.compliance.tree_heads import FILE_NAME, TreeHead, last_head
from stenolog.errors import CannotStart, StoreError, StoreUnavailable
from stenolog.log.format import LogIdentity
from stenolog.log.merkle import Frontier

GO_ON = (
    f"look at both with `stenolog log verify`, and {GO_BACK}; "
    f"a start without DATA_DIR/{FILE_NAME} compares nothing"
)

HELD_ADVICE = (
    "no tree head is written until each is accepted: stop the service, look at it with `stenolog "
    f"log verify`, and either {GO_BACK} or `stenolog log accept-damage POSITION ...`"
)
MENDED_ADVICE = "none for the log: they follow from its records; look at the disk"
POSITIONS_TOLD_MAX = 20

log = structlog.get_logger()


class ComparedLog(KeptNodes, ReadLeaves, ReadLog, Protocol):
    """The part of the log that is compared."""

    async def frontier(self) -> Frontier:
        """Return the tree over everything that is committed."""
        ...

    async def mend_nodes(self) -> int | None:
        """Write the tree's nodes anew where they are not those of its leaves; count them.

        None, and nothing is written: the leaves do not lead to the tree.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a log is known to have been.

    Attributes:
        head: The last tree head of this log and epoch, which the log continues; None: none is.
        held: Whether no head may follow it: records are damaged, and no human has seen it.
    """

    head: TreeHead | None
    held: bool = False


async def compared_head(events: ComparedLog, path: Path) -> Known:
    """Compare the log with its last tree head, by the hashes of one proof.

    A log that does not fit its head is read in full, so that a damaged record is not taken for a
    rewritten past, nor hides one. Nodes of the tree that are damaged are then written anew.

    Raises:
        CannotStart: The log is shorter than the head, or is another.
        StoreUnavailable: The log or the heads cannot be read now.
    """
    head = await asyncio.to_thread(last_head, path)
    tree = await events.frontier()
    if head is None:
        if tree.count > BEGUN:
            log.error("tree_heads.missing", events=tree.count)  # no head covers what is there
        return Known(head=None)
    wrong = contradiction(head, events.identity, tree)
    if wrong and (head.identity, head.size) != (events.identity, tree.count):
        raise CannotStart(f"{wrong}; {GO_ON}")
    if not wrong and head.epoch < events.identity.epoch:
        return Known(head=None)  # nothing was written since the restore
    if not wrong and await _continued(events, head, tree):
        return Known(head=head)
    log.info("log.compared_in_full", events=tree.count, head=head.size)
    advice = f"those that {FILE_NAME} knows since {head.time}; {GO_ON}"
    accepted = await accepted_damage(events)
    found = await compared_in_full(
        events, head.size, head.root, tree, accepted=accepted, advice=advice
    )
    if wrong:
        raise CannotStart(f"{wrong}; {GO_ON}")  # whatever is damaged, the log has another tree
    if not found.decided:
        first = min(found.unseen[:1] + found.seen[:1])
        log.error("log.not_compared", position=first, head=head.size, advice=GO_ON)
    elif mended := await events.mend_nodes():
        log.warning("log.nodes_mended", nodes=mended, advice=MENDED_ADVICE)
    return Known(head=head, held=_is_held(found))


def _is_held(found: Compared) -> bool:
    """Tell whether a record is damaged that no human has seen, and say so."""
    if found.unseen:
        log.error(
            "tree_heads.held",
            damaged=list(found.unseen[:POSITIONS_TOLD_MAX]),
            records=len(found.unseen),
            more=found.more_unseen,
            advice=HELD_ADVICE,
        )
        return True
    if not found.seen:
        return False
    log.warning(
        "log.damage_accepted",
        damaged=list(found.seen[:POSITIONS_TOLD_MAX]),
        advice="none is needed: a human has seen it, and what stood there stays unreadable",
    )
    return False


def contradiction(head: TreeHead, identity: LogIdentity | None, tree: Frontier) -> str:
    """Say how a head and a log cannot belong together, from the log's tree alone; else empty."""
    if identity is None or head.log_id != identity.log_id:
        return f"{FILE_NAME} is of another log than log.db: they do not belong together"
    if head.epoch > identity.epoch:
        return (
            f"log.db is of epoch {identity.epoch}, {FILE_NAME} of {head.epoch}: it is older than "
            "the last restore"
        )
    if head.epoch == identity.epoch and head.restore != identity.restore:
        return (
            f"log.db and {FILE_NAME} are of two restores of one log (both in epoch {head.epoch}): "
            "what they have in common ends there"
        )
    if head.epoch < identity.epoch:
        return ""  # a restored log need not continue what came before
    if head.size > tree.count:
        return (
            f"log.db has {tree.count} events, {FILE_NAME} knows of {head.size} at {head.time}: its "
            "end is lost"
        )
    if head.size == tree.count and head.root != tree.root().hex():
        return f"log.db has other events than those that {FILE_NAME} knows since {head.time}"
    return ""


async def _continued(events: ComparedLog, head: TreeHead, tree: Frontier) -> bool:
    if head.size in (0, tree.count):
        return True  # by the tree's row alone
    try:
        proof = await consistency_proof(events, head.size, tree.count)
    except StoreUnavailable:
        raise
    except StoreError:
        return False  # a node is missing or damaged
    return (proof.from_root.hex(), proof.to_root) == (head.root, tree.root())
