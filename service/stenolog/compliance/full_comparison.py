"""Compare the log with a tree head by all of its records, so that damage is told from forgery."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from stenolog.errors import CannotStart
from stenolog.log.merkle import Frontier
from stenolog.log.store import EVENTS_PER_READ_MAX

DAMAGED_NAMED_MAX = 1_000
TREES_MAX = 16  # four damaged records of which nobody can tell what their hash was


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLeaf:
    """What a record says of its leaf hash.

    Attributes:
        damaged: The record is not what was appended.
        hashes: What the leaf may have been, the stored one first. One for a sound record; for a
            damaged one also the hash of its bytes; none when nothing is left.
    """

    position: int
    damaged: bool
    hashes: tuple[bytes, ...]


class ReadLeaves(Protocol):
    """The part of the log that is compared."""

    async def leaves(self, *, after: int, until: int) -> Sequence[StoredLeaf]:
        """Return what stands at each position in (after, until], in order.

        Raises:
            StoreUnavailable: The log cannot be read now.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What all records say.

    Attributes:
        decided: The log continues the head. False: records are damaged so that nobody can tell.
        unseen: Positions of damaged records that no human has seen, a thousand at most.
        more_unseen: There are others.
        seen: Positions of those that one has, a thousand at most.
    """

    decided: bool
    unseen: tuple[int, ...]
    more_unseen: bool
    seen: tuple[int, ...]


async def compared_in_full(
    log: ReadLeaves,
    size: int,
    root: str,
    tree: Frontier,
    *,
    accepted: Collection[int] = (),
    advice: str,
) -> Compared:
    """Compare the log, whose tree is `tree`, with its root over the first `size` events.

    `accepted` are positions of which a human has seen the damage; it changes no comparison.

    A damaged record counts with its stored hash, or with that of its bytes: whichever leads to the
    root. Where neither does, and the log's own tree has neither, its hash is lost.

    Raises:
        CannotStart: The log is another, or its tree is damaged; the message ends with `advice`:
            "those that ...", and how to go on.
        StoreUnavailable: The log cannot be read now.
    """
    found = _Damaged(accepted)
    old = await _grown([Frontier()], log, 0, size, found)
    agreeing = [grown for grown in old if grown.root().hex() == root]
    if not (agreeing or found.count):
        raise CannotStart(_is_another(size, advice))
    before = found.count
    whole = await _grown(agreeing or old, log, size, tree.count, found)
    if tree in whole and not agreeing:
        # Every hash is there, and together they are the log's own tree: nothing was lost.
        raise CannotStart(_is_another(size, advice))
    if agreeing and tree not in whole and found.count == before:
        raise CannotStart(f"log.db: the tree's row is damaged: its events are {advice}")
    return Compared(
        decided=bool(agreeing) and tree in whole,
        unseen=tuple(found.unseen),
        more_unseen=found.more_unseen,
        seen=tuple(found.seen),
    )


def _is_another(size: int, advice: str) -> str:
    return f"log.db is not what it was: its first {size} events are others than {advice}"


class _Damaged:
    """Counts damaged records, and remembers the first of them."""

    def __init__(self, accepted: Collection[int]) -> None:
        self.count = 0
        self.unseen: list[int] = []
        self.more_unseen = False
        self.seen: list[int] = []
        self._accepted = accepted

    def add(self, position: int) -> None:
        self.count += 1
        accepted = position in self._accepted
        positions = self.seen if accepted else self.unseen
        if len(positions) < DAMAGED_NAMED_MAX:
            positions.append(position)
        elif not accepted:
            self.more_unseen = True


async def _grown(
    trees: Sequence[Frontier], log: ReadLeaves, after: int, until: int, damaged: _Damaged
) -> Sequence[Frontier]:
    """Return what these trees over `after` events may have become; none when a hash is lost."""
    while after < until:
        ends = min(until, after + EVENTS_PER_READ_MAX)
        sound: list[bytes] = []
        for leaf in await log.leaves(after=after, until=ends):
            if not leaf.damaged:
                sound += leaf.hashes
                continue
            damaged.add(leaf.position)
            trees = _branched([tree.extended(sound) for tree in trees], leaf.hashes)
            sound = []
        trees = [tree.extended(sound) for tree in trees]
        after = ends
    return trees


def _branched(trees: Sequence[Frontier], hashes: Sequence[bytes]) -> Sequence[Frontier]:
    """Return the trees with one more leaf, which is one of these."""
    if len(trees) * len(hashes) > TREES_MAX:
        hashes = hashes[:1]
    return [tree.extended([leaf]) for tree in trees for leaf in hashes]
