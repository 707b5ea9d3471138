"""What becomes of a transcription when the process that projects it is killed."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import structlog

from stenolog.projections.of.lists import ITEM_VIEWS
from stenolog.projections.rows import StatusRow
from stenolog.projections.run.one_event import THREAD_BYTES_MAX
from stenolog.stores.sqlite.views.store import SqliteViews
from tests.unit.projections.answers import EVERYTHING, full_answer
from tests.unit.projections.events import MemoryLog, transcription_id
from tests.unit.projections.keys import MemoryKeys
from tests.unit.projections.running import running

PADDING = "x" * THREAD_BYTES_MAX
FIRST, SECOND = transcription_id(1), transcription_id(2)


@contextlib.asynccontextmanager
async def killing() -> AsyncIterator[None]:
    """Every process that is started is killed at once, as by a kernel without memory."""

    async def kill() -> None:
        while True:
            for child in multiprocessing.active_children():
                child.kill()
            await asyncio.sleep(0.001)

    task = asyncio.create_task(kill())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def row_of(views: SqliteViews, id_: str) -> StatusRow:
    row = await views.transcription(id_)
    assert row is not None
    return row


async def until(log: MemoryLog, views: SqliteViews, status: str) -> StatusRow:
    """The row of the first transcription, once it has this status and nothing is held."""
    while True:
        row = await views.transcription(FIRST)
        if row is not None and row.status == status and not await views.held_for_now(1):
            return row
        await asyncio.sleep(0.01)


async def held(log: MemoryLog, views: SqliteViews) -> None:
    """A big answer was in the worker when that was killed, as often as it was started."""
    log.done(1, full_answer(padding=PADDING), **EVERYTHING)
    log.done(2, full_answer(), **EVERYTHING)
    async with killing(), running(log, views) as projector:
        await projector.wait_projected(len(log.events))


async def test_a_killed_worker_says_nothing_of_the_transcript_and_holds_no_other(
    views: SqliteViews,
) -> None:
    log = MemoryLog()
    await held(log, views)
    row = await row_of(views, FIRST)
    assert (row.status, row.error, row.version) == ("processing", None, 4)
    assert await views.customer_body(FIRST) is None
    for view in ("transcript", *ITEM_VIEWS):
        assert await views.view_state(FIRST, view) == "not_ready"
        assert await views.view_state(SECOND, view) is None
    assert (await row_of(views, SECOND)).status == "completed"


async def test_what_was_interrupted_is_projected_again_also_after_a_restart(
    views: SqliteViews, tmp_path: Path
) -> None:
    log, undisturbed = (
        MemoryLog(),
        await SqliteViews.open(tmp_path / "undisturbed.db", MemoryKeys()),
    )
    await held(log, views)
    delivered = {"kind": "outcome", "attempts": 1, "status": 202}
    log.add(1, "delivery.succeeded", delivered)
    told: list[int] = []
    async with running(log, views, on_committed=[told.append]) as projector:
        row = await until(log, views, "completed")
        assert projector.position == len(log.events)
    assert told.count(len(log.events)) > 1, "whoever waits for the outcome hears of it"
    async with running(log, undisturbed) as projector:
        await projector.wait_projected(len(log.events))
    assert row == await undisturbed.transcription(FIRST)
    assert row.webhook_status_code == 202
    assert await views.customer_body(FIRST) == await undisturbed.customer_body(FIRST)
    for view in ITEM_VIEWS:
        page = await views.items(FIRST, view, after=0, limit=200)
        assert page == await undisturbed.items(FIRST, view, after=0, limit=200)
    assert {one.failures for one in await views.projections()} == {0}
    await undisturbed.close()


async def test_pauses_grow_while_it_is_interrupted_and_the_log_is_followed(
    views: SqliteViews,
) -> None:
    log = MemoryLog()
    with structlog.testing.capture_logs() as lines:
        async with killing():
            await held(log, views)
            async with running(log, views) as projector:
                await line_of(lines, lambda line: line.get("tries") == 1)
                log.done(3, full_answer(), **EVERYTHING)
                await projector.wait_projected(len(log.events))
                assert (await row_of(views, transcription_id(3))).status == "completed"
                await line_of(lines, lambda line: line.get("tries") == 2)
        async with running(log, views):
            await until(log, views, "completed")
    told = [line for line in lines if line["event"] == "projection.interrupted"]
    assert [(line["log_level"], line["reason"], line["retry_in_ms"]) for line in told[:2]] == [
        ("warning", "SideProcessEnded", 2_000),
        ("warning", "SideProcessEnded", 4_000),
    ]
    assert {line["transcription_id"] for line in told} == {FIRST}
    [resumed] = [line for line in lines if line["event"] == "projection.resumed"]
    assert resumed["transcription_id"] == FIRST
    reasons = {line["reason"] for line in lines if line["event"] == "projection.held"}
    assert reasons == {"interrupted (SideProcessEnded), and tried again"}


async def line_of(lines: list[Any], wanted: Callable[[Any], bool]) -> None:
    while not any(wanted(line) for line in lines):  # noqa: ASYNC110 - a list wakes nobody
        await asyncio.sleep(0.01)


async def test_an_answer_that_was_read_and_is_none_is_held_for_good(views: SqliteViews) -> None:
    log = MemoryLog()
    log.done(1, b'{"words": ' + b" " * THREAD_BYTES_MAX, **EVERYTHING)
    async with killing(), running(log, views) as projector:
        await projector.wait_projected(len(log.events))
        assert (await row_of(views, FIRST)).status == "processing"
    async with running(log, views):
        row = await until(log, views, "error")
    assert row.error == "The provider's result could not be read."
    assert await views.view_state(FIRST, "words") == "failed"


async def test_a_record_that_is_damaged_meanwhile_ends_the_tries(views: SqliteViews) -> None:
    log = MemoryLog()
    await held(log, views)
    log.broken.add(2)
    async with running(log, views):
        await until(log, views, "processing")
    assert await views.view_state(FIRST, "words") == "failed"
    failures = {one.name: one.failures for one in await views.projections()}
    assert (failures["words"], failures["transcriptions"]) == (1, 1)


async def test_what_is_erased_while_it_is_held_does_not_come_back(views: SqliteViews) -> None:
    log = MemoryLog()
    await held(log, views)
    request = log.events[0]
    async with running(log, views) as projector:
        log.erase(1)
        log.destroy_key(request.stream)
        await projector.erase(FIRST)
        row = await until(log, views, "completed")
        assert row.erased
    assert await views.customer_body(FIRST) is None
    assert await views.request(FIRST) is None
    for view in ("transcript", *ITEM_VIEWS):
        assert await views.view_state(FIRST, view) == "erased"


async def test_a_rebuild_that_is_interrupted_takes_nothing_from_readers(
    views: SqliteViews,
) -> None:
    log = MemoryLog()
    log.done(1, full_answer(padding=PADDING), **EVERYTHING)
    async with running(log, views) as projector:
        before = await until(log, views, "completed")
        body = await views.customer_body(FIRST)
        with structlog.testing.capture_logs() as lines:
            async with killing():
                await projector.rebuild("all")
                await line_of(lines, lambda line: line.get("tries") == 2)
            assert await views.transcription(FIRST) == before
            assert await views.customer_body(FIRST) == body
            await line_of(lines, lambda line: line["event"] == "projection.rebuilt")
        assert await until(log, views, "completed") == before
        assert await views.customer_body(FIRST) == body
    assert not [line for line in lines if line["event"] == "projection.held"]
