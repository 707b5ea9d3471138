"""Compare the log with its tree heads while it is recomputed, and say how far they reach."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stenolog.compliance.rows import VerifiedSoFar
from stenolog.compliance.scratch import KnownHead, Scratch
from stenolog.compliance.tree_heads import TreeHead
from stenolog.errors import EvidenceError


class ComparedHeads:
    """Follows the tree as it grows; every head is compared when the tree has its size.

    Attributes:
        count: How many were compared, or looked at in the end.
        covered: The greatest size of which a head agreed.
        covered_elsewhere: The same, of heads that were kept elsewhere.
        explained: How many are of what a restore left behind.
        unreadable: How many lines are no heads.
    """

    def __init__(self, scratch: Scratch) -> None:
        """`keep` comes before the first comparison."""
        self.count = 0
        self.covered = 0
        self.covered_elsewhere = 0
        self.explained = 0
        self.unreadable = 0
        self._scratch = scratch
        self._heads: Iterator[KnownHead] = iter(())
        self._next: KnownHead | None = None

    def keep(self, heads: Iterable[TreeHead | None], elsewhere: Iterable[TreeHead]) -> None:
        """Take all heads, in any order; None stands for a line that is none."""
        for head in heads:
            if head is None:
                self.unreadable += 1
            else:
                self._scratch.add_head(KnownHead(head=head, elsewhere=False))
        for head in elsewhere:
            self._scratch.add_head(KnownHead(head=head, elsewhere=True))
        self._heads = self._scratch.heads()
        self._turn()

    def compare(self, verified: VerifiedSoFar) -> None:
        """Check that the root is that of every head of this size.

        What came after the backup from which a log was restored is of an older epoch, and is not
        there any more: heads over it are counted as explained.

        Raises:
            EvidenceError: It is not; what an earlier head covers is proven.
        """
        size = verified.frontier.count
        if self._next is None or self._next.head.size > size:
            return
        root = verified.frontier.root().hex()
        agreed, agreed_elsewhere = self.covered, self.covered_elsewhere
        while self._next is not None and self._next.head.size == size:
            head, where = self._next.head, _where(self._next)
            first = self.covered + 1
            if verified.log_id and head.log_id != verified.log_id:
                raise EvidenceError(f"the tree head of {where} is of another log", first)
            if head.root == root:
                agreed = size
                agreed_elsewhere = size if self._next.elsewhere else agreed_elsewhere
            elif head.epoch >= verified.epoch:
                raise EvidenceError(
                    f"the tree head of {where} over {size} events is another: "
                    f"a record from {first} to {size} was replaced",
                    first,
                )
            else:
                self.explained += 1
            self._turn()
        self.covered, self.covered_elsewhere = agreed, agreed_elsewhere

    def ended(self, verified: VerifiedSoFar) -> None:
        """Check that no head is over more events than there are.

        Raises:
            EvidenceError: One is, and no restore explains it.
        """
        while self._next is not None:
            head = self._next.head
            if verified.log_id and head.log_id != verified.log_id:
                where = _where(self._next)
                raise EvidenceError(f"the tree head of {where} is of another log", self.covered + 1)
            if head.epoch >= verified.epoch:
                count = verified.frontier.count
                raise EvidenceError(
                    f"the log ends after {count} events, but had {head.size} "
                    f"at {_where(self._next)}: it was truncated",
                    count + 1,
                )
            self.explained += 1
            self._turn()

    def _turn(self) -> None:
        self._next = next(self._heads, None)
        self.count += self._next is not None


def _where(known: KnownHead) -> str:
    return f"{known.head.time} (kept elsewhere)" if known.elsewhere else known.head.time
