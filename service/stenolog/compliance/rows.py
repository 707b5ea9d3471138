"""Check one record of the log, and its payload, against all that came before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

from stenolog.clock import microseconds, rfc3339
from stenolog.compliance.data_keys import DataKey
from stenolog.compliance.records import StoredRow
from stenolog.compliance.scratch import Scratch, StreamSoFar
from stenolog.compliance.verdict import Findings
from stenolog.errors import EvidenceError, SchemaTooNew
from stenolog.log.canonical import canonical_bytes, leaf_hash
from stenolog.log.catalogue import is_public, read_data
from stenolog.log.event import ENVELOPE_FIELDS, Event, event_from_bytes
from stenolog.log.event_data import EventData
from stenolog.log.events.logs import LOG, LogBegun, LogRestored
from stenolog.log.events.transcriptions import ErasureCompleted, ErasureRequested
from stenolog.log.events.uploads import UploadReleased, is_upload
from stenolog.log.format import FIRST_EPOCH, LOG_FORMAT, LogIdentity
from stenolog.log.merkle import Frontier
from stenolog.log.open_work import NO_WORK

KEYS_HELD_MAX = 500
FIELD_TYPES: Mapping[str, tuple[type, ...]] = {
    **dict.fromkeys(ENVELOPE_FIELDS, (str,)),
    **dict.fromkeys(("position", "version", "previous", "sequence", "schema"), (int,)),
    **dict.fromkeys(("causation_id", "commitment"), (str, type(None))),
    "data": (dict,),
}


@dataclass(slots=True, kw_only=True)
class VerifiedSoFar:
    """What the records that were checked say about the next one.

    Attributes:
        scratch: What they say of each stream.
        sequences: The last one of each tenant, and where it stands.
        epoch: The one that the last event is of.
        epochs: Each that the log went through, with the id of the restore that began it.
        restored: Where the log goes on from a backup; 0: nowhere.
        dedupe_keys: How many of the events were appended with a key that can be derived.
        nodes: How many nodes of the tree must be kept.
        payloads: How many were opened, and match.
        erased: How many have no key any more.
        released_keys: How many uploads were released and have their key still.
        count: How many records were passed; as many as the frontier has, but within a hole.
        hole_until: Up to where the tree cannot be followed, because a record's hash is lost; 0: it
            can.
        unread: Positions of damaged records that say nothing, and that a human has accepted.
        doubted: Streams of which one of these may be.
        keys: Data keys that were used of late; None: one that is there, and cannot be unwrapped
            without the master key.
    """

    scratch: Scratch
    frontier: Frontier = field(default_factory=Frontier)
    sequences: dict[str, tuple[int, int]] = field(default_factory=dict)
    time: str = ""
    log_id: str = ""
    epoch: int = FIRST_EPOCH
    epochs: dict[int, str] = field(default_factory=lambda: {FIRST_EPOCH: ""})
    restored: int = 0
    dedupe_keys: int = 0
    nodes: int = 0
    payloads: int = 0
    erased: int = 0
    released_keys: int = 0
    count: int = 0
    hole_until: int = 0
    unread: set[int] = field(default_factory=set)
    doubted: set[str] = field(default_factory=set)
    keys: dict[str, DataKey | None] = field(default_factory=dict)
    findings: Findings = field(default_factory=Findings)

    @property
    def identity(self) -> LogIdentity:
        """Which log the records say that it is."""
        restore = self.epochs[self.epoch]
        return LogIdentity(log_id=self.log_id, epoch=self.epoch, restore=restore)

    def unread_between(self, after: int, until: int) -> int:
        """Count the damaged records that say nothing with positions in (after, until]."""
        return sum(after < position <= until for position in self.unread)

    def went_through(self, identity: LogIdentity) -> bool:
        """Tell whether the records, as far as they are checked, know of this epoch."""
        return self.epochs.get(identity.epoch) == identity.restore


def check_row(row: StoredRow, verified: VerifiedSoFar) -> Event:
    """Return the event of a row, once it is the one that must stand there.

    Raises:
        EvidenceError: It is not.
        SchemaTooNew: The log was begun in a newer format.
    """
    expected = verified.count + 1
    if row.position != expected:
        raise EvidenceError("the record is missing", expected)
    event, canonical = event_of(row)
    seen = verified.scratch.stream(event.stream)
    sequence = 0
    try:
        data = read_data(event.type, event.data)
        if is_public(event.type):
            sequence = verified.sequences.get(event.tenant, (0, 0))[0] + 1
    except SchemaTooNew as exc:
        raise EvidenceError(str(exc), expected) from exc
    follows, in_sequence = _follows(event, seen, verified), event.sequence == sequence
    if sequence and not in_sequence:
        last = verified.sequences.get(event.tenant, (0, 0))[1]
        gap = verified.unread_between(last, event.position)
        in_sequence = sequence <= event.sequence <= sequence + gap
    held = {
        **held_alone(row, event, canonical=canonical),
        "version does not follow in its stream": follows or event.version == seen.version + 1,
        "previous is not the stream's last position": follows or event.previous == seen.position,
        "sequence does not follow for its tenant": in_sequence,
        "the payload is not there exactly when the type has one": data.may_have_payload(
            event.commitment is not None
        ),
        "time goes back": event.time >= verified.time,
        "log.begun stands at position 1, and nowhere else": begins_log(event) == (expected == 1),
        "the epoch of a restore is not greater than that before": not isinstance(data, LogRestored)
        or data.epoch > verified.epoch,
    }
    for reason, holds in held.items():
        if not holds:
            raise EvidenceError(reason, expected)
    _note(event, data, seen, verified)
    if follows:
        verified.doubted.add(event.stream)
    if sequence:
        verified.sequences[event.tenant] = event.sequence, event.position
    return event


def _follows(event: Event, seen: StreamSoFar, verified: VerifiedSoFar) -> bool:
    """Tell whether the event comes behind accepted damage that may be of its stream."""
    if event.previous not in verified.unread or event.previous <= seen.position:
        return False
    gap = verified.unread_between(seen.position, event.previous)
    return 0 < event.version - seen.version - 1 <= gap


def _note(event: Event, data: EventData, seen: StreamSoFar, verified: VerifiedSoFar) -> None:
    """Remember what an event that was checked says about the next ones.

    Raises:
        SchemaTooNew: The log was begun in a newer format.
    """
    seen.version, seen.position = event.version, event.position
    work = data.work_after(seen.work)
    seen.work = work if work.kept else NO_WORK
    verified.time = event.time
    match data:
        case LogBegun():
            verified.log_id = data.log
            if data.format > LOG_FORMAT:
                raise SchemaTooNew(f"the log has format {data.format}, this Stenolog {LOG_FORMAT}")
        case LogRestored():
            verified.epoch, verified.restored = data.epoch, event.position
            verified.epochs[data.epoch] = data.restore
        case ErasureRequested():
            seen.requested = True
        case ErasureCompleted():
            seen.completed = event.position
        case UploadReleased() if is_upload(event.stream):
            seen.requested, seen.completed = True, event.position
        case _:
            pass


def event_of(row: StoredRow) -> tuple[Event, bool]:
    """Return the event that the bytes of a row are, and whether they are canonical.

    Raises:
        EvidenceError: They are none.
    """
    try:
        event = event_from_bytes(row.stored)
        check_types(event)
        # Of the stored fields: the event has the present shape, they may have an older one.
        canonical = canonical_bytes(orjson.loads(row.stored)) == row.stored
    except SchemaTooNew as exc:
        raise EvidenceError(str(exc), row.position) from exc
    except (ValueError, TypeError) as exc:
        raise EvidenceError("the bytes are not those of an event", row.position) from exc
    return event, canonical


def held_alone(row: StoredRow, event: Event, *, canonical: bool) -> Mapping[str, bool]:
    """Say of a record by itself what must hold, and whether it does."""
    return {
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
    }


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
