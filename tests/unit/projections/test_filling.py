"""Views that are lost: what is new is shown at once, what is older is filled in behind it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection, Sequence
from pathlib import Path

import pytest

from stenolog.errors import StoreUnavailable
from stenolog.log.event import Event
from stenolog.projections.run.filling import FillLimits
from stenolog.projections.run.projector import Projector
from stenolog.stores.sqlite.views.store import SqliteViews
from tests.unit.projections.answers import answer
from tests.unit.projections.events import TENANT, MemoryLog, transcription_id
from tests.unit.projections.keys import MemoryKeys
from tests.unit.projections.running import projecting
from tests.unit.projections.test_retrying import killing


class FailingLog(MemoryLog):
    """A log whose streams cannot be read while it is `failing`."""

    failing = False

    async def read_streams(
        self, streams: Collection[str], *, limit: int
    ) -> dict[str, Sequence[Event]]:
        if self.failing:
            raise StoreUnavailable("not now")
        return await super().read_streams(streams, limit=limit)


OLD = 6  # transcriptions that were done before the views were lost
EVENTS_EACH = 5


@pytest.fixture
async def views(tmp_path: Path) -> AsyncIterator[SqliteViews]:
    opened = await SqliteViews.open(tmp_path / "views.db", MemoryKeys())
    yield opened
    await opened.close()


@contextlib.asynccontextmanager
async def filling(
    log: MemoryLog,
    views: SqliteViews,
    *,
    events_min: int = 1,
    streams_per_step: int = 2,
    told: list[str | None] | None = None,
) -> AsyncIterator[Projector]:
    async with projecting(
        log,
        views,
        on_mended=[] if told is None else [told.append],
        filling=FillLimits(events_min=events_min, streams_per_step=streams_per_step),
    ) as projector:
        yield projector


def old_log() -> MemoryLog:
    log = MemoryLog()
    for number in range(1, OLD + 1):
        log.done(number, answer(text=f"text {number}"))
    return log


async def status(views: SqliteViews, number: int) -> str | None:
    row = await views.transcription(transcription_id(number))
    return None if row is None else row.status


async def test_what_is_new_is_shown_before_anything_that_is_old(views: SqliteViews) -> None:
    log = old_log()
    async with filling(log, views) as projector:
        await projector.subscription.resume()
        assert projector.position == 0
        log.done(7, answer(text="new"))
        await projector.subscription.step()
        assert projector.position == len(log.events)
        assert await status(views, 7) == "completed"
        assert [await status(views, n) for n in (1, 2, 3)] == ["completed", "completed", None]
        state = await views.state()
        assert (state.filling.position, state.filling.until) == (
            EVENTS_EACH + 1,
            OLD * EVENTS_EACH,
        )
        await projector.catch_up()
        assert [await status(views, n) for n in range(1, 8)] == ["completed"] * 7
        listed = await views.list_transcriptions(TENANT, limit=9)
        assert [row.id for row in listed.rows] == [transcription_id(n) for n in range(7, 0, -1)]


async def test_an_open_one_whose_outcome_is_new_is_shown_whole(views: SqliteViews) -> None:
    log = old_log()
    log.request(8, speaker_labels=True)
    log.claim(8)
    async with filling(log, views) as projector:
        await projector.subscription.resume()
        log.accept(8)
        log.complete(8, answer(text="at last"))
        await projector.subscription.step()
        row = await views.transcription(transcription_id(8))
        assert row is not None
        assert (row.status, row.subject, row.audio_url) == (
            "completed",
            "subject 8",
            "https://audio.example/8.mp3",
        )
        assert row.claimed_at is not None
        assert await views.request(transcription_id(8)) is not None
        transcript = await views.transcript(transcription_id(8))
        assert transcript is not None
        assert transcript.text == "at last"
        assert await views.view_state(transcription_id(8), "utterances") == "unavailable"
        before = row
        await projector.catch_up()
        assert await views.transcription(transcription_id(8)) == before


async def test_filling_goes_on_after_a_restart(views: SqliteViews) -> None:
    log = old_log()
    async with filling(log, views) as projector:
        await projector.subscription.step()
    assert [await status(views, n) for n in (2, 3)] == ["completed", None]
    log.done(7, answer())
    told: list[str | None] = []
    async with filling(log, views, told=told) as projector:
        await projector.catch_up()
    assert [await status(views, n) for n in range(1, 8)] == ["completed"] * 7
    assert sorted(map(str, told)) == [transcription_id(n) for n in (3, 4, 5, 6)]
    assert not (await views.state()).filling.pending


async def test_what_is_erased_while_it_is_not_filled_does_not_come_back(
    views: SqliteViews,
) -> None:
    log = old_log()
    async with filling(log, views) as projector:
        await projector.subscription.resume()
        gone = transcription_id(6)
        event = log.erase(6)
        log.destroy_key(event.stream)
        await projector.erase(gone)
        await projector.catch_up()
        row = await views.transcription(gone)
        assert row is not None
        assert (row.erased, row.subject, row.status) == (True, None, "completed")
        assert await views.customer_body(gone) is None
        assert await views.view_state(gone, "words") == "erased"


@pytest.mark.parametrize("version", [2, 5])
async def test_a_damaged_record_holds_its_own_transcription(
    views: SqliteViews, version: int
) -> None:
    log = old_log()
    log.broken = {3 * EVENTS_EACH + version}  # of the fourth
    async with filling(log, views) as projector:
        await projector.catch_up()
    assert [await status(views, n) for n in (3, 5)] == ["completed", "completed"]
    assert await status(views, 4) == ("queued" if version == 2 else "processing")
    assert await views.view_state(transcription_id(4), "words") == "failed"


async def test_a_damaged_record_that_is_new_leaves_what_is_older_of_it_to_be_seen(
    views: SqliteViews,
) -> None:
    log = old_log()
    log.request(8)
    log.claim(8)
    async with filling(log, views) as projector:
        await projector.subscription.resume()
        log.broken = {log.accept(8).position}
        log.done(9, answer())
        await projector.catch_up()
    assert await status(views, 8) == "queued"
    assert await views.view_state(transcription_id(8), "words") == "failed"
    assert [await status(views, n) for n in (1, 6, 9)] == ["completed"] * 3


async def test_one_that_is_asked_for_is_filled_in_first(views: SqliteViews) -> None:
    log = old_log()
    told: list[str | None] = []
    async with filling(log, views, told=told) as projector:
        await projector.subscription.resume()
        asking = [
            asyncio.create_task(projector.fill_in(one))
            for one in (transcription_id(6), transcription_id(6), transcription_id(99))
        ]
        await asyncio.sleep(0)
        await projector.subscription.step()
        await asyncio.wait_for(asyncio.gather(*asking), 1)
        assert [await status(views, n) for n in (6, 1, 5)] == ["completed", None, None]
        assert (await views.state()).filling.position == 0
        await projector.catch_up()
        assert [await status(views, n) for n in range(1, 7)] == ["completed"] * 6
        assert sorted(map(str, told)) == [transcription_id(n) for n in range(1, 7)]
        await asyncio.wait_for(projector.fill_in(transcription_id(99)), 1)


async def test_what_is_asked_for_again_and_again_does_not_stop_the_filling(
    views: SqliteViews,
) -> None:
    async with filling(old_log(), views) as projector:
        await projector.subscription.resume()
        for _ in range(2 * OLD):
            asking = asyncio.create_task(projector.fill_in(transcription_id(99)))
            await asyncio.sleep(0)
            await projector.subscription.step()
            asking.cancel()
        assert not (await views.state()).filling.pending
        assert await status(views, OLD) == "completed"


async def test_nobody_waits_for_what_is_whole(views: SqliteViews) -> None:
    log = old_log()
    async with filling(log, views, streams_per_step=2 * OLD) as projector:
        await projector.subscription.resume()
        asked = transcription_id(99)
        for _ in range(2):  # one step fills all in, the other finds that nothing is left
            asking = asyncio.create_task(projector.fill_in(asked))
            await projector.subscription.step()
        await projector.catch_up()
        await asyncio.wait_for(asking, 0.5)


async def test_nobody_waits_long_for_one_that_is_asked_for(views: SqliteViews) -> None:
    async with filling(old_log(), views) as projector:
        await projector.subscription.resume()
        await asyncio.wait_for(projector.fill_in(transcription_id(6)), 5)
        assert await status(views, 6) is None


async def read_ahead() -> None:
    """Let the batch behind the one that was written be made to its end."""
    for _ in range(50):
        await asyncio.sleep(0.002)


async def test_what_was_read_ahead_replaces_nothing_that_came_later(views: SqliteViews) -> None:
    log = MemoryLog()
    log.done(1, answer())
    log.request(2)
    log.claim(2)
    log.accept(2)
    async with filling(log, views, streams_per_step=1) as projector:
        await projector.subscription.resume()
        await projector.subscription.step()
        await read_ahead()
        log.complete(2, answer(text="at last"))
        await projector.catch_up()
        transcript = await views.transcript(transcription_id(2))
        assert transcript is not None
        assert (await status(views, 2), transcript.text) == ("completed", "at last")


async def test_what_was_read_ahead_and_asked_for_is_filled_in_once(views: SqliteViews) -> None:
    told: list[str | None] = []
    async with filling(old_log(), views, told=told) as projector:
        await projector.subscription.resume()
        await projector.subscription.step()
        await read_ahead()
        asking = asyncio.create_task(projector.fill_in(transcription_id(3)))
        await asyncio.sleep(0)
        await projector.catch_up()
        await asking
        assert sorted(map(str, told)) == [transcription_id(n) for n in range(1, OLD + 1)]


async def test_what_was_read_ahead_and_erased_does_not_come_back(views: SqliteViews) -> None:
    log = old_log()
    async with filling(log, views) as projector:
        await projector.subscription.resume()
        await projector.subscription.step()
        await read_ahead()
        gone = transcription_id(3)
        log.destroy_key(f"transcription-{gone}")
        await projector.erase(gone)
        await projector.subscription.step()
        assert await views.transcript(gone) is None
        await projector.catch_up()
        assert await views.view_state(gone, "words") == "erased"
        assert await views.request(gone) is None


async def test_a_log_that_fails_for_a_moment_leaves_nothing_out(views: SqliteViews) -> None:
    log = FailingLog()
    for number in range(1, OLD + 1):
        log.done(number, answer())
    async with filling(log, views, streams_per_step=1) as projector:
        await projector.subscription.resume()
        await projector.subscription.step()
        log.failing = True
        await read_ahead()
        with pytest.raises(StoreUnavailable):
            await projector.catch_up()
        log.failing = False
        await projector.catch_up()
        assert [await status(views, n) for n in range(1, OLD + 1)] == ["completed"] * OLD


async def test_a_short_log_is_projected_in_its_own_order(views: SqliteViews) -> None:
    log = old_log()
    async with filling(log, views, events_min=len(log.events) + 1) as projector:
        await projector.subscription.step()
        assert not (await views.state()).filling.pending
        assert projector.position == len(log.events)


@pytest.mark.parametrize("killed", [False, True])
async def test_many_are_projected_in_another_process_with_the_same_result(
    tmp_path: Path, killed: bool
) -> None:
    log = MemoryLog()
    for number in range(1, 31):
        log.done(number, answer(text=f"text {number}") if number % 7 else b"no JSON")
    for number in (3, 4):
        log.destroy_key(log.erase(number).stream)
    seen = []
    for name, events_min in (("followed", 10**6), ("filled", 1)):
        views = await SqliteViews.open(tmp_path / f"{name}.db", MemoryKeys())
        breaking = killing() if killed and events_min == 1 else contextlib.nullcontext()
        try:
            async with (
                breaking,
                filling(log, views, events_min=events_min, streams_per_step=64) as projector,
            ):
                await projector.catch_up()
            seen.append(
                [
                    (
                        await views.transcription(one),
                        await views.request(one),
                        await views.transcript(one),
                        await views.items(one, "words", after=0, limit=9),
                        await views.view_state(one, "chapters"),
                    )
                    for one in map(transcription_id, range(1, 31))
                ]
            )
        finally:
            await views.close()
    assert seen[0] == seen[1]
