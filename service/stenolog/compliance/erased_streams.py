"""Check keys against erasures: none is missing without one, and none outlives one.

`erasure.requested` stands later in the stream than the payloads that it erases, and a key may be
destroyed while the log is verified. A missing key is therefore noted first, and judged when the log
was read to an end that is later than every look for a key.
"""

from __future__ import annotations

from stenolog.compliance.records import Records, StoredRow
from stenolog.compliance.rows import VerifiedSoFar
from stenolog.errors import EvidenceError, StoreError
from stenolog.log.canonical import leaf_hash
from stenolog.log.event import event_from_bytes
from stenolog.log.events.transcriptions import ErasureRequested

MISSING = "the key of its payload is missing"
OUTLIVES = "the erasure is completed, and the key of its stream is still there"


def key_is_missing(row: StoredRow, verified: VerifiedSoFar) -> None:
    """Note that the payload of this row cannot be opened."""
    verified.erased += 1
    seen = verified.scratch.stream(row.stream)
    seen.missing = seen.missing or row.position


def check_keys(records: Records, verified: VerifiedSoFar) -> None:
    """Check that an erasure destroyed every missing key, and that each destroyed its key.

    Raises:
        EvidenceError: One did not; its position is the first payload, or the end of the erasure.
        StoreUnavailable: There is no room for what is remembered.
    """
    if records.keys_missing:
        return
    for stream, position in verified.scratch.without_key():
        # Its erasure may have come after the last record that was read, and before the look.
        if not _erased_later(records, stream, verified.frontier.count + 1):
            raise EvidenceError(MISSING, position)
    for stream, position in verified.scratch.erased():
        try:
            outlives = records.has_key(stream)
        except StoreError as exc:
            raise EvidenceError(f"its stream's key cannot be looked for: {exc}", position) from exc
        if outlives:
            raise EvidenceError(OUTLIVES, position)


def first_wrong(found: EvidenceError, records: Records, verified: VerifiedSoFar) -> EvidenceError:
    """`found`, or the missing key before it that no erasure behind it accounts for."""
    for stream, position in verified.scratch.without_key():
        if position >= found.position:
            break
        if not _erased_later(records, stream, found.position):
            return EvidenceError(MISSING, position)
    return found


def _erased_later(records: Records, stream: str, after: int) -> bool:
    """Tell whether a whole record of the stream's erasure stands at `after` or later."""
    try:
        row = records.erasure(stream, after)
        if row is None or row.leaf != leaf_hash(row.stored):
            return False
        event = event_from_bytes(row.stored)
    except (StoreError, ValueError, TypeError):
        return False
    return event.stream == stream and event.type == ErasureRequested.type
