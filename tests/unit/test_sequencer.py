"""Group commit: who gets which answer."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from time import monotonic

import pytest

from stenolog.errors import OutcomeUnknown, StoreError, StoreUnavailable, WrongExpectedVersion
from stenolog.log.sequencer import (
    BATCH_BYTES_MAX,
    BATCH_EVENTS_MAX,
    WAITING_BYTES_MAX,
    WAITING_MAX,
    GroupCommit,
    Weight,
)
from tests.house.waiting import until

DEADLINE_S = 20


class Commits:
    """A commit function that can be held, and remembers its batches."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.entered = threading.Event()
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, batch: Sequence[int]) -> Sequence[int | StoreError]:
        self.entered.set()
        assert self.gate.wait(DEADLINE_S)
        self.batches.append(list(batch))
        if any(item == -1 for item in batch):
            raise OutcomeUnknown("injected")
        if any(item == -2 for item in batch):
            raise ZeroDivisionError
        return [WrongExpectedVersion("odd") if item % 2 else item * 10 for item in batch]


@pytest.fixture
def commits() -> Commits:
    return Commits()


@pytest.fixture
async def group(commits: Commits) -> AsyncIterator[GroupCommit[int, int]]:
    made = GroupCommit[int, int](commits, name="test")
    yield made
    commits.gate.set()
    await made.close()


async def handed_over(tasks: Sequence[asyncio.Task[int]]) -> None:
    await asyncio.sleep(0)
    assert not any(task.done() for task in tasks)


async def hold(commits: Commits, group: GroupCommit[int, int]) -> asyncio.Task[int]:
    """The thread is inside a commit, and what is submitted now gathers behind it."""
    commits.gate.clear()
    first = asyncio.create_task(group.submit(0))
    await asyncio.to_thread(commits.entered.wait, DEADLINE_S)
    return first


async def test_each_caller_gets_its_own_outcome(group: GroupCommit[int, int]) -> None:
    outcomes = await asyncio.gather(*map(group.submit, range(6)), return_exceptions=True)
    assert outcomes[::2] == [0, 20, 40]
    assert all(isinstance(outcome, WrongExpectedVersion) for outcome in outcomes[1::2])


async def test_what_gathers_during_a_commit_is_one_batch_in_order_of_arrival(
    commits: Commits, group: GroupCommit[int, int]
) -> None:
    first = await hold(commits, group)
    tasks = [asyncio.create_task(group.submit(2 * n)) for n in range(1, 101)]
    await handed_over(tasks)
    commits.gate.set()
    assert await asyncio.gather(first, *tasks) == [20 * n for n in range(101)]
    assert commits.batches == [[0], [2 * n for n in range(1, 101)]]


@pytest.mark.parametrize(("poison", "error"), [(-1, OutcomeUnknown), (-2, ZeroDivisionError)])
async def test_a_commit_that_raises_fails_its_batch_and_the_next_works(
    commits: Commits, group: GroupCommit[int, int], poison: int, error: type[Exception]
) -> None:
    first = await hold(commits, group)
    tasks = [asyncio.create_task(group.submit(item)) for item in (2, poison, 4)]
    await handed_over(tasks)
    commits.gate.set()
    assert await first == 0
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [error] * 3
    assert await group.submit(2) == 20


async def test_cancelling_a_caller_cancels_nothing(
    commits: Commits, group: GroupCommit[int, int]
) -> None:
    first = await hold(commits, group)
    tasks = [asyncio.create_task(group.submit(item)) for item in (2, 4)]
    await handed_over(tasks)
    tasks[0].cancel()
    commits.gate.set()
    assert (await first, await tasks[1]) == (0, 40)
    assert tasks[0].cancelled()
    assert commits.batches == [[0], [2, 4]]


async def test_a_full_queue_is_told_at_once(commits: Commits, group: GroupCommit[int, int]) -> None:
    first = await hold(commits, group)
    tasks = [asyncio.create_task(group.submit(0)) for _ in range(WAITING_MAX - 1)]
    await handed_over(tasks)
    with pytest.raises(StoreUnavailable):
        await group.submit(2)
    commits.gate.set()
    await asyncio.gather(first, *tasks)
    assert await group.submit(2) == 20


