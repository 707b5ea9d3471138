"""What was known at a moment is what a projection would show that had stopped there."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from stenolog.bootstrap.projections import PROJECTIONS
from stenolog.clock import microseconds, rfc3339
from stenolog.errors import NotFound
from stenolog.log.events.transcriptions import ErasureRequested
from stenolog.projections.of.lists import ITEM_VIEWS
from stenolog.projections.of.status import UNREADABLE_SENTENCE
from stenolog.projections.past.history import PastReader
from stenolog.projections.past.listing import PastList, stub_of
from stenolog.projections.past.moments import Moments
from stenolog.projections.past.shown import shown, shown_page
from stenolog.stores.sqlite.views.store import SqliteViews
from tests.properties.test_projections import STEPS, TRANSCRIPTIONS, legal
from tests.unit.projections.events import (
    BEGAN_US,
    TENANT,
    MemoryLog,
    OpenSealer,
    transcription_id,
)
from tests.unit.projections.keys import MemoryKeys
from tests.unit.projections.running import projecting

STORIES = 40  # each writes a store of views
PER_PAGE = 200
LATER_US = BEGAN_US * 2


async def check(log: MemoryLog, cut: int, path: Path) -> None:
    """Compare what is known at `cut` with views that have followed the log up to there."""
    events = log.events
    moment = await Moments(log, lambda: LATER_US).at_position(cut)
    past = PastReader(log, OpenSealer(log), PROJECTIONS)
    views = await SqliteViews.open(path, MemoryKeys())
    try:
        log.events = events[:cut]
        async with projecting(log, views) as projector:
            await projector.catch_up()
        log.events = events
        lists = PastList(log, OpenSealer(log), log, past)
        rows, _ = await lists.rows(TENANT, moment, before=None, limit=PER_PAGE, among=None)
        listed = {one.row.id: one for one in rows}
        for number in range(1, TRANSCRIPTIONS + 1):
            one = transcription_id(number)
            row = await views.transcription(one)
            if row is None:
                try:
                    await past.at(moment, one)
                except NotFound:
                    continue
                raise AssertionError("the views have nothing of it")
            history = await past.at(moment, one)
            then = shown(PROJECTIONS, await past.opened(history, PROJECTIONS), PROJECTIONS)
            assert then.row is not None
            if history.erased_at is not None:
                told = (then.row.status, then.row.version, then.row.created_at)
                assert told == (row.status, row.version, row.created_at)
                assert (then.row.erased, then.row.audio_url, then.transcript) == (True, "", None)
                assert listed[one].row == stub_of(then.row)
                continue
            assert then.row == row
            if row.error != UNREADABLE_SENTENCE:  # a list opens no results
                assert listed[one].row == row
            assert then.transcript == await views.transcript(one)
            for view in ITEM_VIEWS:
                opened = await past.opened(history, (view,))
                known = shown_page(view, opened, PROJECTIONS, 0, PER_PAGE, None)
                assert known == await views.items(one, view, after=0, limit=PER_PAGE)
    finally:
        log.events = events
        await views.close()


@settings(max_examples=STORIES, deadline=None)
@given(steps=STEPS.filter(bool), cut=st.integers(min_value=1, max_value=30))
def test_what_was_known_is_what_a_projection_up_to_there_shows(
    steps: list[tuple[int, str, Any]], cut: int
) -> None:
    log = legal(steps)
    for event in log.events:
        if event.type == ErasureRequested.type:
            log.destroy_key(event.stream)
    with tempfile.TemporaryDirectory() as place:
        asyncio.run(check(log, min(cut, len(log.events)), Path(place) / "views.db"))


@given(
    gaps=st.lists(st.integers(min_value=0, max_value=2), min_size=1, max_size=40),
    broken=st.sets(st.integers(min_value=1, max_value=40), max_size=2),
    asked=st.integers(min_value=0, max_value=90),
)
def test_a_time_means_the_last_event_that_was_committed_by_then(
    gaps: list[int], broken: set[int], asked: int
) -> None:
    log, now = MemoryLog(), BEGAN_US
    for gap in gaps:
        event = log.add_to("upload-1", "upload.stored", {"bytes": 1})
        now += gap
        log.events[-1] = replace(event, time=rfc3339(now))
    log.broken = broken - {len(gaps)}
    readable = [one for one in log.events if one.position not in log.broken]
    moments = Moments(log, lambda: LATER_US)
    time = BEGAN_US + asked
    expected = [one for one in readable if microseconds(one.time) <= time]
    try:
        found = asyncio.run(moments.at_time(rfc3339(time)))
    except NotFound:
        assert not expected
    else:
        assert (found.position, found.time) == (expected[-1].position, expected[-1].time)
