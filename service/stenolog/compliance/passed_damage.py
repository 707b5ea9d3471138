"""Pass over records whose damage a human has accepted, so that it hides nothing behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from stenolog.compliance.damaged_leaves import grow, leaf_of_damaged
from stenolog.compliance.records import NoRow, Records, StoredRow
from stenolog.compliance.rows import VerifiedSoFar, check_row
from stenolog.compliance.verdict import AcceptedDamage
from stenolog.errors import EvidenceError
from stenolog.log.canonical import leaf_hash
from stenolog.log.event import Event, event_from_bytes

NAMED_MAX = 1_000


@dataclass(slots=True)
class PassedDamage:
    """What was passed over.

    Attributes:
        accepted: When a human has accepted the damage at each of these positions.
        named: What was found at some of them, the first thousand.
        count: How many there were.
    """

    accepted: Mapping[int, str]
    named: list[AcceptedDamage] = field(default_factory=list)
    count: int = 0

    def note(self, found: EvidenceError) -> None:
        """Note what was found at an accepted position.

        Raises:
            EvidenceError: `found`, which nobody has accepted.
        """
        at = self.accepted.get(found.position)
        if at is None:
            raise found
        if self.named and self.named[-1].position == found.position:
            return
        self.count += 1
        if len(self.named) < NAMED_MAX:
            said = AcceptedDamage(position=found.position, reason=str(found), accepted_at=at)
            self.named.append(said)

    def event_at(self, row: StoredRow | NoRow, verified: VerifiedSoFar) -> Event | None:
        """Return the event of a row, checked; None: it says nothing, and a human has accepted it.

        Raises:
            EvidenceError: It is not what must stand there, and nobody has accepted it.
            SchemaTooNew: The log was begun in a newer format.
        """
        if isinstance(row, NoRow):
            self.note(EvidenceError(row.reason, row.position))
            return None
        try:
            return check_row(row, verified)
        except EvidenceError as exc:
            self.note(exc)
        alone = _as_bytes_say(row)
        try:
            return None if alone is None else check_row(alone, verified)
        except EvidenceError:
            return None

    def grow(
        self, row: StoredRow | NoRow, event: Event | None, records: Records, verified: VerifiedSoFar
    ) -> None:
        """Let the tree grow by a row that was looked at, whose event is None where it says nothing.

        Raises:
            StoreUnavailable: The tree's row cannot be read.
        """
        if event is not None and isinstance(row, StoredRow):
            grow(row.position, row.leaf, records, verified)
            return
        verified.unread.add(row.position)
        if row.position == 1 and records.identity is not None:
            verified.log_id = records.identity.log_id  # the file alone says which log it is
        leaf = None
        if not verified.hole_until:
            leaf = leaf_of_damaged(records, row.position, verified.frontier)
        grow(row.position, leaf, records, verified)


def _as_bytes_say(row: StoredRow) -> StoredRow | None:
    """Return the row with the columns that its bytes have; None: they are no event, either."""
    if leaf_hash(row.stored) != row.leaf:
        return None
    try:
        event = event_from_bytes(row.stored)
    except (ValueError, TypeError):
        return None
    return replace(
        row,
        id=event.id,
        stream=event.stream,
        version=event.version,
        tenant=event.tenant,
        sequence=event.sequence,
        type=event.type,
    )
