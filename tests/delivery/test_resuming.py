"""What waits for the views goes on with them, however long it was put off."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from stenolog.clock import now_ms
from stenolog.delivery.outbox import Pending
from stenolog.delivery.resuming import MENDED_MAX, Resuming
from stenolog.log.checkpoint import Checkpoint
from stenolog.projections.run.one_event import THREAD_BYTES_MAX
from stenolog.stores.sqlite.work.store import SqliteWork
from tests.delivery.house import House
from tests.delivery.test_interrupted import killing
from tests.house.waiting import until
from tests.http.spoken import answer_of

LATER_MS = 600_000


async def test_a_delivery_goes_on_with_views_that_go_on(home: House) -> None:
    await home.service.stand_still()
    async with home.delivering():
        transcription_id = await home.done()
        await until(lambda: home.left_for_later() == 1)
        assert home.got() == []
        await home.service.follow()
        await home.ended(transcription_id)
    assert home.told() == [transcription_id]


async def test_a_delivery_goes_on_with_a_projection_that_goes_on(home: House) -> None:
    async with home.delivering():
        async with killing():
            transcription_id = await home.requested()
            answer = answer_of() | {"padding": "x" * THREAD_BYTES_MAX}
            await home.service.complete(transcription_id, answer)
            await until(lambda: home.left_for_later() == 1)
            assert home.got() == []
        await home.ended(transcription_id)
    assert home.told() == [transcription_id]


async def test_a_delivery_goes_on_with_views_that_are_built_anew(home: House) -> None:
    async with home.delivering() as deliveries:
        async with killing():
            transcription_id = await home.requested()
            answer = answer_of() | {"padding": "x" * THREAD_BYTES_MAX}
            await home.service.complete(transcription_id, answer)
            await until(lambda: home.left_for_later() == 1)
        told: list[str | None] = []
        home.service.projector.on_mended.append(told.append)
        home.service.projector.on_mended.remove(deliveries.mended)
        await until(lambda: transcription_id in told)  # it is readable, and nobody was told
        home.left_for_later()
        home.service.projector.on_mended.append(deliveries.mended)
        await home.service.projector.rebuild("all")
        await home.ended(transcription_id)
    assert None in told
    assert home.told() == [transcription_id]


@contextlib.asynccontextmanager
async def waiting(path: Path, positions: range) -> AsyncIterator[SqliteWork]:
    """An outbox in which deliveries of these positions await the views."""
    outbox = await SqliteWork.open(path / "work.db")
    try:
        await outbox.begin(Checkpoint(position=0, event_id=""))
        owed = [
            Pending(
                position=p, stream=f"transcription-{p}", tenant="t", lane=f"{p}", created_at_ms=0
            )
            for p in positions
        ]
        before = 0
        for first in range(0, len(owed), 200):
            part = owed[first : first + 200]
            to = Checkpoint(position=part[-1].position, event_id="x")
            await outbox.add(part, after=before, to=to)
            before = to.position
        taken = await outbox.take(0, until_ms=1, busy=(), at_once=2 * len(owed), per_lane=1)
        assert len(taken.leases) == len(owed)
        for leased in taken.leases:
            await outbox.put_off(leased, now_ms() + LATER_MS, awaits_views=True)
        yield outbox
    finally:
        await outbox.close()


async def due(outbox: SqliteWork) -> int:
    return (await outbox.backlog(now_ms())).due


async def wait_again(outbox: SqliteWork) -> None:
    """What is due is taken and put off once more."""
    taken = await outbox.take(now_ms(), until_ms=1, busy=(), at_once=20, per_lane=1)
    for leased in taken.leases:
        await outbox.put_off(leased, now_ms() + LATER_MS, awaits_views=True)


@contextlib.asynccontextmanager
async def resumed(outbox: SqliteWork) -> AsyncIterator[tuple[Resuming, asyncio.Event]]:
    """What has deliveries go on, under way; and what is set whenever some were resumed."""
    woken = asyncio.Event()
    resuming = Resuming(outbox, woken.set, now_ms)
    running = asyncio.create_task(resuming.run())
    try:
        yield resuming, woken
    finally:
        running.cancel()


async def test_after_a_start_all_that_wait_have_a_look(tmp_path: Path) -> None:
    async with waiting(tmp_path, range(1, 601)) as outbox:
        async with resumed(outbox) as (resuming, woken):
            resuming.reached(500)
            await asyncio.wait_for(woken.wait(), 10)
        assert await due(outbox) == 500  # the others tell of what the views have not seen


async def test_only_those_that_are_mended_have_a_look(tmp_path: Path) -> None:
    async with waiting(tmp_path, range(1, 11)) as outbox:
        async with resumed(outbox) as (resuming, woken):
            resuming.mended("7")
            resuming.mended("8")
            resuming.mended("unknown")
            await asyncio.wait_for(woken.wait(), 10)
        assert await due(outbox) == 2


async def test_a_fill_that_is_quick_has_nobody_looked_at_who_must_wait_on(tmp_path: Path) -> None:
    async with waiting(tmp_path, range(1, 11)) as outbox:
        async with resumed(outbox) as (resuming, woken):
            resuming.reached(10)
            await asyncio.wait_for(woken.wait(), 10)
            await wait_again(outbox)
            woken.clear()
            for number in range(5_000):
                resuming.mended(f"other-{number}")
            resuming.mended("7")
            await asyncio.wait_for(woken.wait(), 10)
        assert await due(outbox) == 1


async def test_a_flood_of_mended_transcriptions_is_bounded(tmp_path: Path) -> None:
    async with waiting(tmp_path, range(1, 11)) as outbox:
        async with resumed(outbox) as (resuming, woken):
            resuming.reached(5)
            await asyncio.wait_for(woken.wait(), 10)
            await wait_again(outbox)
            woken.clear()
            for number in range(MENDED_MAX + 1):
                resuming.mended(f"no-{number}")
            await asyncio.wait_for(woken.wait(), 10)
        assert await due(outbox) == 5  # all up to there, because it cannot tell which


async def test_views_that_are_made_again_are_waited_for_again(tmp_path: Path) -> None:
    async with waiting(tmp_path, range(1, 11)) as outbox:
        async with resumed(outbox) as (resuming, woken):
            resuming.reached(10)
            await asyncio.wait_for(woken.wait(), 10)
            await wait_again(outbox)
            woken.clear()
            resuming.reached(0)
            resuming.reached(4)
            await asyncio.wait_for(woken.wait(), 10)
        assert await due(outbox) == 4
