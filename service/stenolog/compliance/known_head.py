"""Compare the log with its last tree head at the start: a log with another past does not start."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import structlog

from stenolog.compliance.lost_files import BEGUN, GO_BACK
from stenolog.compliance.proving import KeptNodes, consistency_proof
from stenolog.compliance.tree_heads import FILE_NAME, TreeHead, last_head
from stenolog.errors import CannotStart, RecordDamaged, StoreError, StoreUnavailable
from stenolog.log.event import Event
from stenolog.log.format import LogIdentity
from stenolog.log.merkle import Frontier, Place
from stenolog.log.store import EVENTS_PER_READ_MAX
from stenolog.log.subtrees import Span

GO_ON = (
    f"look at both with `stenolog log verify`, and {GO_BACK}; "
    f"a start without DATA_DIR/{FILE_NAME} compares nothing"
)

log = structlog.get_logger()


class ComparedLog(KeptNodes, Protocol):
    """The part of the log that is compared."""

    @property
    def identity(self) -> LogIdentity:
        """Which log this is, and in which epoch."""
        ...

    async def frontier(self) -> Frontier:
        """Return the tree over everything that is committed."""
        ...

    async def read(self, *, after: int = 0, limit: int = EVENTS_PER_READ_MAX) -> Sequence[Event]:
        """Return events behind position `after`, in order; raise `RecordDamaged` for a bad one."""
        ...


async def compared_head(events: ComparedLog, path: Path) -> TreeHead | None:
    """Return the last tree head of this log and epoch, which the log continues; None: none is.

    It takes the hashes of one proof. Only a log that does not fit its head is read in full, so that
    a damaged record is not taken for a rewritten past.

    Raises:
        CannotStart: The log is shorter than the head, or is another.
        StoreUnavailable: The log or the heads cannot be read now.
    """
    head = await asyncio.to_thread(last_head, path)
    tree = await events.frontier()
    if head is None:
        if tree.count > BEGUN:
            log.error("tree_heads.missing", events=tree.count)  # no head covers what is there
        return None
    wrong = contradiction(head, events.identity, tree)
    if wrong and (head.identity, head.size) == (events.identity, tree.count):
        await _judge_in_full(events, head, tree)
    elif wrong:
        raise CannotStart(f"{wrong}; {GO_ON}")
    if head.epoch < events.identity.epoch:
        return None  # nothing was written since the restore
    if not wrong and not await _continued(events, head, tree):
        await _judge_in_full(events, head, tree)
    return head


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


async def _judge_in_full(events: ComparedLog, head: TreeHead, tree: Frontier) -> None:
    """Tell a past that is another from damage, by all records.

    Raises:
        CannotStart: It is another, or the tree is damaged with which the log would go on.
    """
    log.info("log.compared_in_full", events=tree.count, head=head.size)
    grown, root = Frontier(), ""
    try:
        while grown.count < tree.count:
            ends = head.size if grown.count < head.size else tree.count
            grown = grown.extended(await _next_leaves(events, grown.count, ends))
            if grown.count == head.size:
                root = grown.root().hex()
    except StoreUnavailable:
        raise
    except StoreError as exc:
        position = exc.position if isinstance(exc, RecordDamaged) else grown.count + 1
        log.error("log.not_compared", position=position, head=head.size)
        return
    if root != head.root:
        raise CannotStart(
            f"log.db is not what it was: its first {head.size} events are others than those that "
            f"{FILE_NAME} knows since {head.time}; {GO_ON}"
        )
    if grown != tree:
        raise CannotStart(f"log.db: the tree's row is damaged, its events are not; {GO_ON}")
    log.error("log.nodes_damaged", events=tree.count)


async def _next_leaves(events: ComparedLog, after: int, until: int) -> Sequence[bytes]:
    """Return the leaf hashes of sound records behind `after`; the first is there, or it raises."""
    last = min(until, after + EVENTS_PER_READ_MAX) - 1
    leaves = await events.nodes([Span(level=0, first=after, last=last)])
    sound = await events.read(after=after, limit=len(leaves))
    return [leaves[Place(0, event.position - 1)] for event in sound]
