"""The log against a list, its bytes against RFC 8785, its tree against RFC 6962."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
import uuid
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin

import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from stenolog.clock import microseconds, rfc3339
from stenolog.compliance.data_keys import MasterKey, new_wrapped_key, unwrap_key
from stenolog.compliance.payloads import open_with, seal_with
from stenolog.errors import WrongExpectedVersion
from stenolog.log.appends import Together
from stenolog.log.batch import Row, sequence_batch
from stenolog.log.batch_state import BatchState, Coordinates
from stenolog.log.canonical import leaf_hash
from stenolog.log.catalogue import EVENT_TYPES, read_data
from stenolog.log.event import Event, NewEvent, event_from_bytes, uuid7
from stenolog.log.merkle import Frontier, frontier_from_bytes
from stenolog.log.store import Append
from stenolog.stores.sqlite.log.store import SqliteLog
from tests import rfc6962
from tests.log_samples import OTHER_TENANT, PRIVATE, PUBLIC, TENANT, new_event

Result = TypeVar("Result")
STREAMS = ("transcription-1", "transcription-2", "upload-1")


# The log against a list


@dataclass
class Fact:
    """What the oracle remembers of an event."""

    id: str
    stream: str
    type: str
    tenant: str
    dedupe_key: str | None


class LogAgainstList(RuleBasedStateMachine):
    """Appends, repetitions, conflicts, reads and reopening, against a list of facts."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp(prefix="stenolog-property-"))
        self.runner = asyncio.Runner()
        self.log = self.run(SqliteLog.open(self.directory / "log.db"))
        (begun,) = self.run(self.log.read())
        self.facts = [Fact(begun.id, begun.stream, begun.type, begun.tenant, None)]
        self.appends: list[tuple[str, Sequence[NewEvent], tuple[int, ...]]] = []

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return self.runner.run(work)

    def version(self, stream: str) -> int:
        return sum(fact.stream == stream for fact in self.facts)

    @rule(
        stream=st.sampled_from(STREAMS),
        events=st.lists(
            st.builds(
                new_event,
                st.sampled_from([PUBLIC, PRIVATE]),
                tenant=st.sampled_from([TENANT, OTHER_TENANT]),
                dedupe_key=st.none() | st.sampled_from("abcdef"),
            ),
            max_size=4,
            unique_by=lambda event: event.dedupe_key or event.id,
        ),
        off=st.none() | st.sampled_from([0, 0, 0, 1, -1]),
    )
    def append(self, stream: str, events: list[NewEvent], off: int | None) -> None:
        events = [replace(e, id=new_event().id) for e in events]  # a shrunk example repeats ids
        expected = None if off is None else self.version(stream) + off
        taken = [f.dedupe_key for f in self.facts if f.dedupe_key is not None]
        known = [taken_at(self.facts, e.dedupe_key) for e in events if e.dedupe_key in taken]
        try:
            appended = self.run(self.log.append(stream, events, expected=expected))
        except WrongExpectedVersion:
            assert off
            assert not known
            return
        if known:
            assert appended.already_there
            assert appended.positions == tuple(known)
            return
        assert not off
        head = len(self.facts)
        assert appended.positions == tuple(range(head + 1, head + 1 + len(events)))
        self.facts += [Fact(e.id, stream, e.type, e.tenant, e.dedupe_key) for e in events]
        assert appended.version == self.version(stream)
        if events:
            self.appends.append((stream, events, appended.positions))

    @precondition(lambda self: self.appends)
    @rule(data=st.data())
    def append_again(self, data: st.DataObject) -> None:
        stream, events, positions = data.draw(st.sampled_from(self.appends))
        again = self.run(self.log.append(stream, events, expected=data.draw(st.integers(0, 3))))
        assert again.already_there
        assert again.positions == positions

    @rule(after=st.integers(-1, 40), limit=st.integers(0, 10))
    def read(self, after: int, limit: int) -> None:
        after = max(after, 0)
        read = self.run(self.log.read(after=after, limit=limit))
        assert [e.id for e in read] == [f.id for f in self.facts[after : after + limit]]

    @rule(stream=st.sampled_from(STREAMS), after=st.integers(0, 10), limit=st.integers(0, 10))
    def read_stream(self, stream: str, after: int, limit: int) -> None:
        read = self.run(self.log.read_stream(stream, after=after, limit=limit))
        mine = [fact.id for fact in self.facts if fact.stream == stream]
        assert [e.id for e in read] == mine[after : after + limit]

    @rule()
    def reopen(self) -> None:
        self.run(self.log.close())
        self.log = self.run(SqliteLog.open(self.directory / "log.db"))

    @invariant()
    def head_is_the_length(self) -> None:
        assert self.run(self.log.head()) == len(self.facts)

    def teardown(self) -> None:
        events = self.run(self.log.read())
        frontier = self.run(self.log.frontier())
        self.run(self.log.close())
        self.runner.close()
        shutil.rmtree(self.directory)
        assert [e.id for e in events] == [f.id for f in self.facts]
        assert frontier == Frontier().extended(leaf_hash(e.to_bytes()) for e in events)
        check_places(events)


