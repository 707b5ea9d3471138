"""Compare the log with its tree heads while it is recomputed, and say how far they reach."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stenolog.clock import microseconds
from stenolog.compliance.rows import VerifiedSoFar
from stenolog.compliance.scratch import KnownHead, Scratch
from stenolog.compliance.tree_heads import TreeHead
from stenolog.errors import EvidenceError
from stenolog.log.event import Event
from stenolog.log.events.logs import ClockJumped
from stenolog.log.format import LogIdentity

EPOCHS_MAX = 1_000  # of which the log says nothing yet; beyond so many a head is not explained


class ComparedHeads:
    """Follows the tree as it grows; every head is compared when the tree has its size.

    Attributes:
        count: How many were compared, or looked at in the end.
        covered: The greatest size of which a head agreed.
        covered_elsewhere: The same, of heads that were kept elsewhere.
        uncovered_us: When the first event was appended that none covers, by the clock that events
            have now, in microseconds; 0 without one.
        jumped_ms_max: How far that clock has ever jumped, either way.
        explained: How many are of what a restore left behind.
        unreadable: How many lines are no heads.
        incomparable: How many are over events among which a hash is lost.
    """

    def __init__(self, scratch: Scratch) -> None:
        """`keep` comes before the first comparison."""
        self.count = 0
        self.covered = 0
        self.covered_elsewhere = 0
        self.uncovered_us = 0
        self.jumped_ms_max = 0
        self.explained = 0
        self.unreadable = 0
        self.incomparable = 0
        self._scratch = scratch
        self._heads: Iterator[KnownHead] = iter(())
        self._next: KnownHead | None = None
        # The first head of each epoch that the log did not go through, as far as it is read.
        self._unexplained: dict[LogIdentity, tuple[KnownHead, int]] = {}

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
        size = verified.count
        if self._next is None or self._next.head.size > size:
            return
        if verified.hole_until:
            while self._next is not None and self._next.head.size == size:
                self.incomparable += 1
                self._turn()
            return
        root = verified.frontier.root().hex()
        agreed, agreed_elsewhere = self.covered, self.covered_elsewhere
        while self._next is not None and self._next.head.size == size:
            self._check_log(self._next, verified)
            if self._next.head.root == root:
                agreed = size
                agreed_elsewhere = size if self._next.elsewhere else agreed_elsewhere
            else:
                self._disagrees(self._next, verified)
            self._turn()
        self.covered, self.covered_elsewhere = agreed, agreed_elsewhere

    def passed(self, event: Event) -> None:
        """Note since when events are covered by no head; they are compared in order."""
        if self.covered >= event.position:
            self.uncovered_us = 0
        if event.type == ClockJumped.type:
            off_ms = int(event.data["off_ms"])
            self.jumped_ms_max = max(self.jumped_ms_max, abs(off_ms))
            if self.uncovered_us and event.data["reason"] == "agreed":
                # While it was open: what stands before was appended that much later by this clock.
                self.uncovered_us += max(0, off_ms) * 1_000
        if self.covered < event.position and not self.uncovered_us:
            self.uncovered_us = microseconds(event.time)

    def ended(self, verified: VerifiedSoFar) -> None:
        """Check that no head is left that neither the log has nor a restore explains.

        Raises:
            EvidenceError: One is, and no restore explains it.
        """
        for known, first in self._unexplained.values():
            self._judge(known, first, verified)
        while self._next is not None:
            self._check_log(self._next, verified)
            self._judge(self._next, verified.count + 1, verified)
            self.explained += 1
            self._turn()

    def _check_log(self, known: KnownHead, verified: VerifiedSoFar) -> None:
        if verified.log_id and known.head.log_id != verified.log_id:
            raise EvidenceError(
                f"the tree head of {_where(known)} is of another log", self.covered + 1
            )

    def _disagrees(self, known: KnownHead, verified: VerifiedSoFar) -> None:
        """Say so at once, or at the end when only the rest of the log tells of the head's epoch."""
        head, first = known.head, self.covered + 1
        if head.identity == verified.identity or len(self._unexplained) >= EPOCHS_MAX:
            raise _replaced(known, first)
        if not verified.went_through(head.identity):
            self._unexplained.setdefault(head.identity, (known, first))
        self.explained += 1

    def _judge(self, known: KnownHead, first: int, verified: VerifiedSoFar) -> None:
        """Check that a restore explains a head that the log does not have, now that all is read.

        Raises:
            EvidenceError: None does.
        """
        head, where, count = known.head, _where(known), verified.count
        if head.size > count and head.identity == verified.identity:
            raise EvidenceError(
                f"the log ends after {count} events, but had {head.size} at {where}: it was "
                "truncated",
                first,
            )
        if head.epoch > verified.epoch:
            raise EvidenceError(
                f"the tree head of {where} is of epoch {head.epoch}, the log of epoch "
                f"{verified.epoch}: the log is older than its last restore",
                first,
            )
        if head.epoch in verified.epochs and not verified.went_through(head.identity):
            raise EvidenceError(
                f"the tree head of {where} is of another restore of this log (both have epoch "
                f"{head.epoch})",
                first,
            )
        if head.size <= count and verified.went_through(head.identity):
            raise _replaced(known, first)

    def _turn(self) -> None:
        self._next = next(self._heads, None)
        self.count += self._next is not None


def _replaced(known: KnownHead, first: int) -> EvidenceError:
    size = known.head.size
    return EvidenceError(
        f"the tree head of {_where(known)} over {size} events is another: "
        f"a record from {first} to {size} was replaced",
        first,
    )


def _where(known: KnownHead) -> str:
    return f"{known.head.time} (kept elsewhere)" if known.elsewhere else known.head.time
