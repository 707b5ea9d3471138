"""The projector over a log in memory and a real store of views."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import structlog

from stenolog.bootstrap.projections import PROJECTIONS
from stenolog.clock import microseconds
from stenolog.errors import NotFound, StoreError, StoreUnavailable
from stenolog.log.checkpoint import Checkpoint
from stenolog.log.event import Event
from stenolog.projections.of.lists import ITEM_VIEWS
from stenolog.projections.rows import Change
from stenolog.projections.run.batches import BYTES_PER_BATCH, EVENTS_PER_BATCH
from stenolog.projections.run.one_event import INLINE_BYTES_MAX, THREAD_BYTES_MAX
from stenolog.projections.run.opening import REQUESTS_CACHED_BYTES_MAX, REQUESTS_CACHED_MAX
from stenolog.projections.run.projector import ALL_PROJECTIONS
from stenolog.projections.views import ViewWriter
from stenolog.stores.sqlite.views.store import SqliteViews
from tests.unit.projections.answers import EVERYTHING, answer, full_answer
from tests.unit.projections.events import MemoryLog, OpenSealer, transcription_id
from tests.unit.projections.keys import MemoryKeys
from tests.unit.projections.running import projecting, running


async def caught_up(log: MemoryLog, views: ViewWriter) -> int:
    async with projecting(log, views) as projector:
        return await projector.catch_up()


class Wrapped:
    """A store of views whose writing calls can be counted and broken."""

    def __init__(self, views: SqliteViews) -> None:
        self._views = views
        self.calls: list[str] = []
        self.lose_before = 0
        self.lose_reply = 0

    async def state(self) -> Any:
        return await self._views.state()

    async def known(self, *values: Any) -> Any:
        return await self._views.known(*values)

    async def begin(self, projection: str, version: int, *, live: bool) -> None:
        await self._views.begin(projection, version, live=live)

    async def advance(self, changes: Sequence[Change], *, after: int, to: Checkpoint) -> None:
        self.calls.append("advance")
        if self.lose_before > 0:
            self.lose_before -= 1
            raise StoreUnavailable("injected: not written")
        await self._views.advance(changes, after=after, to=to)
        if self.lose_reply > 0:
            self.lose_reply -= 1
            raise StoreUnavailable("injected: written, reply lost")

    async def build(
        self, generations: Collection[int], changes: Sequence[Change], *, after: int, position: int
    ) -> bool:
        self.calls.append("build")
        return await self._views.build(generations, changes, after=after, position=position)

    async def skip(self, to: Checkpoint) -> None:
        await self._views.skip(to)

    async def fill(self, changes: Sequence[Change], *, after: int, position: int) -> None:
        self.calls.append("fill")
        await self._views.fill(changes, after=after, position=position)

    async def held_for_now(self, limit: int, *, after: int = 0) -> Mapping[str, Mapping[str, int]]:
        return await self._views.held_for_now(limit, after=after)

    async def release(
        self, transcription: str, projections: Collection[str], changes: Sequence[Change]
    ) -> None:
        self.calls.append("release")
        await self._views.release(transcription, projections, changes)

    async def drop(self, projection: str) -> None:
        await self._views.drop(projection)

    async def reset(self) -> None:
        await self._views.reset()

    async def erase(self, transcription: str) -> None:
        await self._views.erase(transcription)

    async def purge(self) -> bool:
        return await self._views.purge()


async def test_an_empty_log_is_caught_up_at_once(views: SqliteViews) -> None:
    assert await caught_up(MemoryLog(), views) == 0
    assert {one.name for one in await views.projections()} == set(PROJECTIONS)


async def test_completed_is_to_be_seen_in_every_view_at_once(views: SqliteViews) -> None:
    log = MemoryLog()
    log.done(1, full_answer(), **EVERYTHING)
    wrapped = Wrapped(views)
    assert await caught_up(log, wrapped) == 5
    assert wrapped.calls == ["advance"]
    row = await views.transcription(transcription_id(1))
    assert row is not None
    assert (row.status, row.version) == ("completed", 5)
    for view in ("transcript", *ITEM_VIEWS):
        assert await views.view_state(transcription_id(1), view) is None


async def test_until_the_outcome_the_views_are_not_ready(views: SqliteViews) -> None:
    log = MemoryLog()
    log.request(1)
    log.claim(1)
    await caught_up(log, views)
    for view in ("transcript", *ITEM_VIEWS):
        assert await views.view_state(transcription_id(1), view) == "not_ready"
    assert await views.customer_body(transcription_id(1)) is None
    assert await views.request(transcription_id(1)) == log.payloads[1]


async def test_payloads_are_opened_only_where_they_are_needed(views: SqliteViews) -> None:
    log = MemoryLog()
    log.done(1, answer())
    await caught_up(log, views)
    assert log.opened == ["transcription.requested", "transcription.completed"]


async def test_a_restart_goes_on_from_the_checkpoint(views: SqliteViews) -> None:
    log = MemoryLog()
    log.request(1)
    log.claim(1)
    await caught_up(log, views)
    log.accept(1)
    log.complete(1, answer())
    assert await caught_up(log, views) == 4
    body = await views.customer_body(transcription_id(1))
    assert body is not None
    assert json.loads(body)["audio_url"] == "https://audio.example/1.mp3"


async def test_more_events_than_a_batch_holds_are_all_projected(views: SqliteViews) -> None:
    log = MemoryLog()
    for number in range(EVENTS_PER_BATCH + 1):
        log.request(number)
    wrapped = Wrapped(views)
    assert await caught_up(log, wrapped) == EVENTS_PER_BATCH + 1
    assert wrapped.calls == ["advance", "advance"]
    assert await views.counts_by_status() == {"queued": EVENTS_PER_BATCH + 1}


async def test_a_batch_ends_behind_its_limit_of_bytes(views: SqliteViews) -> None:
    log = MemoryLog()
    padding = "x" * (INLINE_BYTES_MAX - 10_000)
    many = BYTES_PER_BATCH // len(padding) + 2
    for number in range(many):
        log.request(number, padding=padding)
    wrapped = Wrapped(views)
    await caught_up(log, wrapped)
    assert wrapped.calls == ["advance", "advance"]


async def test_events_of_other_streams_only_move_the_checkpoint(views: SqliteViews) -> None:
    log = MemoryLog()
    log.add_to("upload-1", "upload.stored", {"bytes": 3})
    log.add_to("endpoint-1", "endpoint.created", {}, b"secret")
    assert await caught_up(log, views) == 2
    assert log.opened == []


async def test_a_poisoned_payload_holds_its_own_transcription_visibly(views: SqliteViews) -> None:
    log = MemoryLog()
    log.done(1, full_answer(words="poison"), **EVERYTHING)
    log.done(2, b"<html>", **EVERYTHING)
    log.done(3, full_answer(), **EVERYTHING)
    assert await caught_up(log, views) == 15
    failures = {one.name: one.failures for one in await views.projections()}
    assert failures["words"] == 2
    assert failures["chapters"] == 1
    assert failures["transcriptions"] == 0
    assert await views.view_state(transcription_id(1), "words") == "failed"
    assert await views.view_state(transcription_id(1), "chapters") is None
    assert await views.view_state(transcription_id(2), "chapters") == "failed"
    assert await views.view_state(transcription_id(3), "words") is None
    row = await views.transcription(transcription_id(2))
    assert row is not None
    assert row.status == "error"
    body = await views.customer_body(transcription_id(2))
    assert body is not None
    assert json.loads(body)["status"] == "error"


async def test_a_held_transcription_stays_held_until_a_rebuild(views: SqliteViews) -> None:
    log = MemoryLog()
    log.claim(1)
    await caught_up(log, views)
    log.accept(1)
    assert await caught_up(log, views) == 2
    [failing] = [one for one in await views.projections() if one.failures]
    assert (failing.name, failing.failures) == ("transcriptions", 1)


async def test_a_payload_that_is_damaged_or_gone_is_held_and_a_missing_key_is_erased(
    views: SqliteViews,
) -> None:
    log = MemoryLog()
    log.done(1, answer())
    log.damaged.add(5)
    log.done(2, answer())
    log.missing.update({6, 10})
    log.done(3, answer())
    del log.payloads[15]
    await caught_up(log, views)
    for number in (1, 3):
        assert await views.view_state(transcription_id(number), "words") == "failed"
        assert await views.customer_body(transcription_id(number)) is None
        assert await views.is_held(transcription_id(number))
    assert await views.view_state(transcription_id(2), "words") == "erased"
    assert await views.customer_body(transcription_id(2)) is None
    assert not await views.is_held(transcription_id(2))
    erased = await views.transcription(transcription_id(2))
    assert erased is not None
    assert (erased.erased, erased.audio_url, erased.status) == (True, "", "completed")


async def test_a_store_that_fails_loses_and_doubles_nothing(views: SqliteViews) -> None:
    log = MemoryLog()
    log.done(1, full_answer(), **EVERYTHING)
    wrapped = Wrapped(views)
    async with projecting(log, wrapped) as projector:
        wrapped.lose_before = 1
        with pytest.raises(StoreUnavailable):
            await projector.catch_up()
        assert await projector.catch_up() == 5
        log.done(2, full_answer(), **EVERYTHING)
        wrapped.lose_reply = 1
        with pytest.raises(StoreUnavailable):
            await projector.catch_up()
        assert await projector.catch_up() == 10
    assert await views.counts_by_status() == {"completed": 2}
    page = await views.items(transcription_id(2), "words", after=0, limit=200)
    assert len(page.items) == len(answer()["words"])


async def test_the_loop_goes_on_after_a_store_failed(views: SqliteViews) -> None:
    log = MemoryLog()
    wrapped = Wrapped(views)
    wrapped.lose_before = 1
    told: list[int] = []
    async with running(log, wrapped, on_committed=[told.append]) as projector:
        log.request(1)
        await projector.wait_projected(1)
        await log.waited.wait()
        log.done(2, answer())
        await projector.wait_projected(6)
        assert projector.position == 6
    assert told[-1] == 6


async def test_keys_that_cannot_be_read_now_are_not_keys_that_are_gone(
    views: SqliteViews,
) -> None:
    log = MemoryLog()
    log.done(1, answer())
    sealer = OpenSealer(log)
    sealer.unavailable = 1
    async with projecting(log, views, sealer=sealer) as projector:
        with pytest.raises(StoreUnavailable):
            await projector.catch_up()
        assert await projector.catch_up() == 5
    row = await views.transcription(transcription_id(1))
    assert row is not None
    assert row.erased is False


async def test_the_lag_is_in_events_and_milliseconds(views: SqliteViews) -> None:
    log = MemoryLog()
    first = log.request(1)
    at_ms = microseconds(first.time) // 1000 + 250
    async with projecting(log, views, now_ms=lambda: at_ms) as projector:
        log.claim(1)
        lag = await projector.lag()
        assert (lag.events, lag.age_ms) == (2, 250)
        await projector.catch_up()
        lag = await projector.lag()
        assert (lag.events, lag.age_ms) == (0, 0)


async def test_a_rebuild_shows_the_old_rows_until_the_new_ones_are_complete(
    views: SqliteViews,
) -> None:
    log = MemoryLog()
    for number in range(1, 4):
        log.done(number, full_answer(), **EVERYTHING)
    async with projecting(log, views) as projector:
        await projector.catch_up()
        [before] = [one for one in await views.projections() if one.name == "words"]
        assert await projector.rebuild("words") == ("words",)
        [begun] = [one for one in await views.projections() if one.name == "words"]
        assert (begun.generation, begun.rebuilding) == (before.generation, 0)
        assert (await views.items(transcription_id(1), "words", after=0, limit=1)).items
        await projector.catch_up()
        [after] = [one for one in await views.projections() if one.name == "words"]
    assert after.rebuilding is None
    assert (after.generation or 0) > (before.generation or 0)
    assert after.position == 15
    assert (await views.items(transcription_id(3), "words", after=0, limit=1)).items


async def test_a_rebuild_repairs_what_was_held(views: SqliteViews) -> None:
    log = MemoryLog()
    log.done(1, answer())
    log.damaged.add(5)
    await caught_up(log, views)
    log.damaged.clear()
    async with projecting(log, views) as projector:
        await projector.rebuild(ALL_PROJECTIONS)
        await projector.catch_up()
    assert await views.view_state(transcription_id(1), "words") is None
    assert {one.failures for one in await views.projections()} == {0}


async def test_events_that_arrive_during_a_rebuild_are_in_both(views: SqliteViews) -> None:
    log = MemoryLog()
    for number in range(EVENTS_PER_BATCH):
        log.request(number)
    log.done(1_000, answer())

    class Growing(Wrapped):
        async def build(self, *values: Any, **named: Any) -> bool:
            if len(self.calls) < 20:
                log.done(2_000 + len(self.calls), answer())
            return await super().build(*values, **named)

    growing = Growing(views)
    async with projecting(log, growing) as projector:
        await projector.catch_up()
        await projector.rebuild("words")
        await projector.rebuild("transcriptions")
        position = await projector.catch_up()
    assert position == len(log.events)
    assert growing.calls[2:] == ["build", "advance", "build", "advance"]
    counts = await views.counts_by_status()
    assert sum(counts.values()) == len({event.stream for event in log.events})
    last = log.events[-1].stream.removeprefix("transcription-")
    assert (await views.items(last, "words", after=0, limit=1)).items


async def test_a_rebuild_survives_a_restart(views: SqliteViews) -> None:
    log = MemoryLog()
    log.done(1, answer())
    async with projecting(log, views) as projector:
        await projector.catch_up()
        await projector.rebuild("words")
    [begun] = [one for one in await views.projections() if one.name == "words"]
    assert begun.rebuilding == 0
    await caught_up(log, views)
    [done] = [one for one in await views.projections() if one.name == "words"]
    assert (done.rebuilding, (done.generation or 0) > (begun.generation or 0)) == (None, True)


async def test_asking_for_a_rebuild_wakes_the_loop(views: SqliteViews) -> None:
    log = MemoryLog()
    log.done(1, answer())
    built = asyncio.Event()

    class Telling(Wrapped):
        async def build(self, *values: Any, **named: Any) -> bool:
            switched = await super().build(*values, **named)
            built.set()
            return switched

    async with running(log, Telling(views)) as projector:
        await projector.wait_projected(5)
        await log.waited.wait()
        await projector.rebuild("words")
        await built.wait()
    assert all(one.rebuilding is None for one in await views.projections())


async def test_an_unknown_projection_cannot_be_rebuilt(views: SqliteViews) -> None:
    async with projecting(MemoryLog(), views) as projector:
        with pytest.raises(NotFound):
            await projector.rebuild("no-such")


async def test_a_changed_version_is_rebuilt_at_start(views: SqliteViews) -> None:
    log = MemoryLog()
    log.done(1, answer())
    for name, projection in PROJECTIONS.items():
        version = projection.version + (1 if name == "words" else 0)
        await views.begin(name, version, live=True)
    [before] = [one for one in (await views.state()).generations if one.projection == "words"]
    await views.advance((), after=0, to=Checkpoint(position=1, event_id=log.events[0].id))
    await caught_up(log, views)
    [after] = [one for one in (await views.state()).generations if one.projection == "words"]
    assert after.version == PROJECTIONS["words"].version
    assert after.generation > before.generation
    assert (await views.items(transcription_id(1), "words", after=0, limit=1)).items


async def test_a_projection_that_is_no_more_leaves_nothing(views: SqliteViews) -> None:
    await views.begin("retired", 1, live=True)
    await caught_up(MemoryLog(), views)
    assert "retired" not in {one.name for one in await views.projections()}


async def test_views_of_another_log_are_made_again(views: SqliteViews) -> None:
    log = MemoryLog()
    log.done(1, answer())
    log.done(2, answer())
    await caught_up(log, views)
    shorter = MemoryLog(1)
    shorter.done(1, answer(text="restored"))
    assert await caught_up(shorter, views) == 5
    assert await views.transcription(transcription_id(2)) is None
    other = MemoryLog(2)
    other.done(3, answer())
    other.done(4, answer())
    assert await caught_up(other, views) == 10
    assert await views.transcription(transcription_id(1)) is None


async def test_a_large_body_goes_through_the_worker_with_the_same_result(
    views: SqliteViews,
) -> None:
    padding = "x" * THREAD_BYTES_MAX
    log = MemoryLog()
    log.done(1, full_answer(padding=padding), **EVERYTHING)
    log.done(2, full_answer(words="poison", padding=padding), **EVERYTHING)
    await caught_up(log, views)
    for view in ITEM_VIEWS:
        assert await views.view_state(transcription_id(1), view) is None
    assert await views.view_state(transcription_id(2), "words") == "failed"
    body = await views.customer_body(transcription_id(1))
    assert body is not None
    assert json.loads(body)["padding"] == padding


async def test_rows_do_not_depend_on_where_the_batches_end(
    views: SqliteViews, tmp_path: Path
) -> None:
    log = MemoryLog()
    stepwise = await SqliteViews.open(tmp_path / "stepwise.db", MemoryKeys())
    events: list[Event] = []
    log.done(1, full_answer(), **EVERYTHING)
    events, log.events = log.events, []
    async with projecting(log, stepwise) as projector:
        for event in events:
            log.events.append(event)
            await projector.catch_up()
    await caught_up(log, views)
    for name in ("transcript", *ITEM_VIEWS):
        assert await stepwise.view_state(transcription_id(1), name) is None
    assert await stepwise.transcription(transcription_id(1)) == await views.transcription(
        transcription_id(1)
    )
    await stepwise.close()


async def test_a_result_without_its_request_is_shown(views: SqliteViews) -> None:
    log = MemoryLog()
    log.complete(1, full_answer())
    await caught_up(log, views)
    assert await views.view_state(transcription_id(1), "words") is None
    assert await views.transcription(transcription_id(1)) is None


async def test_long_requests_are_read_again(views: SqliteViews) -> None:
    log = MemoryLog()
    log.done(1, answer(), prompt="x" * (REQUESTS_CACHED_BYTES_MAX + 1))
    await caught_up(log, views)
    assert log.opened.count("transcription.requested") == 2


async def test_only_the_latest_requests_are_remembered(views: SqliteViews) -> None:
    log = MemoryLog()
    for number in range(REQUESTS_CACHED_MAX + 1):
        log.request(number)
    log.complete(0, answer())
    log.complete(REQUESTS_CACHED_MAX, answer())
    await caught_up(log, views)
    assert log.opened.count("transcription.requested") == REQUESTS_CACHED_MAX + 2


async def test_a_damaged_record_holds_its_own_transcription_and_is_said_once(
    views: SqliteViews,
) -> None:
    log = MemoryLog()
    log.done(1, answer())
    log.request(2)
    damaged = log.claim(2)
    log.accept(2)
    log.done(3, answer())
    log.broken.add(damaged.position)
    with structlog.testing.capture_logs() as lines:
        assert await caught_up(log, views) == len(log.events)
        assert await caught_up(log, views) == len(log.events)
    assert [line["position"] for line in lines if line["log_level"] == "error"] == [
        damaged.position
    ]
    assert {one.failures for one in await views.projections()} == {1}
    for number, status in ((1, "completed"), (2, "queued"), (3, "completed")):
        row = await views.transcription(transcription_id(number))
        assert row is not None
        assert row.status == status


async def test_a_rebuild_goes_on_behind_a_damaged_record(views: SqliteViews) -> None:
    log = MemoryLog()
    log.done(1, answer())
    log.broken.add(1)
    log.done(2, answer())
    await caught_up(log, views)
    async with projecting(log, views) as projector:
        await projector.rebuild(ALL_PROJECTIONS)
        await projector.catch_up()
    assert {(one.failures, one.rebuilding) for one in await views.projections()} == {(1, None)}
    assert await views.customer_body(transcription_id(2)) is not None


@pytest.mark.parametrize("position", [1, 4])
async def test_a_damaged_record_at_the_checkpoint_discards_no_views(
    views: SqliteViews, position: int
) -> None:
    log = MemoryLog()
    log.done(1, answer())
    await caught_up(log, views)
    log.broken |= {position, len(log.events)}
    log.done(2, answer())
    async with projecting(log, views) as projector:
        assert (await projector.lag()).events > 0
        await projector.catch_up()
    assert await views.customer_body(transcription_id(1)) is not None
    assert await views.customer_body(transcription_id(2)) is not None


async def test_a_store_that_says_no_in_any_way_is_tried_again(views: SqliteViews) -> None:
    class Refusing(MemoryLog):
        refusals = 2

        async def read(self, *, after: int = 0, limit: int = 1_000) -> list[Event]:
            if self.refusals:
                self.refusals -= 1
                raise StoreError("no")
            return await super().read(after=after, limit=limit)

    log = Refusing()
    log.done(1, answer())
    async with running(log, views) as projector:
        await projector.wait_projected(len(log.events))


async def test_an_outcome_that_is_readable_is_one_line_and_none_in_a_rebuild(
    views: SqliteViews,
) -> None:
    log = MemoryLog()
    log.done(1, answer())
    with structlog.testing.capture_logs() as before:
        await caught_up(log, views)  # of a log that was there before the views
    with structlog.testing.capture_logs() as lines:
        outcome = log.done(2, answer())
        log.request(3)
        log.fail(3, "no speech")
        log.request(4)
        async with projecting(log, views) as projector:
            await projector.catch_up()
            await projector.rebuild(ALL_PROJECTIONS)
            await projector.catch_up()
    assert [line for line in before if line["event"] == "projection.readable"] == []
    assert [line for line in lines if line["event"] == "projection.readable"] == [
        {
            "event": "projection.readable",
            "log_level": "info",
            "transcription_id": transcription_id(number),
            "correlation_id": outcome.correlation_id,
            "position": position,
            "status": status,
        }
        for number, position, status in (
            (2, outcome.position, "completed"),
            (3, outcome.position + 2, "error"),
        )
    ]
