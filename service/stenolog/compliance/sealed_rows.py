"""Check the payload of one record, and that its key is there or was destroyed by an erasure."""

from __future__ import annotations

from stenolog.compliance.data_keys import DataKey, MasterKey, unwrap_key
from stenolog.compliance.erased_streams import MISSING, key_is_missing
from stenolog.compliance.payloads import open_with
from stenolog.compliance.records import Records, StoredRow
from stenolog.compliance.rows import VerifiedSoFar
from stenolog.errors import EvidenceError, KeyMissing, PayloadDamaged, StoreError
from stenolog.log.event import Event, SealedPayload

KEYS_HELD_MAX = 500


def check_payload(
    row: StoredRow,
    event: Event,
    records: Records,
    master: MasterKey | None,
    verified: VerifiedSoFar,
) -> None:
    """Check that the payload exists exactly when the event commits to one, and matches it.

    Without the master key it is not opened, and only the presence of its key is looked at; without
    the keys, nothing more than the payload's own.

    Raises:
        EvidenceError: It is not.
    """
    if event.commitment is None and row.box is None:
        return
    if event.commitment is None or row.box is None or row.key_id is None:
        missing = "missing" if row.box is None else "one that the event does not know"
        raise EvidenceError(f"the payload is {missing}", row.position)
    if records.keys_missing:
        return
    sealed = SealedPayload(key_id=row.key_id, box=row.box, commitment=event.commitment)
    try:
        key = _key(row, row.key_id, records, master, verified)
        if key is None:
            return
        open_with(key, event.id, sealed)
    except KeyMissing:
        key_is_missing(row, verified)
        return
    except StoreError as exc:
        raise EvidenceError(str(exc), row.position) from exc
    verified.payloads += 1


def _key(
    row: StoredRow,
    key_id: str,
    records: Records,
    master: MasterKey | None,
    verified: VerifiedSoFar,
) -> DataKey | None:
    """Return the key in clear; None without the master key.

    Raises:
        KeyMissing: There is none.
        PayloadDamaged: It is another stream's, or does not open.
    """
    if key_id in verified.keys:
        return verified.keys[key_id]
    wrapped = records.data_key(key_id)
    if wrapped is None:
        raise KeyMissing(MISSING)
    if wrapped.stream != row.stream:
        raise PayloadDamaged(MISSING)
    key = None if master is None else unwrap_key(master, wrapped)
    if len(verified.keys) >= KEYS_HELD_MAX:
        verified.keys.clear()
    verified.keys[key_id] = key
    return key