@pytest.mark.parametrize(
    ("weigh", "most", "count"),
    [
        (lambda _: Weight(1, 1), BATCH_EVENTS_MAX, 600),
        (lambda _: Weight(60, 1), BATCH_EVENTS_MAX // 60, 600),
        (lambda _: Weight(1, BATCH_BYTES_MAX // 3), 3, 60),
        (lambda _: Weight(1, 2 * BATCH_BYTES_MAX), 1, 20),
        (lambda _: Weight(2 * BATCH_EVENTS_MAX, 1), 1, 600),
    ],
)
async def test_a_batch_ends_at_its_limits_and_nothing_is_lost(
    commits: Commits, weigh: Callable[[int], Weight], most: int, count: int
) -> None:
    group = GroupCommit[int, int](commits, name="test", weigh=weigh)
    first = await hold(commits, group)
    tasks = [asyncio.create_task(group.submit(2 * n)) for n in range(count)]
    await handed_over(tasks)
    commits.gate.set()
    await group.close()
    assert await asyncio.gather(first, *tasks) == [0, *(20 * n for n in range(count))]
    assert max(map(len, commits.batches)) == most
    assert [item for batch in commits.batches for item in batch] == [0, *range(0, 2 * count, 2)]


async def test_closing_answers_what_was_submitted_and_refuses_the_rest(
    commits: Commits, group: GroupCommit[int, int]
) -> None:
    first = await hold(commits, group)
    tasks = [asyncio.create_task(group.submit(2)) for _ in range(600)]
    await handed_over(tasks)
    closing = asyncio.create_task(group.close())
    async with asyncio.timeout(DEADLINE_S):
        while True:
            try:
                late = asyncio.create_task(group.submit(4))
                await asyncio.sleep(0)
                if late.done():
                    late.result()
                tasks.append(late)
            except StoreUnavailable:
                break
    commits.gate.set()
    await asyncio.gather(first, closing, *tasks)
    assert {task.result() for task in tasks} <= {20, 40}
    await group.close()


async def test_what_is_submitted_in_one_turn_of_the_loop_is_one_batch(
    commits: Commits, group: GroupCommit[int, int]
) -> None:
    await asyncio.gather(*(group.submit(2 * n) for n in range(50)))
    assert commits.batches == [[2 * n for n in range(50)]]


async def test_closing_commits_what_was_submitted_in_the_same_turn(
    commits: Commits, group: GroupCommit[int, int]
) -> None:
    tasks = [asyncio.ensure_future(group.submit(2)), asyncio.ensure_future(group.close())]
    assert await asyncio.gather(*tasks) == [20, None]


def test_a_loop_that_is_gone_does_not_end_the_thread(commits: Commits) -> None:
    async def leave() -> GroupCommit[int, int]:
        group = GroupCommit[int, int](commits, name="test")
        first = await hold(commits, group)
        second = asyncio.create_task(group.submit(2))
        await asyncio.sleep(0)  # submitted
        await asyncio.sleep(0)  # handed over
        for task in (first, second):
            task.cancel()
        return group

    group = asyncio.run(leave())
    commits.gate.set()
    asyncio.run(group.close())
    assert commits.batches == [[0], [2]]


async def test_it_has_just_beaten_while_nobody_waits_and_not_while_a_commit_hangs(
    commits: Commits, group: GroupCommit[int, int]
) -> None:
    ends = monotonic() + 0.05
    await until(lambda: monotonic() > ends)
    assert group.beat_age_ms == 0
    first = await hold(commits, group)
    await until(lambda: group.beat_age_ms >= 50)
    second = asyncio.create_task(group.submit(2))
    await asyncio.sleep(0)
    assert group.beat_age_ms >= 50, "who comes later makes it no younger"
    commits.gate.set()
    assert [await first, await second] == [0, 20]
    assert group.beat_age_ms == 0


async def test_what_waits_is_bounded_in_bytes_and_there_is_room_again_after_that(
    commits: Commits,
) -> None:
    group = GroupCommit[int, int](commits, name="test", weigh=lambda item: Weight(1, item))
    quarter = WAITING_BYTES_MAX // 4
    commits.gate.clear()
    tasks = [asyncio.create_task(group.submit(quarter)) for _ in range(4)]
    await handed_over(tasks)
    with pytest.raises(StoreUnavailable, match="64 MiB of writes are waiting"):
        await group.submit(2)
    commits.gate.set()
    assert await asyncio.gather(*tasks) == [quarter * 10] * 4
    assert await group.submit(2 * WAITING_BYTES_MAX) == 20 * WAITING_BYTES_MAX, "one waits alone"
    assert await group.submit(2) == 20
    await group.close()


async def test_what_nobody_waits_for_any_more_gives_its_room_back(commits: Commits) -> None:
    group = GroupCommit[int, int](commits, name="test", weigh=lambda item: Weight(1, item))
    commits.gate.clear()
    task = asyncio.create_task(group.submit(WAITING_BYTES_MAX))
    await handed_over([task])
    task.cancel()
    commits.gate.set()
    await asyncio.wait([task])
    assert await group.submit(0) == 0, "it takes no room, and is answered after the other"
    assert await group.submit(WAITING_BYTES_MAX) == 10 * WAITING_BYTES_MAX
    await group.close()


async def test_what_is_idle_is_looked_at_on_the_writing_thread(commits: Commits) -> None:
    looked: list[str] = []
    seen = threading.Event()

    def look() -> None:
        looked.append(threading.current_thread().name)
        seen.set()

    group = GroupCommit[int, int](commits, name="idle", idle=look, idle_every_ms=1)
    assert await asyncio.to_thread(seen.wait, DEADLINE_S)
    assert await group.submit(4) == 40
    await group.close()
    assert set(looked) == {"idle"}
