"""Check one record of the log, and its payload, against all that came before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

from stenolog.clock import microseconds, rfc3339
from stenolog.compliance.data_keys import DataKey, MasterKey, unwrap_key
from stenolog.compliance.erased_streams import MISSING, ErasedStreams
from stenolog.compliance.payloads import open_with
from stenolog.compliance.records import Records, StoredRow
from stenolog.errors import EvidenceError, PayloadDamaged, SchemaTooNew, StoreError
from stenolog.log.canonical import canonical_bytes, leaf_hash
from stenolog.log.catalogue import is_public, read_data
from stenolog.log.event import ENVELOPE_FIELDS, Event, SealedPayload, event_from_bytes
from stenolog.log.events.logs import LOG, LogBegun, LogRestored
from stenolog.log.format import FIRST_EPOCH
from stenolog.log.merkle import Frontier

KEYS_HELD_MAX = 500
FIELD_TYPES: Mapping[str, tuple[type, ...]] = {
    **dict.fromkeys(ENVELOPE_FIELDS, (str,)),
    **dict.fromkeys(("position", "version", "previous", "sequence", "schema"), (int,)),
    **dict.fromkeys(("causation_id", "commitment"), (str, type(None))),
    "data": (dict,),
}


@dataclass(slots=True)
class VerifiedSoFar:
    """What the records that were checked say about the next one."""

    frontier: Frontier = field(default_factory=Frontier)
    streams: dict[str, tuple[int, int]] = field(default_factory=dict)
    sequences: dict[str, int] = field(default_factory=dict)
    time: str = ""
    nodes: int = 0
    payloads: int = 0
    keys: dict[str, DataKey] = field(default_factory=dict)
    log_id: str = ""
    epoch: int = FIRST_EPOCH
    erased: ErasedStreams = field(default_factory=ErasedStreams)


def check_row(row: StoredRow, verified: VerifiedSoFar) -> Event:
    """Return the event of a row, once it is the one that must stand there.

    Raises:
        EvidenceError: It is not.
    """
    expected = verified.frontier.count + 1
    if row.position != expected:
        raise EvidenceError("the record is missing", expected)
    try:
        event = event_from_bytes(row.stored)
        check_types(event)
        # Of the stored fields: the event has the present shape, they may have an older one.
        canonical = canonical_bytes(orjson.loads(row.stored)) == row.stored
    except SchemaTooNew as exc:
        raise EvidenceError(str(exc), expected) from exc
    except (ValueError, TypeError) as exc:
        raise EvidenceError("the bytes are not those of an event", expected) from exc
    version, previous = verified.streams.get(event.stream, (0, 0))
    sequence = 0
    try:
        read_data(event.type, event.data)
        if is_public(event.type):
            sequence = verified.sequences.get(event.tenant, 0) + 1
    except SchemaTooNew as exc:
        raise EvidenceError(str(exc), expected) from exc
    held = {
        "the bytes do not have the hash that they were stored with": row.leaf
        == leaf_hash(row.stored),
        "the bytes are not canonical": canonical,
        "position differs from the bytes": event.position == row.position,
        "column id differs from the bytes": event.id == row.id,
        "column stream differs from the bytes": event.stream == row.stream,
        "column version differs from the bytes": event.version == row.version,
        "column tenant differs from the bytes": event.tenant == row.tenant,
        "column sequence differs from the bytes": event.sequence == row.sequence,
        "column type differs from the bytes": event.type == row.type,
        "version does not follow in its stream": event.version == version + 1,
        "previous is not the stream's last position": event.previous == previous,
        "sequence does not follow for its tenant": event.sequence == sequence,
        "time goes back": event.time >= verified.time,
        "log.begun stands at position 1, and nowhere else": begins_log(event) == (expected == 1),
    }
    for reason, holds in held.items():
        if not holds:
            raise EvidenceError(reason, expected)
    verified.streams[event.stream] = (event.version, event.position)
    if sequence:
        verified.sequences[event.tenant] = sequence
    verified.time = event.time
    if event.type == LogBegun.type:
        verified.log_id = event.data["log"]
    if event.type == LogRestored.type:
        verified.epoch = event.data["epoch"]
    verified.erased.saw(event.stream, event.type)
    return event


def begins_log(event: Event) -> bool:
    """Tell whether this event begins the log whose stream it stands in."""
    return event.type == LogBegun.type and event.stream == f"{LOG}{event.data['log']}"


def check_types(event: Event) -> None:
    """Check that every field has its declared type, and that the time is a time.

    Raises:
        ValueError: One has not.
    """
    for name, value in event.envelope().items():
        if type(value) not in FIELD_TYPES[name]:
            raise ValueError(f"{name} is not what it must be")
    if rfc3339(microseconds(event.time)) != event.time:
        raise ValueError("time is not as it is written")


def check_payload(
    row: StoredRow,
    event: Event,
    records: Records,
    master: MasterKey | None,
    verified: VerifiedSoFar,
) -> None:
    """Check that the payload exists exactly when the event commits to one, and matches it.

    Raises:
        EvidenceError: It is not.
    """
    if event.commitment is None and row.box is None:
        return
    if event.commitment is None or row.box is None or row.key_id is None:
        missing = "missing" if row.box is None else "one that the event does not know"
        raise EvidenceError(f"the payload is {missing}", row.position)
    if master is None:
        return
    sealed = SealedPayload(key_id=row.key_id, box=row.box, commitment=event.commitment)
    try:
        key = _key(row, records, master, verified)
        if key is None:
            verified.erased.key_is_missing(row)
            return
        open_with(key, event.id, sealed)
    except StoreError as exc:
        raise EvidenceError(str(exc), row.position) from exc
    verified.payloads += 1


def _key(
    row: StoredRow, records: Records, master: MasterKey, verified: VerifiedSoFar
) -> DataKey | None:
    assert row.key_id is not None
    key = verified.keys.get(row.key_id)
    if key is None:
        wrapped = records.data_key(row.key_id)
        if wrapped is None:
            return None
        if wrapped.stream != row.stream:
            raise PayloadDamaged(MISSING)
        key = unwrap_key(master, wrapped)
        if len(verified.keys) >= KEYS_HELD_MAX:
            verified.keys.clear()
        verified.keys[row.key_id] = key
    return key
