"""Recomputing the log from its bytes: is it what it was, and is it whole?

Needs read access only, and no running service.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from stenolog.clock import microseconds, rfc3339
from stenolog.compliance.erased_streams import MISSING, ErasedStreams
from stenolog.compliance.records import Records, StoredRow, StoredTree, every_row
from stenolog.compliance.tree_heads import TreeHead
from stenolog.compliance.vault import DataKey, MasterKey, open_with, unwrap_key
from stenolog.errors import EvidenceError, PayloadDamaged, SchemaTooNew, StoreError
from stenolog.log.canonical import leaf_hash
from stenolog.log.catalogue import is_public, read_data
from stenolog.log.event import ENVELOPE_FIELDS, Event, SealedPayload, event_from_bytes
from stenolog.log.merkle import Frontier

KEYS_HELD_MAX = 500
FIELD_TYPES: Mapping[str, tuple[type, ...]] = {
    **dict.fromkeys(ENVELOPE_FIELDS, (str,)),
    **dict.fromkeys(("position", "version", "previous", "sequence"), (int,)),
    **dict.fromkeys(("causation_id", "commitment"), (str, type(None))),
    "data": (dict,),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was found to hold.

    Attributes:
        count: Events, all of them recomputed.
        root: The Merkle root over them, in hex.
        payloads: Payloads that were opened and match their commitments.
        erased: Payloads whose key is gone, each in a stream whose erasure was requested.
        heads: Tree heads that were compared.
        unchecked: Sentences on what could not be checked.
    """

    count: int
    root: str
    payloads: int
    erased: int
    heads: int
    unchecked: tuple[str, ...]


@dataclass(slots=True)
class _Progress:
    """What the events so far lead one to expect of the next."""

    frontier: Frontier = field(default_factory=Frontier)
    streams: dict[str, tuple[int, int]] = field(default_factory=dict)
    sequences: dict[str, int] = field(default_factory=dict)
    time: str = ""
    payloads: int = 0
    keys: dict[str, DataKey] = field(default_factory=dict)
    erased: ErasedStreams = field(default_factory=ErasedStreams)


def verify(
    records: Records, master: MasterKey | None, heads: Sequence[TreeHead], unreadable_heads: int = 0
) -> Verdict:
    """Recompute everything that the log promises.

    Without `master` payloads are not opened, and the verdict says so.

    Raises:
        EvidenceError: Something is not what it was; its `position` is the first that is wrong.
    """
    tree = read_tree(records)
    progress = _Progress()
    by_count: dict[int, list[TreeHead]] = {}
    for head in heads:
        by_count.setdefault(head.count, []).append(head)
    agreed = 0
    try:
        check_heads(by_count.get(0, ()), progress.frontier, agreed)
        for row in every_row(records, tree.count):
            event = check_row(row, progress)
            check_payload(row, event, records, master, progress)
            progress.frontier = progress.frontier.extended([row.leaf])
            if row.position in by_count:
                check_heads(by_count[row.position], progress.frontier, agreed)
                agreed = row.position
        check_end(tree, progress.frontier, heads, agreed)
    except EvidenceError as exc:
        raise progress.erased.first_wrong(exc, records) from exc
    progress.erased.settled()
    return Verdict(
        count=tree.count,
        root=progress.frontier.root().hex(),
        payloads=progress.payloads,
        erased=progress.erased.payloads,
        heads=len(heads),
        unchecked=tuple(_unchecked(master, heads, unreadable_heads)),
    )


def read_tree(records: Records) -> StoredTree:
    """The stored tree, once it is one.

    Raises:
        EvidenceError: It is not.
    """
    try:
        tree = records.tree()
    except StoreError as exc:
        raise EvidenceError(f"the tree cannot be read: {exc}", 1) from exc
    if tree.count < 0:
        raise EvidenceError("the stored tree is missing or damaged", 1)
    if tree.first < 1:
        raise EvidenceError("a record stands before the first position", 1)
    return tree