def taken_at(facts: Sequence[Fact], key: str | None) -> int:
    return next(n for n, fact in enumerate(facts, start=1) if fact.dedupe_key == key)


def check_places(events: Sequence[Event]) -> None:
    streams: dict[str, list[int]] = {}
    sequences: dict[str, int] = {}
    for position, event in enumerate(events, start=1):
        before = streams.setdefault(event.stream, [0])
        assert event.position == position
        assert (event.version, event.previous) == (len(before), before[-1])
        before.append(position)
        if EVENT_TYPES[event.type].public:
            sequences[event.tenant] = sequences.get(event.tenant, 0) + 1
            assert event.sequence == sequences[event.tenant]
        else:
            assert event.sequence == 0
    times = [event.time for event in events]
    assert times == sorted(times)


TestLogAgainstList = LogAgainstList.TestCase
TestLogAgainstList.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)


# Canonical bytes


def values_of(annotation: Any, metadata: Sequence[Any]) -> st.SearchStrategy[Any]:
    """Everything that a field of the catalogue may hold."""
    if get_origin(annotation) is Literal:
        return st.sampled_from(get_args(annotation))
    if annotation is type(None):
        return st.none()
    if annotation is bool:
        return st.booleans()
    if annotation is int:
        (low,) = [m.ge for rule in metadata for m in parts(rule) if hasattr(m, "ge")]
        (high,) = [m.le for rule in metadata for m in parts(rule) if hasattr(m, "le")]
        return st.integers(low, high) | st.sampled_from([low, high])
    if annotation is str:
        (pattern,) = [m.pattern for m in metadata if hasattr(m, "pattern")]
        return st.from_regex(pattern.removesuffix("$") + r"\Z")
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return fields_of(annotation)
    inner, *extra = get_args(annotation)
    if get_origin(annotation) is list:
        return st.lists(values_of(inner, ()), max_size=8)
    if hasattr(annotation, "__metadata__"):
        return values_of(inner, extra)
    return st.one_of(*(values_of(each, ()) for each in (inner, *extra)))


def parts(constraint: Any) -> Sequence[Any]:
    return constraint.metadata if isinstance(constraint, FieldInfo) else (constraint,)


def fields_of(model: type[BaseModel]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {name: values_of(f.annotation, f.metadata) for name, f in model.model_fields.items()}
    )


IDS = st.uuids().map(str)
COUNTS = st.integers(0, 2**53 - 1)
TIMES = st.integers(0, 4_102_444_800_000_000)


@st.composite
def events(draw: Callable[[st.SearchStrategy[Any]], Any]) -> Event:
    model = draw(st.sampled_from(list(EVENT_TYPES.values())))
    return Event(
        position=draw(COUNTS),
        id=draw(IDS),
        stream=draw(st.sampled_from(STREAMS)),
        version=draw(COUNTS),
        previous=draw(COUNTS),
        sequence=draw(COUNTS),
        type=model.type,
        time=rfc3339(draw(TIMES)),
        tenant=draw(IDS),
        actor=draw(IDS),
        correlation_id=draw(IDS),
        causation_id=draw(st.none() | IDS),
        data=draw(fields_of(model)),
        commitment=draw(st.none() | st.binary(min_size=32, max_size=32).map(bytes.hex)),
    )


@given(events())
def test_stored_bytes_are_those_of_rfc_8785_for_all_that_the_catalogue_holds(event: Event) -> None:
    read_data(event.type, event.data)
    stored = event.to_bytes()
    assert stored == rfc8785.dumps(event.envelope())
    assert stored.isascii()
    assert event_from_bytes(stored) == event
    assert json.loads(stored) == event.envelope()


@given(TIMES)
def test_a_time_is_written_and_read_back(moment: int) -> None:
    assert microseconds(rfc3339(moment)) == moment


# The tree


@given(st.lists(st.binary(max_size=4), max_size=140), st.lists(st.integers(0, 140), max_size=4))
def test_the_frontier_gives_the_root_of_rfc_6962(leaves: list[bytes], cuts: list[int]) -> None:
    frontier = Frontier()
    at = 0
    for cut in (*sorted(cuts), len(leaves)):
        frontier = frontier.extended(leaf_hash(leaf) for leaf in leaves[at:cut])
        at = max(at, min(cut, len(leaves)))
        assert frontier.count == at
        assert frontier.root() == rfc6962.tree_hash(leaves[:at])
        assert frontier_from_bytes(at, frontier.to_bytes()) == frontier


