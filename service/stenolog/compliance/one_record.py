"""Say what is wrong with one record of the log, by itself."""

from __future__ import annotations

from stenolog.compliance.data_keys import MasterKey
from stenolog.compliance.records import Records
from stenolog.compliance.rows import VerifiedSoFar, event_of, held_alone
from stenolog.compliance.sealed_rows import check_payload
from stenolog.errors import EvidenceError, SchemaTooNew
from stenolog.log.catalogue import read_data


def fault_of(records: Records, position: int, master: MasterKey | None) -> str:
    """Say what is wrong with the record at `position`, or with its payload; empty: nothing is.

    Without `master` payloads are not opened. What only the records before it tell is not looked at.

    Raises:
        StoreUnavailable: It cannot be read now.
    """
    rows = records.rows(position - 1, position)
    if not rows:
        return "the record is missing"
    [row] = rows
    try:
        event, canonical = event_of(row)
        read_data(event.type, event.data)
        for fault, holds in held_alone(row, event, canonical=canonical).items():
            if not holds:
                return fault
        with records.scratch() as scratch:
            check_payload(row, event, records, master, VerifiedSoFar(scratch=scratch))
    except (EvidenceError, SchemaTooNew) as exc:
        return str(exc)
    return ""