def check_row(row: StoredRow, progress: _Progress) -> Event:
    """The event of a row, once it is the one that must stand there.

    Raises:
        EvidenceError: It is not.
    """
    expected = progress.frontier.count + 1
    if row.position != expected:
        raise EvidenceError("the record is missing", expected)
    try:
        event = event_from_bytes(row.stored)
        check_types(event)
        canonical = event.to_bytes() == row.stored
    except (ValueError, TypeError) as exc:
        raise EvidenceError("the bytes are not those of an event", expected) from exc
    version, previous = progress.streams.get(event.stream, (0, 0))
    sequence = 0
    try:
        read_data(event.type, event.data)
        if is_public(event.type):
            sequence = progress.sequences.get(event.tenant, 0) + 1
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
        "time goes back": event.time >= progress.time,
    }
    for reason, holds in held.items():
        if not holds:
            raise EvidenceError(reason, expected)
    progress.streams[event.stream] = (event.version, event.position)
    if sequence:
        progress.sequences[event.tenant] = sequence
    progress.time = event.time
    progress.erased.saw(event.stream, event.type)
    return event


def check_types(event: Event) -> None:
    """Every field has the type that it is declared with, and the time is a time.

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
    progress: _Progress,
) -> None:
    """The payload is there exactly when the event committed to one, and is what it committed to.

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
        key = _key(row, records, master, progress)
        if key is None:
            progress.erased.key_is_missing(row)
            return
        open_with(key, event.id, sealed)
    except StoreError as exc:
        raise EvidenceError(str(exc), row.position) from exc
    progress.payloads += 1


def check_heads(heads: Iterable[TreeHead], frontier: Frontier, agreed: int) -> None:
    """The root is the one that was recorded, each time, when the log had this many events.

    Raises:
        EvidenceError: It is not; positions up to `agreed` are proven by an earlier head.
    """
    root = frontier.root().hex()
    for head in heads:
        if head.root != root:
            raise EvidenceError(
                f"the tree head of {head.time} over {head.count} events is another: "
                f"a record from {agreed + 1} to {head.count} was replaced",
                agreed + 1,
            )


def check_end(tree: StoredTree, frontier: Frontier, heads: Iterable[TreeHead], agreed: int) -> None:
    """Nothing is missing at the end, and nothing stands there that the tree does not cover.

    Raises:
        EvidenceError: Something does.
    """
    if tree.last > tree.count:
        raise EvidenceError("a record stands beyond the end of the tree", tree.count + 1)
    if tree.frontier != frontier.to_bytes():
        raise EvidenceError(
            "the stored tree is not the tree of the stored events",
            max(min(agreed + 1, tree.count), 1),
        )
    beyond = [head for head in heads if head.count > tree.count]
    if beyond:
        raise EvidenceError(
            f"the log ends after {tree.count} events, but had {beyond[0].count} "
            f"at {beyond[0].time}: it was truncated",
            tree.count + 1,
        )


def _key(
    row: StoredRow, records: Records, master: MasterKey, progress: _Progress
) -> DataKey | None:
    assert row.key_id is not None
    key = progress.keys.get(row.key_id)
    if key is None:
        wrapped = records.data_key(row.key_id)
        if wrapped is None:
            return None
        if wrapped.stream != row.stream:
            raise PayloadDamaged(MISSING)
        key = unwrap_key(master, wrapped)
        if len(progress.keys) >= KEYS_HELD_MAX:
            progress.keys.clear()
        progress.keys[row.key_id] = key
    return key


def _unchecked(
    master: MasterKey | None, heads: Sequence[TreeHead], unreadable: int
) -> Iterator[str]:
    if master is None:
        yield "payloads were not opened: the master key is not here"
    if not heads:
        yield "truncation at the end cannot be seen: there are no tree heads"
    if unreadable:
        yield f"{unreadable} lines of the tree heads are not readable"
