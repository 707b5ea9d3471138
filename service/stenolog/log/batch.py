"""Turn a batch of appends into positions and bytes. Pure, and the same on every backend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stenolog.clock import rfc3339
from stenolog.errors import StoreError
from stenolog.log.answering import answer_without_writing
from stenolog.log.appends import Together
from stenolog.log.batch_state import NOWHERE, BatchState, Coordinates, OpenStream
from stenolog.log.canonical import canonical_bytes, leaf_hash
from stenolog.log.catalogue import is_public, read_data
from stenolog.log.event import SealedPayload
from stenolog.log.event_clock import TIME_US_MAX
from stenolog.log.format import EVENT_SCHEMA
from stenolog.log.merkle import Frontier, Node
from stenolog.log.open_work import NO_WORK
from stenolog.log.store import Append, Appended


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
    """The result of a batch: rows to insert, one outcome for each caller, the new frontier.

    Attributes:
        outcomes: An outcome has one answer for each of the caller's appends, or says why there is
            none.
        time_us: The time of all rows.
        nodes: Those of the tree that are kept and that the rows complete.
        open_streams: What is owed now, for each stream that got events and to which something is
            owed or was.
    """

    rows: Sequence[Row]
    outcomes: Sequence[Sequence[Appended] | StoreError]
    frontier: Frontier
    time_us: int
    nodes: Sequence[Node]
    open_streams: Mapping[str, OpenStream]


def sequence_batch(batch: Sequence[Together], state: BatchState, now_us: int) -> Sequenced:
    """Accept, refuse or recognise what each caller appends; later ones see earlier ones.

    `state` is used up: it is brought to what holds after the batch.
    """
    state.time_us = min(max(state.time_us, now_us), TIME_US_MAX)
    time = rfc3339(state.time_us)
    rows: list[Row] = []
    outcomes: list[Sequence[Appended] | StoreError] = []
    owed_to = set(state.work)
    for together in batch:
        try:
            outcome = answer_without_writing(together, state)
        except StoreError as exc:
            outcomes.append(exc)
            continue
        if outcome is None:
            outcome = [place(append, state, time, rows) for append in together]
        outcomes.append(outcome)
    frontier, nodes = state.frontier.grown(row.leaf for row in rows)
    owed_to.update(stream for stream, work in state.work.items() if work.kept)
    grown = {row.envelope["stream"] for row in rows}
    open_streams = {
        stream: OpenStream(at=state.streams[stream], work=state.work[stream])
        for stream in owed_to & grown
    }
    return Sequenced(
        rows=rows,
        outcomes=outcomes,
        frontier=frontier,
        time_us=state.time_us,
        nodes=nodes,
        open_streams=open_streams,
    )


def place(append: Append, state: BatchState, time: str, rows: list[Row]) -> Appended:
    """Give the events of an accepted append their coordinates, and add them to the batch's rows."""
    at = state.streams.get(append.stream, NOWHERE)
    first = state.frontier.count + len(rows) + 1
    for position, new in enumerate(append.events, start=first):
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
            "schema": EVENT_SCHEMA,
        }
        at = Coordinates(position=position, version=at.version + 1)
        before = state.work.get(append.stream, NO_WORK)
        state.work[append.stream] = read_data(new.type, new.data).work_after(before)
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
    if append.events:
        state.streams[append.stream] = at
    return Appended(positions=tuple(range(first, first + len(append.events))), version=at.version)
