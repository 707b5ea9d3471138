"""The state of a transcription after each event, and what a damaged stream still shows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stenolog.bootstrap.projections import PROJECTIONS
from stenolog.log.checkpoint import Checkpoint, is_in_log
from stenolog.log.event import Event
from stenolog.log.page import Page
from stenolog.projections.rows import Hold, PutStatus, StatusRow
from stenolog.projections.run.registry import OpenedEvent, project
from stenolog.projections.run.states import States
from tests.log_samples import EXAMPLES
from tests.unit.projections.events import MemoryLog
from tests.unit.projections.projecting import status_of

ANSWER = {"text": "said", "words": []}


async def after_a_restart(log: MemoryLog, event: Event, current: StatusRow) -> PutStatus | Hold:
    """What the projector makes of `event` when it remembers nothing."""
    opened = OpenedEvent(event=event, state=await States(log).after(event))
    [change] = project(["transcriptions"], opened, current, PROJECTIONS)
    assert isinstance(change, PutStatus | Hold)
    return change


async def test_every_state_is_the_one_before_it_and_its_event() -> None:
    log = MemoryLog()
    log.done(1, ANSWER)
    remembering = States(log)
    for event in log.events:
        state = await remembering.after(event)
        assert state == await States(log).after(event)
        assert state is not None
        assert state.version == event.version


@pytest.mark.parametrize("damaged", [1, 2, 4])
async def test_a_record_that_is_damaged_later_takes_nothing_back(damaged: int) -> None:
    log = MemoryLog()
    log.done(1, ANSWER)
    row = status_of(log)
    log.broken.add(damaged)
    failed = {"kind": "outcome", "attempts": 1, "status": None, "reason": "unreadable"}
    told = log.add(1, "delivery.failed", failed)
    change = await after_a_restart(log, told, row)
    assert isinstance(change, Hold), "the row stays as it was, visibly"

    erased = log.add(1, "erasure.requested", {"surface": "v2"})
    change = await after_a_restart(log, erased, row)
    assert isinstance(change, PutStatus)
    assert (change.row.status, change.row.erased) == ("completed", True)
    assert (change.row.audio_url, change.row.subject, change.row.metadata) == ("", None, None)
    assert (change.row.audio_ms, change.row.completed_at) == (row.audio_ms, row.completed_at)

    completed = log.add(1, "erasure.completed", EXAMPLES["erasure.completed"])
    last = await after_a_restart(log, completed, change.row)
    assert isinstance(last, PutStatus)
    assert last.row == replace(change.row, version=completed.version, position=completed.position)


async def test_a_missing_record_leaves_no_state_and_no_event_counts_twice() -> None:
    log = MemoryLog()
    log.done(1, ANSWER)
    last = log.events[-1]
    del log.events[1]
    assert await States(log).after(last) is None


async def test_a_place_where_no_record_stands_is_in_the_log_that_reaches_it() -> None:
    log = MemoryLog()
    log.done(1, ANSWER)
    assert await is_in_log(log, Checkpoint(position=4, event_id=""))
    assert not await is_in_log(log, Checkpoint(position=9, event_id="")), "of an older backup"


def test_a_page_is_cut_where_a_rebuild_must_stop_and_keeps_what_is_before() -> None:
    log = MemoryLog()
    log.done(1, ANSWER)
    last = Checkpoint(position=log.events[-1].position, event_id=log.events[-1].id)
    page = Page(events=log.events, checkpoint=last, head=last.position)
    cut = page.until(2)
    assert [event.position for event in cut.events] == [1, 2]
    assert cut.checkpoint == Checkpoint(position=2, event_id="")
    assert page.until(last.position) == page
