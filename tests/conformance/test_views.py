"""What every store of views must do."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest

from stenolog.bootstrap.projections import PROJECTIONS
from stenolog.errors import StoreUnavailable
from stenolog.log.checkpoint import Checkpoint
from stenolog.projections.of.items import in_chunks
from stenolog.projections.of.lists import ITEM_VIEWS
from stenolog.projections.rows import (
    Change,
    Hold,
    PutStatus,
    PutView,
    Status,
    StatusRow,
    TranscriptHead,
    TranscriptRow,
)
from stenolog.projections.shaped.filters import Wanted
from stenolog.projections.views import ViewReader, ViewWriter
from stenolog.projections.views_state import Filling
from stenolog.stores.sqlite.views.store import SqliteViews
from tests.unit.projections.keys import MemoryKeys

TENANT = "11111111-1111-4111-8111-111111111111"
OTHER = "22222222-2222-4222-8222-222222222222"


class Views(ViewReader, ViewWriter, Protocol):
    """Both sides."""


Opener = Callable[[Path], AbstractAsyncContextManager[Views]]


@contextlib.asynccontextmanager
async def sqlite(path: Path) -> AsyncIterator[Views]:
    views = await SqliteViews.open(path / "views.db", MemoryKeys())
    try:
        yield views
    finally:
        await views.close()


BACKENDS: Mapping[str, Opener] = {"sqlite": sqlite}


@pytest.fixture(params=BACKENDS)
def opener(request: pytest.FixtureRequest) -> Opener:
    return BACKENDS[request.param]


@pytest.fixture
async def views(opener: Opener, tmp_path: Path) -> AsyncIterator[Views]:
    async with opener(tmp_path) as opened:
        await begin_all(opened)
        yield opened


async def begin_all(views: ViewWriter) -> None:
    for name in PROJECTIONS:
        await views.begin(name, 1, live=True)


def row(number: int, *, status: Status = "queued", tenant: str = TENANT, day: int = 1) -> StatusRow:
    return StatusRow(
        id=f"id-{number:04}",
        tenant=tenant,
        status=status,
        version=1,
        position=number,
        requested_position=number,
        provider="local",
        region=None,
        surface="v2",
        correlation_id="c",
        audio_url="https://audio.example/a.mp3",
        created_at=f"2026-03-{day:02}T12:00:00.000000Z",
    )


def put(*rows: StatusRow) -> list[Change]:
    return [PutStatus(projection="transcriptions", row=one) for one in rows]


def words(transcription: str, count: int, speakers: str = "") -> PutView:
    items = [
        {"n": n, "speaker": speakers[n % len(speakers)] if speakers else None}
        for n in range(1, count + 1)
    ]
    return PutView(
        projection="words", transcription=transcription, reason=None, chunks=in_chunks(items)
    )


def head_of(row: TranscriptRow) -> TranscriptHead:
    """What is read of it without its body."""
    return TranscriptHead(
        text=row.text,
        confidence=row.confidence,
        language_code=row.language_code,
        words=row.words,
    )


async def advance(views: Views, changes: Sequence[Change]) -> int:
    """Commit at the next position."""
    after = (await views.state()).checkpoint.position
    to = Checkpoint(position=after + 1, event_id=f"event-{after + 1}")
    await views.advance(changes, after=after, to=to)
    return after + 1


def numbers(items: Sequence[bytes]) -> list[int]:
    return [json.loads(item)["n"] for item in items]


async def test_a_new_store_is_empty(opener: Opener, tmp_path: Path) -> None:
    async with opener(tmp_path) as views:
        state = await views.state()
        assert (state.checkpoint, state.generations) == (Checkpoint(position=0, event_id=""), ())
        assert await views.projections() == ()
        assert await views.counts_by_status() == {}
        assert await views.oldest_open() == {}
        assert await views.transcription("id-0001") is None
        assert await views.transcript("id-0001") is None
        assert await views.customer_body("id-0001") is None
        assert await views.request("id-0001") is None
        assert await views.view_state("id-0001", "words") == "not_ready"
        page = await views.items("id-0001", "words", after=0, limit=1)
        assert (page.items, page.next, page.reason) == ((), None, "not_ready")
        assert (await views.list_transcriptions(TENANT, limit=1)).rows == ()
        assert await views.checkpoint() == state.checkpoint


async def test_rows_and_checkpoint_are_there_after_reopening(
    opener: Opener, tmp_path: Path
) -> None:
    full = StatusRow(
        id="id-0001",
        tenant=TENANT,
        status="error",
        version=9,
        position=90,
        requested_position=80,
        provider="assemblyai",
        region="eu",
        surface="native",
        correlation_id="c",
        provider_job="job",
        submission=3,
        audio_ms=2**53 - 1,
        error="sentence\x00é",
        audio_url="https://x.example/",
        subject="subject",
        metadata='{"a":1}',
        created_at="1",
        claimed_at="2",
        accepted_at="3",
        called_back_at="4",
        completed_at="5",
    )
    transcript = TranscriptRow(
        text="é\x00", confidence=0.5, language_code="en_us", words=2, body=b"{}"
    )
    async with opener(tmp_path) as views:
        await begin_all(views)
        await advance(
            views,
            [
                PutStatus(projection="transcriptions", row=full, request=b'{"params":{}}'),
                PutView(
                    projection="transcript",
                    transcription="id-0001",
                    reason="error",
                    transcript=transcript,
                ),
            ],
        )
    async with opener(tmp_path) as views:
        assert await views.checkpoint() == Checkpoint(position=1, event_id="event-1")
        assert await views.transcription("id-0001") == full
        assert await views.request("id-0001") == b'{"params":{}}'
        assert await views.transcript("id-0001") == head_of(transcript)
        assert await views.customer_body("id-0001") == b"{}"
        assert await views.view_state("id-0001", "transcript") == "error"


async def test_a_later_row_replaces_the_earlier_and_keeps_the_request(views: Views) -> None:
    first = PutStatus(projection="transcriptions", row=row(1), request=b"{}")
    await advance(views, [first])
    await advance(views, put(row(1, status="processing")))
    assert await views.transcription("id-0001") == row(1, status="processing")
    assert await views.request("id-0001") == b"{}"


async def test_a_checkpoint_that_moved_on_refuses_the_whole_batch(views: Views) -> None:
    await advance(views, put(row(1)))
    with pytest.raises(StoreUnavailable):
        await views.advance(put(row(2)), after=0, to=Checkpoint(position=1, event_id="event-1"))
    assert await views.transcription("id-0002") is None
    assert (await views.checkpoint()).position == 1


async def test_what_is_known_is_of_the_generation_asked_for(views: Views) -> None:
    hold = Hold(projection="words", transcription="id-0002", position=1, reason="why")
    await advance(views, [*put(row(1), row(2)), hold])
    live = {one.projection: one.generation for one in (await views.state()).generations}
    ids = ["id-0001", "id-0002", "id-0003"]
    known = await views.known(live["transcriptions"], list(live.values()), ids)
    assert known.rows == {"id-0001": row(1), "id-0002": row(2)}
    assert known.held == {(live["words"], "id-0002")}
    assert (await views.known(None, [live["chapters"]], ids)).held == frozenset()
    assert (await views.known(None, [], ids)).rows == {}


async def test_what_is_held_for_now_changes_no_view_and_is_released_with_its_changes(
    views: Views,
) -> None:
    held = [
        Hold(projection=name, transcription=id_, position=at, reason="why", for_now=True)
        for name, id_, at in (("words", "id-0002", 3), ("words", "id-0001", 2))
    ]
    for_good = Hold(projection="chapters", transcription="id-0001", position=1, reason="why")
    await advance(views, [*put(row(1), row(2)), *held, for_good])
    assert await views.view_state("id-0001", "words") == "not_ready"
    assert await views.view_state("id-0001", "chapters") == "failed"
    assert list((await views.held_for_now(9)).items()) == [
        ("id-0001", {"words": 2}),
        ("id-0002", {"words": 3}),
    ]
    assert await views.held_for_now(1) == {"id-0001": {"words": 2}}
    assert await views.held_for_now(9, after=2) == {"id-0002": {"words": 3}}
    live = {one.projection: one.generation for one in (await views.state()).generations}
    known = await views.known(None, [live["words"]], ["id-0001"])
    assert known.held == {(live["words"], "id-0001")}, "the projector leaves it out"
    found = PutView(projection="words", transcription="id-0001", reason=None)
    await views.release("id-0001", ["words", "chapters"], [found])
    assert await views.view_state("id-0001", "words") is None
    assert await views.view_state("id-0001", "chapters") == "failed"
    assert await views.held_for_now(9) == {"id-0002": {"words": 3}}
    failures = {one.name: one.failures for one in await views.projections()}
    assert (failures["words"], failures["chapters"]) == (1, 1)


@pytest.mark.parametrize("count", [1, 99, 100, 101, 450])
@pytest.mark.parametrize("limit", [1, 7, 100, 200])
async def test_paging_shows_every_item_once_and_in_order(
    views: Views, count: int, limit: int
) -> None:
    await advance(views, [words("id-0001", count)])
    seen: list[int] = []
    after: int | None = 0
    while after is not None:
        page = await views.items("id-0001", "words", after=after, limit=limit)
        assert len(page.items) == min(limit, count - len(seen))
        seen += numbers(page.items)
        after = page.next
    assert seen == list(range(1, count + 1))


@pytest.mark.parametrize("after", [450, 451, 10**12])
async def test_behind_the_last_item_there_is_nothing(views: Views, after: int) -> None:
    await advance(views, [words("id-0001", 450)])
    page = await views.items("id-0001", "words", after=after, limit=200)
    assert (page.items, page.next, page.reason) == ((), None, None)


@pytest.mark.parametrize("limit", [1, 50, 200])
async def test_one_speakers_items_are_found_wherever_they_stand(views: Views, limit: int) -> None:
    await advance(views, [words("id-0001", 450, "AAAB")])
    seen: list[int] = []
    after: int | None = 0
    while after is not None:
        page = await views.items(
            "id-0001", "words", after=after, limit=limit, wanted=Wanted(speaker="B")
        )
        assert page.items
        seen += numbers(page.items)
        after = page.next
    assert seen == [n for n in range(1, 451) if n % 4 == 3]


async def test_a_rare_speaker_in_a_long_view_is_found(views: Views) -> None:
    items = [{"n": n, "speaker": "B" if n == 4_321 else "A"} for n in range(1, 5_001)]
    view = PutView(
        projection="utterances", transcription="id-1", reason=None, chunks=in_chunks(items)
    )
    await advance(views, [view])
    page = await views.items("id-1", "utterances", after=0, limit=10, wanted=Wanted(speaker="B"))
    assert (numbers(page.items), page.next) == ([4_321], None)


@pytest.mark.parametrize("speaker", ["Z", "", "a"])
async def test_a_speaker_who_said_nothing_has_no_items(views: Views, speaker: str) -> None:
    await advance(views, [words("id-0001", 5, "AB"), words("id-0002", 5)])
    for transcription in ("id-0001", "id-0002"):
        page = await views.items(
            transcription, "words", after=0, limit=5, wanted=Wanted(speaker=speaker)
        )
        assert (page.items, page.next, page.reason) == ((), None, None)


async def test_a_view_without_items_says_why(views: Views) -> None:
    empty = [
        PutView(projection="transcript", transcription="id-0001", reason=None),
        PutView(projection="chapters", transcription="id-0001", reason=None),
        PutView(projection="words", transcription="id-0001", reason="unavailable"),
    ]
    unasked = PutView(projection="chapters", transcription="id-0001", reason="not_requested")

    async def reason(view: str) -> str | None:
        page = await views.items("id-0001", view, after=0, limit=5)
        assert (page.items, page.next) == ((), None)
        assert page.reason == await views.view_state("id-0001", view)
        return page.reason

    await advance(views, [unasked])
    assert await reason("chapters") == "not_ready"  # nothing is, before the outcome
    await advance(views, empty)
    assert (await reason("words"), await reason("chapters")) == ("unavailable", None)
    await advance(views, [unasked])
    assert await reason("chapters") == "not_requested"
    assert await reason("never-heard-of") == "not_ready"
    await views.erase("id-0001")
    assert (await reason("words"), await reason("chapters")) == ("erased", "erased")


async def test_what_stands_beside_the_items_is_kept(views: Views) -> None:
    view = PutView(
        projection="content-safety", transcription="id-0001", reason=None, around=b'{"source":{}}'
    )
    await advance(views, [view])
    page = await views.items("id-0001", "content-safety", after=0, limit=5)
    assert (page.items, page.reason, page.around) == ((), None, b'{"source":{}}')


async def test_a_view_put_again_replaces_the_one_before(views: Views) -> None:
    await advance(views, [words("id-0001", 450)])
    await advance(views, [words("id-0001", 3)])
    page = await views.items("id-0001", "words", after=0, limit=200)
    assert (numbers(page.items), page.next) == ([1, 2, 3], None)


async def test_a_held_transcription_fails_in_that_view_alone(views: Views) -> None:
    await advance(views, [words("id-0001", 3), words("id-0002", 3)])
    fallback = TranscriptRow(text=None, confidence=None, language_code=None, words=0, body=b"{}")
    await advance(
        views,
        [
            Hold(projection="words", transcription="id-0001", position=2, reason="why"),
            Hold(
                projection="transcript",
                transcription="id-0001",
                position=2,
                reason="why",
                transcript=fallback,
            ),
        ],
    )
    page = await views.items("id-0001", "words", after=0, limit=5)
    assert (page.items, page.reason) == ((), "failed")
    assert await views.customer_body("id-0001") == b"{}"
    assert len((await views.items("id-0002", "words", after=0, limit=5)).items) == 3
    assert {one.name: one.failures for one in await views.projections() if one.failures} == {
        "words": 1,
        "transcript": 1,
    }


async def test_lists_are_newest_first_and_of_one_tenant(views: Views) -> None:
    await advance(views, put(row(1), row(2, tenant=OTHER), row(3)))
    page = await views.list_transcriptions(TENANT, limit=10)
    assert [one.id for one in page.rows] == ["id-0003", "id-0001"]
    assert (page.older, page.newer) == (False, False)
    assert (await views.list_transcriptions("nobody", limit=10)).rows == ()


async def test_a_list_is_walked_to_its_end_while_others_arrive(views: Views) -> None:
    await advance(views, put(*(row(n) for n in range(1, 8))))
    seen: list[int] = []
    before: int | None = None
    for arriving in range(100, 110):
        page = await views.list_transcriptions(TENANT, limit=3, before=before)
        seen += [one.requested_position for one in page.rows]
        if not page.older:
            break
        before = seen[-1]
        await advance(views, put(row(arriving)))
    assert seen == [7, 6, 5, 4, 3, 2, 1]


async def test_the_page_after_a_row_holds_the_next_newer_ones(views: Views) -> None:
    await advance(views, put(*(row(n) for n in range(1, 8))))
    page = await views.list_transcriptions(TENANT, limit=2, after=3)
    assert [one.requested_position for one in page.rows] == [5, 4]
    assert (page.older, page.newer) == (True, True)
    page = await views.list_transcriptions(TENANT, limit=2, after=5)
    assert [one.requested_position for one in page.rows] == [7, 6]
    assert page.newer is False
    assert (await views.list_transcriptions(TENANT, limit=2, after=7)).rows == ()


async def test_lists_can_be_narrowed_to_a_status_and_a_day(views: Views) -> None:
    await advance(
        views,
        put(
            row(1, day=1),
            row(2, status="completed", day=2),
            row(3, day=2),
            row(4, status="completed", day=3),
        ),
    )

    async def found(status: Status | None = None, created_on: str | None = None) -> list[int]:
        page = await views.list_transcriptions(
            TENANT, limit=10, status=status, created_on=created_on
        )
        return [one.requested_position for one in page.rows]

    assert await found("completed") == [4, 2]
    assert await found(created_on="2026-03-02") == [3, 2]
    assert await found("completed", "2026-03-02") == [2]
    assert await found("error") == []
    assert await found(created_on="9999-12-31") == []
    page = await views.list_transcriptions(TENANT, limit=1, status="completed", before=4)
    assert ([one.requested_position for one in page.rows], page.older) == ([2], False)


async def test_a_day_that_is_none_is_refused(views: Views) -> None:
    with pytest.raises(ValueError, match="isoformat"):
        await views.list_transcriptions(TENANT, limit=1, created_on="yesterday")


async def test_views_that_are_empty_can_begin_anywhere_and_be_filled(
    views: Views, opener: Opener, tmp_path: Path
) -> None:
    assert not (await views.state()).filling.pending
    await views.skip(Checkpoint(position=9, event_id="event-9"))
    state = await views.state()
    assert (state.checkpoint.position, state.filling) == (9, Filling(position=0, until=9))
    with pytest.raises(StoreUnavailable):
        await views.skip(Checkpoint(position=10, event_id="event-10"))
    assert {one.rebuilding for one in await views.projections()} == {0}
    await advance(views, put(row(10)))
    await views.fill([*put(row(3)), words("id-0003", 2)], after=0, position=3)
    with pytest.raises(StoreUnavailable):
        await views.fill(put(row(4)), after=0, position=4)
    assert await views.transcription("id-0004") is None
    assert {one.rebuilding for one in await views.projections()} == {3}
    page = await views.list_transcriptions(TENANT, limit=9)
    assert [one.id for one in page.rows] == ["id-0010", "id-0003"]
    assert len((await views.items("id-0003", "words", after=0, limit=9)).items) == 2
    await views.fill((), after=3, position=9)
    state = await views.state()
    assert (state.checkpoint.position, state.filling.pending) == (10, False)
    assert {one.rebuilding for one in await views.projections()} == {None}
    await views.reset()
    assert (await views.state()).filling == Filling()


async def test_figures_are_over_all_tenants(views: Views) -> None:
    await advance(
        views,
        put(row(1, status="completed"), row(2, day=4), row(3, tenant=OTHER, day=3)),
    )
    assert await views.counts_by_status() == {"completed": 1, "queued": 2}
    at = "2026-03-03T12:00:00.000000Z"
    assert await views.oldest_open() == {"open": at, "requested": at}


async def test_the_oldest_in_each_state_is_told_by_when_it_came_into_it(views: Views) -> None:
    times = [f"2026-03-05T10:00:0{second}.000000Z" for second in range(10)]
    claimed = replace(row(1), claimed_at=times[1])
    later = replace(row(2), claimed_at=times[2])
    accepted = replace(row(3, status="processing"), claimed_at=times[0], accepted_at=times[3])
    called_back = replace(accepted, id="id-0004", accepted_at=times[4], called_back_at=times[5])
    ended = replace(called_back, id="id-0005", status="completed", called_back_at=times[0])
    await advance(views, put(claimed, later, accepted, called_back, ended, row(6, day=9)))
    told = dict(await views.oldest_open())
    told.pop("open")
    assert told == {
        "requested": row(6, day=9).created_at,
        "claimed": times[1],
        "accepted": times[3],
        "called_back": times[5],
    }


async def test_a_generation_being_built_is_not_to_be_seen(views: Views) -> None:
    await advance(views, [words("id-0001", 3)])
    await advance(views, ())
    await views.begin("words", 2, live=False)
    [building] = [one for one in (await views.state()).generations if one.state == "building"]
    assert (building.position, building.version) == (0, 2)
    built = [words("id-0001", 5)]
    assert await views.build([building.generation], built, after=0, position=1) is False
    assert len((await views.items("id-0001", "words", after=0, limit=9)).items) == 3
    assert await views.build([building.generation], (), after=1, position=2) is True
    assert len((await views.items("id-0001", "words", after=0, limit=9)).items) == 5
    [status] = [one for one in await views.projections() if one.name == "words"]
    assert (status.generation, status.rebuilding) == (building.generation, None)
    assert (status.version, status.position) == (2, 2)


async def test_events_on_the_way_do_not_reach_a_generation_being_built(views: Views) -> None:
    await views.begin("words", 1, live=False)
    await advance(views, [words("id-0001", 3)])
    [building] = [one for one in (await views.state()).generations if one.state == "building"]
    assert await views.build([building.generation], (), after=0, position=1) is True
    assert await views.view_state("id-0001", "words") == "not_ready"


async def test_several_generations_are_built_and_switched_together(views: Views) -> None:
    await advance(views, ())
    for name in ("words", "transcriptions"):
        await views.begin(name, 1, live=False)
    building = [
        one.generation for one in (await views.state()).generations if one.state == "building"
    ]
    changes = [words("id-0001", 1), *put(row(1))]
    assert await views.build(building, changes, after=0, position=1) is True
    assert await views.transcription("id-0001") == row(1)
    assert await views.view_state("id-0001", "words") is None


async def test_a_build_that_was_begun_again_refuses_the_old_one(views: Views) -> None:
    await advance(views, ())
    await views.begin("words", 1, live=False)
    [old] = [one for one in (await views.state()).generations if one.state == "building"]
    await views.begin("words", 1, live=False)
    with pytest.raises(StoreUnavailable):
        await views.build([old.generation], (), after=0, position=1)
    [new] = [one for one in (await views.state()).generations if one.state == "building"]
    assert new.generation > old.generation
    with pytest.raises(StoreUnavailable):
        await views.build([new.generation], (), after=5, position=6)


async def test_a_projection_without_a_live_generation_is_not_ready(
    opener: Opener, tmp_path: Path
) -> None:
    async with opener(tmp_path) as views:
        await views.begin("transcriptions", 1, live=True)
        await views.begin("words", 1, live=False)
        await advance(views, [*put(row(1)), words("id-0001", 3)])
        assert await views.view_state("id-0001", "words") == "not_ready"
        [_, status] = await views.projections()
        assert (status.name, status.generation, status.position) == ("words", None, 0)
        assert status.rebuilding == 0


async def test_what_was_replaced_is_purged_in_steps(views: Views) -> None:
    await advance(views, [words(f"id-{n}", 3) for n in range(1_200)])
    await views.begin("words", 1, live=False)
    [building] = [one for one in (await views.state()).generations if one.state == "building"]
    await views.build([building.generation], [words("id-1", 2)], after=0, position=1)
    steps = 0
    while await views.purge():
        steps += 1
        assert steps < 100
    assert steps > 2
    assert len((await views.items("id-1", "words", after=0, limit=9)).items) == 2
    assert await views.purge() is False


async def test_a_dropped_projection_is_gone(views: Views) -> None:
    await advance(views, [words("id-0001", 3)])
    await views.drop("words")
    assert "words" not in {one.projection for one in (await views.state()).generations}
    assert "words" not in {one.name for one in await views.projections()}
    assert await views.view_state("id-0001", "words") == "not_ready"


async def test_a_reset_leaves_nothing_and_uses_no_number_again(views: Views) -> None:
    await advance(views, [*put(row(1)), words("id-0001", 3)])
    last = max(one.generation for one in (await views.state()).generations)
    await views.reset()
    state = await views.state()
    assert (state.checkpoint.position, state.generations) == (0, ())
    assert await views.transcription("id-0001") is None
    await views.begin("words", 1, live=True)
    [begun] = (await views.state()).generations
    assert begun.generation > last


async def test_every_view_has_a_place_of_its_own(views: Views) -> None:
    await advance(
        views,
        [
            PutView(
                projection=name,
                transcription="id-0001",
                reason=None,
                chunks=in_chunks([{"n": number}]),
            )
            for number, name in enumerate(ITEM_VIEWS)
        ],
    )
    for number, name in enumerate(ITEM_VIEWS):
        page = await views.items("id-0001", name, after=0, limit=5)
        assert numbers(page.items) == [number]
