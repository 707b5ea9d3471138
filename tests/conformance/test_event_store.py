"""What every event store promises."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from pathlib import Path

import pytest

from stenolog.clock import microseconds, now_us, rfc3339
from stenolog.errors import StoreError, StoreUnavailable, WrongExpectedVersion
from stenolog.log.actors import SYSTEM, SYSTEM_TENANT
from stenolog.log.canonical import leaf_hash
from stenolog.log.event import Event, SealedPayload
from stenolog.log.format import LOG_FORMAT
from stenolog.log.merkle import Frontier
from stenolog.log.store import EVENTS_PER_APPEND_MAX, EVENTS_PER_READ_MAX
from tests.conformance.conftest import Opener, ProvenStore
from tests.log_samples import BEGUN, OTHER_TENANT, PRIVATE, PUBLIC, TENANT, new_event, several

STREAM = "transcription-1"
DEADLINE_S = 20


def positions(events: list[Event]) -> list[int]:
    return [event.position for event in events]


async def test_a_new_log_has_the_event_that_began_it_and_no_other(store: ProvenStore) -> None:
    assert await store.head() == BEGUN
    assert await store.version(STREAM) == 0
    (begun,) = await store.read()
    assert (begun.type, begun.position, begun.version) == ("log.begun", BEGUN, 1)
    assert (begun.tenant, begun.actor, begun.sequence) == (SYSTEM_TENANT, SYSTEM, 0)
    assert begun.data == {"log": store.identity.log_id, "format": LOG_FORMAT}
    assert begun.stream == f"log-{store.identity.log_id}"
    assert await store.read_stream(begun.stream) == [begun]
    assert await store.read_stream(STREAM) == []
    assert await store.payload(1) is None
    frontier = await store.frontier()
    assert frontier == Frontier().extended([leaf_hash(begun.to_bytes())])


async def test_a_log_has_one_id_for_ever_and_another_log_another(
    opened: Opener, tmp_path: Path
) -> None:
    async with opened(tmp_path) as log:
        identity = log.identity
    async with opened(tmp_path) as log:
        assert log.identity == identity
        assert [event.type for event in await log.read()] == ["log.begun"]
    (tmp_path / "other").mkdir()
    async with opened(tmp_path / "other") as log:
        assert log.identity.log_id != identity.log_id


async def test_an_empty_append_writes_nothing_and_tells_the_version(store: ProvenStore) -> None:
    empty = await store.append(STREAM, [])
    assert (empty.positions, empty.version) == ((), 0)
    await store.append(STREAM, several(2))
    assert (await store.append(STREAM, [], expected=2)).version == 2
    with pytest.raises(WrongExpectedVersion):
        await store.append(STREAM, [], expected=1)
    assert await store.head() == BEGUN + 2


async def test_appended_events_are_read_as_they_were_given(store: ProvenStore) -> None:
    before = now_us()
    first, second = new_event(PUBLIC), new_event(PRIVATE, causation_id="x")
    appended = await store.append(STREAM, [first, second], expected=0)
    assert appended.positions == (BEGUN + 1, BEGUN + 2)
    assert appended.version == 2
    assert not appended.already_there
    for event, new in zip(await store.read(after=BEGUN), (first, second), strict=True):
        for name in ("id", "type", "tenant", "actor", "correlation_id", "causation_id"):
            assert getattr(event, name) == getattr(new, name)
        assert event.data == new.data
        assert event.stream == STREAM
        assert event.commitment == (new.payload.commitment if new.payload else None)
        assert before <= microseconds(event.time) <= now_us()
        assert rfc3339(microseconds(event.time)) == event.time


async def test_a_conflict_writes_nothing(store: ProvenStore) -> None:
    await store.append(STREAM, several(1))
    root = (await store.frontier()).root()
    for expected in (0, 2, 99, -1):
        with pytest.raises(WrongExpectedVersion):
            await store.append(STREAM, several(3), expected=expected)
    assert await store.head() == BEGUN + 1
    assert len(await store.read(after=BEGUN)) == 1
    assert (await store.frontier()).root() == root
    assert (await store.append(STREAM, several(1), expected=1)).positions == (BEGUN + 2,)


async def test_without_expected_version_an_append_is_accepted_anywhere(store: ProvenStore) -> None:
    assert (await store.append(STREAM, several(1))).version == 1
    assert (await store.append(STREAM, several(2))).version == 3


async def test_of_two_writers_one_wins(store: ProvenStore) -> None:
    for version in range(10):
        outcomes = await asyncio.gather(
            *(store.append(STREAM, several(1), expected=version) for _ in range(2)),
            return_exceptions=True,
        )
        lost = [outcome for outcome in outcomes if isinstance(outcome, WrongExpectedVersion)]
        assert len(lost) == 1
    assert await store.version(STREAM) == 10


async def test_a_conflict_fails_only_its_own_append(store: ProvenStore) -> None:
    outcomes = await asyncio.gather(
        *(store.append(f"upload-{n}", several(1), expected=n % 2) for n in range(20)),
        return_exceptions=True,
    )
    for n, outcome in enumerate(outcomes):
        assert isinstance(outcome, WrongExpectedVersion) == bool(n % 2)
    assert await store.head() == BEGUN + 10


async def test_an_unfit_append_fails_only_itself(store: ProvenStore) -> None:
    twin = new_event()
    float_data = replace(new_event("upload.stored"), data={"bytes": 1.5})
    payload = SealedPayload(key_id="k", box=b"box", commitment="00")
    accepted = new_event("submission.accepted")
    unfit = [
        [twin, twin],
        [new_event(dedupe_key="d"), new_event(dedupe_key="d")],
        several(EVENTS_PER_APPEND_MAX + 1),
        [replace(new_event(), type="no.such")],
        [float_data],
        [replace(new_event("upload.stored"), data={"bytes": 2**53})],
        [replace(new_event(), data={"submission": 1, "name": "Ada"})],
        [new_event(PRIVATE, payload=payload)],
        [replace(new_event(PUBLIC), payload=None)],
        [replace(new_event("submission.failed"), payload=None)],
        [new_event("submission.accepted", payload=payload)],
        [replace(accepted, data={**accepted.data, "provider_job": None})],
    ]
    outcomes = await asyncio.gather(
        *(store.append(f"upload-{n}", events) for n, events in enumerate(unfit)),
        *(store.append(STREAM, several(1)) for _ in unfit),
        return_exceptions=True,
    )
    for outcome in outcomes[: len(unfit)]:
        assert isinstance(outcome, StoreError)
        assert not outcome.retryable
    assert not any(isinstance(outcome, BaseException) for outcome in outcomes[len(unfit) :])
    assert await store.head() == BEGUN + len(unfit)


async def test_the_largest_append_is_accepted_whole(store: ProvenStore) -> None:
    appended = await store.append(STREAM, several(EVENTS_PER_APPEND_MAX))
    assert appended.positions == tuple(range(BEGUN + 1, BEGUN + EVENTS_PER_APPEND_MAX + 1))


async def test_the_same_ids_are_answered_with_where_they_stand(store: ProvenStore) -> None:
    events = several(3)
    first = await store.append(STREAM, events, expected=0)
    await store.append(STREAM, several(2))
    again = await store.append(STREAM, events, expected=0)
    assert again.already_there
    assert (again.positions, again.version) == (first.positions, first.version)
    assert await store.head() == BEGUN + 5


async def test_the_same_ids_at_once_are_written_once(store: ProvenStore) -> None:
    events = several(2)
    outcomes = await asyncio.gather(*(store.append(STREAM, events) for _ in range(20)))
    assert {outcome.positions for outcome in outcomes} == {(BEGUN + 1, BEGUN + 2)}
    assert sum(not outcome.already_there for outcome in outcomes) == 1
    assert await store.head() == BEGUN + 2


async def test_ids_that_are_partly_known_are_an_error(store: ProvenStore) -> None:
    known = new_event()
    await store.append(STREAM, [known])
    with pytest.raises(StoreError) as raised:
        await store.append(STREAM, [known, new_event()])
    assert not raised.value.retryable
    assert await store.head() == BEGUN + 1


async def test_a_dedupe_key_is_accepted_once_within_a_batch(store: ProvenStore) -> None:
    outcomes = await asyncio.gather(
        *(store.append(STREAM, [new_event(dedupe_key="callback 1")]) for _ in range(100))
    )
    assert sum(not outcome.already_there for outcome in outcomes) == 1
    assert {outcome.positions for outcome in outcomes} == {(BEGUN + 1,)}
    assert await store.head() == BEGUN + 1


async def test_a_dedupe_key_is_known_across_batches_and_reopening(
    opened: Opener, tmp_path: Path
) -> None:
    async with opened(tmp_path) as log:
        await log.append(STREAM, [new_event(dedupe_key="a"), new_event(dedupe_key="b")])
        assert (await log.append(STREAM, [new_event(dedupe_key="a")])).positions == (BEGUN + 1,)
    async with opened(tmp_path) as log:
        again = await log.append(STREAM, [new_event(dedupe_key="b")], expected=0)
        assert again.already_there
        assert (again.positions, again.version) == ((BEGUN + 2,), 2)
        fresh = await log.append(STREAM, [new_event(dedupe_key="c")])
        assert not fresh.already_there


async def test_a_dedupe_key_leads_to_its_event(store: ProvenStore) -> None:
    await store.append(STREAM, [new_event(), new_event(dedupe_key="a")])
    await store.append(STREAM, [new_event(dedupe_key="a")])
    assert await store.position_of("a") == BEGUN + 2
    assert await store.position_of("b") is None


async def test_a_taken_dedupe_key_keeps_out_the_whole_append(store: ProvenStore) -> None:
    await store.append(STREAM, [new_event(dedupe_key="a")])
    refused = await store.append(STREAM, [new_event(), new_event(dedupe_key="a")])
    assert refused.already_there
    assert await store.head() == BEGUN + 1


async def test_a_refused_append_does_not_take_its_dedupe_key(store: ProvenStore) -> None:
    with pytest.raises(WrongExpectedVersion):
        await store.append(STREAM, [new_event(dedupe_key="a")], expected=7)
    assert not (await store.append(STREAM, [new_event(dedupe_key="a")])).already_there


async def test_versions_and_previous_follow_within_each_stream(store: ProvenStore) -> None:
    streams = [f"upload-{n % 3}" for n in range(30)]
    await asyncio.gather(
        *(store.append(stream, several(1 + len(stream) % 2)) for stream in streams)
    )
    last: dict[str, Event] = {}
    times = []
    for count, event in enumerate(await store.read(), start=1):
        before = last.get(event.stream)
        assert event.position == count
        assert event.version == (before.version + 1 if before else 1)
        assert event.previous == (before.position if before else 0)
        last[event.stream] = event
        times.append(event.time)
    assert times == sorted(times)
    for stream, event in last.items():
        assert await store.version(stream) == event.version


async def test_sequences_are_dense_per_tenant_over_public_types(store: ProvenStore) -> None:
    for n in range(12):
        tenant = (TENANT, OTHER_TENANT)[n % 2]
        kinds = [new_event(kind, tenant=tenant) for kind in (PUBLIC, PRIVATE, PUBLIC)]
        await asyncio.gather(store.append(f"upload-{n}", kinds), store.append(STREAM, several(1)))
    seen: dict[str, list[int]] = {TENANT: [], OTHER_TENANT: []}
    for event in await store.read():
        if event.type == PUBLIC:
            seen[event.tenant].append(event.sequence)
        else:
            assert event.sequence == 0
    assert seen == {TENANT: list(range(1, 13)), OTHER_TENANT: list(range(1, 13))}


async def test_reads_begin_behind_a_position_and_end_at_a_limit(store: ProvenStore) -> None:
    for stream in ("upload-1", "upload-2"):
        await store.append(stream, several(5))
    assert positions(await store.read()) == list(range(1, 12))
    assert positions(await store.read(after=3, limit=4)) == [4, 5, 6, 7]
    assert positions(await store.read(after=10)) == [11]
    assert positions(await store.read(after=11)) == []
    assert positions(await store.read(after=2**70)) == []
    assert positions(await store.read(after=-(2**70), limit=2)) == [1, 2]
    assert positions(await store.read(limit=0)) == []
    assert positions(await store.read(limit=-1)) == []
    assert positions(await store.read_stream("upload-2", after=1, limit=3)) == [8, 9, 10]
    assert [e.version for e in await store.read_stream("upload-2")] == [1, 2, 3, 4, 5]
    assert await store.read_stream("upload-2", after=5) == []
    assert await store.read_stream("upload") == []
    assert await store.payload(-1) is None
    assert await store.payload(2**70) is None


async def test_a_read_never_returns_more_than_its_bound(store: ProvenStore) -> None:
    chunks = EVENTS_PER_READ_MAX // EVENTS_PER_APPEND_MAX + 1
    await asyncio.gather(
        *(store.append(STREAM, several(EVENTS_PER_APPEND_MAX)) for _ in range(chunks))
    )
    assert await store.head() > EVENTS_PER_READ_MAX
    assert len(await store.read(limit=2**70)) == EVENTS_PER_READ_MAX
    assert len(await store.read_stream(STREAM, limit=2**70)) == EVENTS_PER_READ_MAX


async def test_head_frontier_and_events_are_the_same_after_reopening(
    opened: Opener, tmp_path: Path
) -> None:
    async with opened(tmp_path) as log:
        for n in range(5):
            await log.append(f"upload-{n % 2}", several(n + 1, PUBLIC))
        events, frontier = await log.read(), await log.frontier()
    async with opened(tmp_path) as log:
        assert await log.head() == len(events) == frontier.count
        assert await log.read() == events
        assert await log.frontier() == frontier
        again = await log.append("upload-1", several(1, PUBLIC), expected=6)
        assert again.positions == (len(events) + 1,)
        added = (await log.read(after=len(events)))[0]
        assert added.sequence == len(events) - BEGUN + 1
        assert added.previous == (await log.read_stream("upload-1"))[-2].position
        assert added.time >= events[-1].time


async def test_the_frontier_is_that_of_the_stored_bytes(store: ProvenStore) -> None:
    await asyncio.gather(*(store.append(STREAM, several(n % 4 + 1)) for n in range(20)))
    leaves = [leaf_hash(event.to_bytes()) for event in await store.read()]
    assert await store.frontier() == Frontier().extended(leaves)


async def test_a_tailing_reader_under_concurrent_writers_misses_nothing(store: ProvenStore) -> None:
    writers, appends = 8, 20
    total = BEGUN + writers * appends * 2
    seen: list[Event] = []

    async def tail() -> None:
        while len(seen) < total:
            await store.wait(after=len(seen))
            seen.extend(await store.read(after=len(seen), limit=17))

    async def write(number: int) -> None:
        for _ in range(appends):
            await store.append(f"upload-{number}", several(2))

    async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as group:
        group.create_task(tail())
        for number in range(writers):
            group.create_task(write(number))
    assert positions(seen) == list(range(1, total + 1))
    assert len({event.id for event in seen}) == total


async def test_what_is_acknowledged_is_readable_at_once(store: ProvenStore) -> None:
    for _ in range(20):
        appended = await store.append(STREAM, several(1))
        assert await store.head() >= appended.positions[0]
        assert await store.version(STREAM) == appended.version
        assert (await store.read(after=appended.positions[0] - 1))[0].version == appended.version


async def test_waiting_ends_when_the_log_has_grown_beyond(store: ProvenStore) -> None:
    await store.append(STREAM, several(2))
    assert await store.wait(after=2) == 3
    async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as group:
        near = group.create_task(store.wait(after=3))
        far = group.create_task(store.wait(after=4))
        cancelled = group.create_task(store.wait(after=3))
        await asyncio.sleep(0)
        cancelled.cancel()
        await store.append(STREAM, several(1))
        assert await near == 4
        assert not far.done()
        await store.append(STREAM, several(1))
        assert await far == 5


async def test_cancelling_in_mid_append_cancels_nothing_and_doubles_nothing(
    store: ProvenStore,
) -> None:
    batches = [several(2) for _ in range(40)]
    tasks = [asyncio.create_task(store.append(STREAM, events)) for events in batches]
    await asyncio.sleep(0)  # each has handed over its events and awaits the answer
    for task in tasks[::2]:
        task.cancel()
    for task in tasks:
        with contextlib.suppress(asyncio.CancelledError):
            await task
    for events in batches:
        await store.append(STREAM, events)
    assert await store.head() == BEGUN + 80
    ids = [event.id for event in await store.read(after=BEGUN)]
    assert sorted(ids) == sorted(event.id for events in batches for event in events)


async def test_64_concurrent_appends_need_at_most_4_commits(opened: Opener, tmp_path: Path) -> None:
    reports: list[tuple[int, int]] = []

    def report(appends: int, events: int, seconds: float) -> None:
        assert seconds > 0
        reports.append((appends, events))

    async with opened(tmp_path, report) as log:
        await asyncio.gather(*(log.append(f"upload-{n}", several(1)) for n in range(64)))
    assert sum(appends for appends, _ in reports) == 64
    assert sum(events for _, events in reports) == 64
    assert len(reports) <= 4


async def test_a_batch_holds_at_most_256_events(opened: Opener, tmp_path: Path) -> None:
    reports: list[int] = []
    async with opened(tmp_path, lambda _, events, __: reports.append(events)) as log:
        await asyncio.gather(*(log.append(f"upload-{n}", several(60)) for n in range(20)))
    assert sum(reports) == 1_200
    assert max(reports) <= 256


async def test_a_payload_is_kept_beside_its_event(opened: Opener, tmp_path: Path) -> None:
    small = SealedPayload(key_id="key 1", box=b"\x00\xff box", commitment="ab" * 32)
    large = SealedPayload(key_id="key 2", box=b"b" * (3 << 20), commitment="cd" * 32)
    async with opened(tmp_path) as log:
        events = [
            new_event(PUBLIC, payload=small),
            new_event(PRIVATE),
            new_event("submission.claimed", payload=large),
        ]
        await log.append(STREAM, events)
        assert await log.payload(BEGUN + 1) == small
    async with opened(tmp_path) as log:
        assert await log.payload(BEGUN + 1) == small
        assert await log.payload(BEGUN + 2) is None
        assert await log.payload(BEGUN + 3) == large
        assert [e.commitment for e in await log.read(after=BEGUN)] == ["ab" * 32, None, "cd" * 32]


async def test_closing_commits_what_was_handed_over(opened: Opener, tmp_path: Path) -> None:
    async with opened(tmp_path) as log:
        tasks = [asyncio.create_task(log.append(STREAM, several(5))) for _ in range(200)]
        await asyncio.sleep(0)
        await log.close()
        assert {task.result().already_there for task in tasks} == {False}
        with pytest.raises(StoreUnavailable):
            await log.append(STREAM, several(1))
    async with opened(tmp_path) as log:
        assert await log.head() == BEGUN + 1_000
