"""Turn a batch of appends into positions and bytes. Pure, and the same on every backend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stenolog.clock import rfc3339
from stenolog.errors import StoreError, WrongExpectedVersion
from stenolog.log.canonical import canonical_bytes, leaf_hash
from stenolog.log.catalogue import EVENT_TYPES, is_public, read_data
from stenolog.log.event import NewEvent, SealedPayload
from stenolog.log.merkle import Frontier
from stenolog.log.sequencer import Weight
from stenolog.log.store import EVENTS_PER_APPEND_MAX, Appended

EVENT_BYTES = 1_024  # an event's bytes, columns and index entries, rounded up


@dataclass(frozen=True, slots=True, kw_only=True)
class Append:
    """One call of `EventStore.append`."""

    stream: str
    events: Sequence[NewEvent]
    expected: int | None

    def weight(self) -> Weight:
        """Count its events, and roughly the bytes that they will take in the file."""
        boxes = sum(len(event.payload.box) for event in self.events if event.payload)
        return Weight(len(self.events), EVENT_BYTES * len(self.events) + boxes)


def checked_append(stream: str, events: Sequence[NewEvent], expected: int | None) -> Append:
    """Return an append that the log can hold, so that in a batch it can fail nobody else's.

    Raises:
        StoreError: Too many events, an id or a dedupe key given twice, data that the catalogue
            does not allow for the type, or a payload too many or too few.
    """
    if len(events) > EVENTS_PER_APPEND_MAX:
        raise StoreError(f"more than {EVENTS_PER_APPEND_MAX} events in one append")
    keys = [event.dedupe_key for event in events if event.dedupe_key is not None]
    if len({event.id for event in events}) < len(events) or len(set(keys)) < len(keys):
        raise StoreError("an append gives one id or dedupe key to two of its events")
    for event in events:
        read_data(event.type, event.data)
        if event.payload is not None and not EVENT_TYPES[event.type].payload:
            raise StoreError(f"an event of type {event.type} has no payload")
    return Append(stream=stream, events=tuple(events), expected=expected)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coordinates:
    """Where an event stands: its position in the log, its version in its stream."""

    position: int
    version: int


NOWHERE = Coordinates(position=0, version=0)


@dataclass(slots=True, kw_only=True)
class BatchState:
    """What the log holds that concerns a batch, read inside its transaction and kept current.

    Attributes:
        streams: The last event of each stream that the batch touches; absent: no such stream.
        sequences: The last public sequence of each tenant in the batch; absent: none.
        ids: Places of those ids of the batch that are already in the log.
        dedupe: Places of those dedupe keys of the batch that are already taken.
    """

    frontier: Frontier
    time_us: int
    streams: dict[str, Coordinates] = field(default_factory=dict)
    sequences: dict[str, int] = field(default_factory=dict)
    ids: dict[str, Coordinates] = field(default_factory=dict)
    dedupe: dict[str, Coordinates] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One accepted event, ready to be inserted.

    Attributes:
        envelope: Its fields by name, as `Event` has them.
        stored: Their canonical bytes.
        leaf: The leaf hash of these.
    """

    envelope: Mapping[str, Any]
    stored: bytes
    leaf: bytes
    payload: SealedPayload | None
    dedupe_key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequenced:
    """The result of a batch: rows to insert, one outcome for each append, the new frontier."""

    rows: Sequence[Row]
    outcomes: Sequence[Appended | StoreError]
    frontier: Frontier


def sequence_batch(batch: Sequence[Append], state: BatchState, now_us: int) -> Sequenced:
    """Accept, refuse or recognise each append in order of arrival; later ones see earlier ones.

    `state` is used up: it is brought to what holds after the batch.
    """
    state.time_us = max(state.time_us, now_us)
    time = rfc3339(state.time_us)
    rows: list[Row] = []
    outcomes: list[Appended | StoreError] = []
    count = state.frontier.count
    for append in batch:
        outcome = answer_without_writing(append, state)
        if outcome is None:
            added = place(append, state, count, time)
            rows.extend(added)
            count += len(added)
            outcome = Appended(
                positions=tuple(row.envelope["position"] for row in added),
                version=added[-1].envelope["version"],
            )
        outcomes.append(outcome)
    frontier = state.frontier.extended(row.leaf for row in rows)
    return Sequenced(rows=rows, outcomes=outcomes, frontier=frontier)


def answer_without_writing(append: Append, state: BatchState) -> Appended | StoreError | None:
    """Answer an append that changes nothing; None when it is to be accepted."""
    at = state.streams.get(append.stream, NOWHERE)
    known = [state.ids[e.id] for e in append.events if e.id in state.ids]
    if known:
        if len(known) != len(append.events):
            return StoreError("an append repeats some of the ids of another, and not all")
        return Appended(
            positions=tuple(p.position for p in known),
            version=max(p.version for p in known),
            already_there=True,
        )
    taken = [state.dedupe[e.dedupe_key] for e in append.events if e.dedupe_key in state.dedupe]
    if taken:
        return Appended(
            positions=tuple(p.position for p in taken), version=at.version, already_there=True
        )
    if append.expected is not None and append.expected != at.version:
        return WrongExpectedVersion(f"the stream is at version {at.version}, not {append.expected}")
    if not append.events:
        return Appended(positions=(), version=at.version)
    return None


def place(append: Append, state: BatchState, count: int, time: str) -> list[Row]:
    """Give the events of an accepted append their coordinates after `count` earlier events."""
    rows = []
    at = state.streams.get(append.stream, NOWHERE)
    for position, new in enumerate(append.events, start=count + 1):
        sequence = 0
        if is_public(new.type):
            sequence = state.sequences.get(new.tenant, 0) + 1
            state.sequences[new.tenant] = sequence
        # No `Event` is made of it here: the one writing thread has better things to do.
        envelope = {
            "position": position,
            "id": new.id,
            "stream": append.stream,
            "version": at.version + 1,
            "previous": at.position,
            "sequence": sequence,
            "type": new.type,
            "time": time,
            "tenant": new.tenant,
            "actor": new.actor,
            "correlation_id": new.correlation_id,
            "causation_id": new.causation_id,
            "data": new.data,
            "commitment": new.payload.commitment if new.payload else None,
        }
        at = Coordinates(position=position, version=at.version + 1)
        state.ids[new.id] = at
        if new.dedupe_key is not None:
            state.dedupe[new.dedupe_key] = at
        stored = canonical_bytes(envelope)
        rows.append(
            Row(
                envelope=envelope,
                stored=stored,
                leaf=leaf_hash(stored),
                payload=new.payload,
                dedupe_key=new.dedupe_key,
            )
        )
    state.streams[append.stream] = at
    return rows


def touched(batch: Sequence[Append]) -> Mapping[str, set[str]]:
    """Name what must be read before a batch: `streams`, `tenants`, `ids`, `dedupe`."""
    events = [event for append in batch for event in append.events]
    return {
        "streams": {append.stream for append in batch},
        "tenants": {event.tenant for event in events},
        "ids": {event.id for event in events},
        "dedupe": {event.dedupe_key for event in events if event.dedupe_key is not None},
    }
