"""Derive again what the log keeps beside its records, and say where it differs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stenolog.compliance.records import Records
from stenolog.compliance.rows import VerifiedSoFar
from stenolog.compliance.scratch import StreamSoFar
from stenolog.errors import StoreError
from stenolog.log.derived_keys import derived_key
from stenolog.log.event import Event
from stenolog.log.merkle import Node


def check_dedupe(event: Event, records: Records, verified: VerifiedSoFar) -> None:
    """Look for the dedupe key that the event was appended with; what is wrong is noted.

    Without it the same fact could be recorded twice.
    """
    key = derived_key(event)
    if key is None:
        return
    verified.dedupe_keys += 1
    try:
        position = records.dedupe_position(key)
    except StoreError as exc:
        verified.findings.add(f"log.db: a dedupe key cannot be read: {exc}")
        return
    if position is None:
        verified.findings.add(f"log.db: the dedupe key of event {event.position} is missing")
    elif position != event.position:
        verified.findings.add(f"log.db: the dedupe key of event {event.position} leads elsewhere")


def check_nodes(completed: Sequence[Node], records: Records, verified: VerifiedSoFar) -> None:
    """Compare kept nodes of the tree with those of the records; what is wrong is noted."""
    for node in completed:
        first = node.place.number << node.place.level
        over = f"over the events from {first + 1} to {first + (1 << node.place.level)}"
        try:
            kept = records.node(node.place)
        except StoreError as exc:
            verified.findings.add(f"log.db: the node of the tree {over} cannot be read: {exc}")
            continue
        if kept is None:
            verified.findings.add(f"log.db: the node of the tree {over} is missing")
        elif kept != node.hash:
            verified.findings.add(f"log.db: the node of the tree {over} is not that of them")
    verified.nodes += len(completed)


def check_derived(nodes: int, records: Records, verified: VerifiedSoFar) -> None:
    """Compare what is there with what was derived, within one snapshot; what is wrong is noted.

    `nodes` is how many nodes of the tree are kept.
    """
    if nodes > verified.nodes:
        verified.findings.add("log.db: the stored tree has nodes that no events have")
    try:
        if records.dedupe_keys() > verified.dedupe_keys:
            verified.findings.add("log.db: there are dedupe keys that no event was appended with")
        for sentence in wrong_open_rows(records, verified):
            verified.findings.add(sentence)
    except StoreError as exc:
        verified.findings.add(f"log.db: what is derived from the records cannot be read: {exc}")


def wrong_open_rows(records: Records, verified: VerifiedSoFar) -> Iterator[str]:
    """Yield where `open_transcriptions` is not what the records say is owed.

    Both sides come in the order of the streams.
    """
    there = ((row.stream, tuple(row.said)) for row in records.open_rows())
    owed = ((stream, said_of(seen)) for stream, seen in verified.scratch.owed())
    row, wanted = next(there, None), next(owed, None)
    while row is not None or wanted is not None:
        if wanted is None or (row is not None and row[0] < wanted[0]):
            assert row is not None
            yield f"log.db: open_transcriptions has {row[0]}, to which nothing is owed"
            row = next(there, None)
        elif row is None or wanted[0] < row[0]:
            yield f"log.db: open_transcriptions lacks {wanted[0]}, to which something is owed"
            wanted = next(owed, None)
        else:
            if row[1] != wanted[1]:
                yield f"log.db: open_transcriptions says of {row[0]} what its events do not"
            row, wanted = next(there, None), next(owed, None)


def said_of(seen: StreamSoFar) -> tuple[object, ...]:
    """Return what the log must keep of a stream, as `OpenRow` has it."""
    work = seen.work
    return (
        seen.position,
        seen.version,
        int(work.open),
        int(work.outcome_owed),
        int(work.urgent),
        ",".join(map(str, sorted(work.unsettled))),
        ",".join(map(str, sorted(work.jobless))),
    )