def test_the_root_is_that_of_rfc_6962_at_every_size_up_to_a_few_levels() -> None:
    leaves = [bytes([n]) for n in range(130)]
    frontier = Frontier()
    for count, leaf in enumerate(leaves, start=1):
        frontier = frontier.extended([leaf_hash(leaf)])
        assert frontier.root() == rfc6962.tree_hash(leaves[:count])
        assert len(frontier.roots) == count.bit_count()


# Batches


@st.composite
def batches(draw: Callable[[st.SearchStrategy[Any]], Any]) -> list[Together]:
    pool = [new_event(kind, tenant=t) for kind in (PUBLIC, PRIVATE) for t in (TENANT, OTHER_TENANT)]
    pool = [replace(event, id=new_event().id) for event in pool for _ in range(3)]
    pool += [replace(event, id=new_event().id, dedupe_key=key) for event in pool for key in "ab"]
    one = st.builds(
        Append,
        stream=st.sampled_from(STREAMS),
        events=st.lists(st.sampled_from(pool), max_size=3, unique_by=lambda e: e.id).map(tuple),
        expected=st.none() | st.integers(0, 4),
    )
    together = st.lists(one, min_size=1, max_size=3, unique_by=lambda append: append.stream)
    return list(draw(st.lists(together.filter(fits).map(tuple), max_size=12)))


def fits(appends: list[Append]) -> bool:
    """Whether no id is given twice."""
    ids = [event.id for append in appends for event in append.events]
    return len(set(ids)) == len(ids)


@given(batches(), TIMES)
def test_a_batch_comes_to_the_same_rows_as_its_appends_one_by_one(
    batch: list[Together], now: int
) -> None:
    together = sequence_batch(batch, BatchState(frontier=Frontier(), time_us=0), now)
    rows: list[Row] = []
    for appends, outcome in zip(batch, together.outcomes, strict=True):
        alone = sequence_batch([appends], state_after(rows), now)
        rows += alone.rows
        assert str(alone.outcomes[0]) == str(outcome)
        assert type(alone.outcomes[0]) is type(outcome)
    assert rows == together.rows
    assert together.frontier == Frontier().extended(leaf_hash(row.stored) for row in rows)


def state_after(rows: Sequence[Row]) -> BatchState:
    """What a store would read back before the next batch."""
    state = BatchState(frontier=Frontier().extended(leaf_hash(r.stored) for r in rows), time_us=0)
    for row in rows:
        event = event_from_bytes(row.stored)
        assert event.envelope() == row.envelope
        here = Coordinates(position=event.position, version=event.version)
        state.time_us = microseconds(event.time)
        state.streams[event.stream] = here
        state.ids[event.id] = here
        state.sequences[event.tenant] = max(event.sequence, state.sequences.get(event.tenant, 0))
        if row.dedupe_key is not None:
            state.dedupe[row.dedupe_key] = here
    return state


@given(st.lists(TIMES, min_size=1, max_size=10))
def test_time_never_goes_back_whatever_the_clock_does(clock: list[int]) -> None:
    rows: list[Row] = []
    for now in clock:
        append = Append(stream=STREAMS[0], events=(new_event(),), expected=None)
        rows += sequence_batch([(append,)], state_after(rows), now).rows
    times = [row.envelope["time"] for row in rows]
    assert times == sorted(times)
    assert times[-1] == rfc3339(max(clock))


# Ids and seals


@given(st.integers(0, 2**48 - 1), st.binary(min_size=10, max_size=10))
def test_an_id_is_a_uuid_of_version_7_in_order_of_time(now: int, entropy: bytes) -> None:
    made = uuid.UUID(uuid7(now, entropy))
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made.int >> 80 == now
    assert uuid7(now, entropy) == str(made)
    random_bits = int.from_bytes(entropy, "big")
    kept = ~((0xF << 76) | (0x3 << 62))
    assert made.int & kept & (2**80 - 1) == random_bits & kept
    if now:
        assert uuid7(now - 1, entropy) < str(made)


KEY = unwrap_key(master := MasterKey(bytes(range(32))), new_wrapped_key(master, STREAMS[0]))


@given(st.binary(max_size=4_000), IDS)
def test_what_is_sealed_opens_as_it_was(plaintext: bytes, event_id: str) -> None:
    sealed = seal_with(KEY, event_id, plaintext)
    assert open_with(KEY, event_id, sealed) == plaintext
    assert seal_with(KEY, event_id, plaintext).box != sealed.box
    if len(plaintext) > 8:
        assert plaintext not in sealed.box
