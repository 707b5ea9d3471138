"""Check keys against erasures: none is missing without one, and none outlives one.

`erasure.requested` stands later in the stream than the payloads that it erases, and a key may be
destroyed while the log is verified. A missing key is therefore noted first, and judged when the log
was read to an end that is later than every look for a key. So it is with uploads and their release.
"""

from __future__ import annotations

from stenolog.compliance.records import Records, StoredRow
from stenolog.compliance.rows import VerifiedSoFar
from stenolog.compliance.sealings import EXCUSING, KEYED
from stenolog.errors import EvidenceError, StoreError
from stenolog.log.canonical import leaf_hash
from stenolog.log.event import Event, event_from_bytes
from stenolog.log.events.uploads import is_upload

MISSING = "the key of its payload is missing"
FILE_MISSING = "the key of its file is missing"
OUTLIVES = "the erasure is completed, and the key of its stream is still there"


def key_is_missing(row: StoredRow, verified: VerifiedSoFar) -> None:
    """Note that the payload of this row cannot be opened."""
    verified.erased += 1
    seen = verified.scratch.stream(row.stream)
    seen.missing = seen.missing or row.position


def check_upload(event: Event, records: Records, verified: VerifiedSoFar) -> None:
    """Note that the key of a customer's file cannot be found, if it is not there.

    Raises:
        EvidenceError: It cannot be looked for.
    """
    if event.type != KEYED or records.keys_missing or not is_upload(event.stream):
        return
    if not _has_key(records, event.stream, event.position):
        seen = verified.scratch.stream(event.stream)
        seen.missing = seen.missing or event.position


def check_keys(records: Records, verified: VerifiedSoFar) -> None:
    """Check that an erasure destroyed every missing key, and that each destroyed its key.

    Raises:
        EvidenceError: One did not; its position is the first payload, or the end of the erasure.
        StoreUnavailable: There is no room for what is remembered.
    """
    if records.keys_missing:
        return
    for stream, position in verified.scratch.without_key():
        if stream in verified.doubted:
            continue  # its erasure may be what cannot be read
        # Its erasure may have come after the last record that was read, and before the look.
        if not _erased_later(records, stream, verified.count + 1):
            raise EvidenceError(_missing(stream), position)
    for stream, position in verified.scratch.erased():
        if not _has_key(records, stream, position):
            continue
        if not is_upload(stream):
            raise EvidenceError(OUTLIVES, position)
        # Its release comes first, and is what counts: the sweep destroys what a crash has left.
        verified.released_keys += 1


def _has_key(records: Records, stream: str, position: int) -> bool:
    try:
        return records.has_key(stream)
    except StoreError as exc:
        raise EvidenceError(f"its stream's key cannot be looked for: {exc}", position) from exc


def _missing(stream: str) -> str:
    return FILE_MISSING if is_upload(stream) else MISSING


def first_wrong(found: EvidenceError, records: Records, verified: VerifiedSoFar) -> EvidenceError:
    """`found`, or the missing key before it that no erasure behind it accounts for."""
    for stream, position in verified.scratch.without_key():
        if position >= found.position or verified.unread:
            break  # an erasure may be what cannot be read
        if not _erased_later(records, stream, found.position):
            return EvidenceError(_missing(stream), position)
    return found


def _erased_later(records: Records, stream: str, after: int) -> bool:
    """Tell whether a whole record of its erasure, or release, stands at `after` or later."""
    try:
        row = records.erasure(stream, after)
        if row is None or row.leaf != leaf_hash(row.stored):
            return False
        event = event_from_bytes(row.stored)
    except (StoreError, ValueError, TypeError):
        return False
    return event.stream == stream and event.type in EXCUSING
