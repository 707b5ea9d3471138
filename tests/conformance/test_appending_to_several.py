"""What every event store promises of an append to several streams: all of it, or nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from stenolog.errors import StoreError, WrongExpectedVersion
from stenolog.log.event import NewEvent
from stenolog.log.store import EVENTS_PER_APPEND_MAX, Append
from tests.conformance.conftest import Opener, ProvenStore
from tests.log_samples import BEGUN, PUBLIC, new_event, several

ONE, OTHER = "transcription-1", "upload-1"


def part(stream: str, *events: NewEvent, expected: int | None = None) -> Append:
    return Append(stream=stream, events=events, expected=expected)


async def test_each_stream_gets_its_events_in_the_order_in_which_they_are_given(
    store: ProvenStore,
) -> None:
    await store.append(OTHER, several(2))
    first, second, third = new_event(PUBLIC), new_event(), new_event(PUBLIC)
    one, other = await store.append_all(
        [part(ONE, first, expected=0), part(OTHER, second, third, expected=2)]
    )
    assert (one.positions, one.version, one.already_there) == ((BEGUN + 3,), 1, False)
    assert other.positions == (BEGUN + 4, BEGUN + 5)
    assert (other.version, other.already_there) == (4, False)
    added = await store.read(after=BEGUN + 2)
    assert [event.id for event in added] == [first.id, second.id, third.id]
    assert [event.previous for event in added] == [0, BEGUN + 2, BEGUN + 4]
    assert [event.sequence for event in added] == [1, 0, 2]


async def test_one_stream_that_moved_on_keeps_everything_out(store: ProvenStore) -> None:
    await store.append(OTHER, several(1))
    root = (await store.frontier()).root()
    for appends in (
        [part(ONE, new_event(), expected=0), part(OTHER, new_event(), expected=0)],
        [part(OTHER, new_event(), expected=7), part(ONE, new_event())],
        [part(ONE, new_event()), part(OTHER, expected=0)],
    ):
        with pytest.raises(WrongExpectedVersion):
            await store.append_all(appends)
    assert await store.version(ONE) == 0
    assert await store.head() == BEGUN + 1
    assert (await store.frontier()).root() == root


async def test_the_same_ids_of_all_streams_are_answered_with_where_they_stand(
    opened: Opener, tmp_path: Path
) -> None:
    appends = [part(ONE, new_event(), expected=0), part(OTHER, *several(2), expected=0)]
    async with opened(tmp_path) as store:
        first = await store.append_all(appends)
        await store.append(ONE, several(1))
    async with opened(tmp_path) as store:
        again = await store.append_all(appends)
        assert [answer.already_there for answer in again] == [True, True]
        assert [answer.positions for answer in again] == [one.positions for one in first]
        assert await store.head() == BEGUN + 4


async def test_ids_of_one_stream_alone_are_no_repetition(store: ProvenStore) -> None:
    known = new_event()
    await store.append(ONE, [known])
    with pytest.raises(StoreError) as raised:
        await store.append_all([part(ONE, known), part(OTHER, new_event())])
    assert not raised.value.retryable
    assert await store.head() == BEGUN + 1


async def test_one_taken_dedupe_key_keeps_everything_out_and_all_answers_say_so(
    store: ProvenStore,
) -> None:
    await store.append(OTHER, [new_event(dedupe_key="request")])
    one, other = await store.append_all(
        [part(ONE, new_event(dedupe_key="request"), expected=0), part(OTHER, new_event())]
    )
    assert (one.positions, one.version, one.already_there) == ((BEGUN + 1,), 0, True)
    assert (other.positions, other.version, other.already_there) == ((), 1, True)
    assert await store.head() == BEGUN + 1


async def test_what_the_log_cannot_hold_fails_alone(store: ProvenStore) -> None:
    twin = new_event()
    half = EVENTS_PER_APPEND_MAX // 2
    unfit = [
        [part(ONE, new_event()), part(ONE, new_event())],
        [part(ONE, twin), part(OTHER, twin)],
        [part(ONE, new_event(dedupe_key="d")), part(OTHER, new_event(dedupe_key="d"))],
        [part(ONE, *several(half)), part(OTHER, *several(half + 1))],
    ]
    outcomes = await asyncio.gather(
        *(store.append_all(appends) for appends in unfit),
        *(store.append_all([part(ONE, new_event()), part(OTHER, new_event())]) for _ in unfit),
        return_exceptions=True,
    )
    for outcome in outcomes[: len(unfit)]:
        assert isinstance(outcome, StoreError)
        assert not outcome.retryable
    assert not any(isinstance(outcome, BaseException) for outcome in outcomes[len(unfit) :])
    assert await store.head() == BEGUN + 2 * len(unfit)


async def test_of_two_writers_that_meet_in_one_stream_one_wins_whole(store: ProvenStore) -> None:
    await store.append(OTHER, several(1))
    for version in range(1, 9):
        mine, theirs = f"transcription-a{version}", f"transcription-b{version}"
        outcomes = await asyncio.gather(
            *(
                store.append_all(
                    [part(own, new_event()), part(OTHER, new_event(), expected=version)]
                )
                for own in (mine, theirs)
            ),
            return_exceptions=True,
        )
        assert sum(isinstance(outcome, WrongExpectedVersion) for outcome in outcomes) == 1
        assert await store.version(mine) + await store.version(theirs) == 1


async def test_nothing_to_append_is_answered_with_nothing(store: ProvenStore) -> None:
    assert list(await store.append_all([])) == []
    one, other = await store.append_all([part(ONE), part(OTHER, new_event())])
    assert (one.positions, one.version) == ((), 0)
    assert (other.positions, other.version) == ((BEGUN + 1,), 1)
