"""Derive again what the log keeps beside its records, and say where it differs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TypeVar

from stenolog.clock import microseconds
from stenolog.compliance.records import Records, StoredTree
from stenolog.compliance.rows import VerifiedSoFar
from stenolog.compliance.scratch import StreamSoFar
from stenolog.errors import StoreError
from stenolog.log.derived_keys import derived_key
from stenolog.log.event import Event
from stenolog.log.merkle import Node

Said = TypeVar("Said", bound=tuple[object, ...])


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


def check_derived(tree: StoredTree, records: Records, verified: VerifiedSoFar) -> None:
    """Compare what is there with what was derived, within one snapshot; what is wrong is noted."""
    last_us = microseconds(verified.time) if verified.time else 0
    if tree.last_us != last_us and tree.count not in verified.unread:
        verified.findings.add("log.db: the tree's row says another time than the last event")
    if tree.nodes > verified.nodes and not verified.hole_until:
        verified.findings.add("log.db: the stored tree has nodes that no events have")
    try:
        if records.dedupe_keys() > verified.dedupe_keys + len(verified.unread):
            verified.findings.add("log.db: there are dedupe keys that no event was appended with")
        for sentence in chain(wrong_ends(records, verified), wrong_open_rows(records, verified)):
            verified.findings.add(sentence)
    except StoreError as exc:
        verified.findings.add(f"log.db: what is derived from the records cannot be read: {exc}")


def wrong_open_rows(records: Records, verified: VerifiedSoFar) -> Iterator[str]:
    """Yield where `open_transcriptions` is not what the records say is owed."""
    there = ((row.stream, tuple(row.said)) for row in records.open_rows())
    owed = ((stream, said_of(seen)) for stream, seen in verified.scratch.owed())
    for stream, said, wanted in differing(there, owed):
        if stream in verified.doubted:
            continue
        if wanted is None:
            yield f"log.db: open_transcriptions has {stream}, to which nothing is owed"
        elif said is None:
            yield f"log.db: open_transcriptions lacks {stream}, to which something is owed"
        else:
            yield f"log.db: open_transcriptions says of {stream} what its events do not"


def wrong_ends(records: Records, verified: VerifiedSoFar) -> Iterator[str]:
    """Yield where `streams` and `tenants` do not end as the records do."""
    for stream, said, _ in differing(records.stream_ends(), verified.scratch.ends()):
        if said is not None and said[0] in verified.unread:
            verified.doubted.add(stream)
        else:
            yield f"log.db: streams says of {stream} another end than its events"
    tenants = iter(sorted(verified.sequences.items()))
    for tenant, said, _ in differing(records.tenant_ends(), tenants):
        if said is None or said[1] not in verified.unread:
            yield f"log.db: tenants says of {tenant} another last sequence than its events"


def differing(
    there: Iterator[tuple[str, Said]], wanted: Iterator[tuple[str, Said]]
) -> Iterator[tuple[str, Said | None, Said | None]]:
    """Yield the names of which two sides, each in the order of the names, say different things."""
    one, other = next(there, None), next(wanted, None)
    while one is not None or other is not None:
        if other is None or (one is not None and one[0] < other[0]):
            assert one is not None
            yield one[0], one[1], None
            one = next(there, None)
        elif one is None or other[0] < one[0]:
            yield other[0], None, other[1]
            other = next(wanted, None)
        else:
            if one[1] != other[1]:
                yield one[0], one[1], other[1]
            one, other = next(there, None), next(wanted, None)


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
