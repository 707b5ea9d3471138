"""One state, told by the log and by the views, over random streams that `decide` allows."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from stenolog.bootstrap.projections import PROJECTIONS
from stenolog.commands.transcription.commands import (
    AbandonSubmission,
    AcceptSubmission,
    ClaimSubmission,
    Command,
    Complete,
    CompleteErasure,
    Fail,
    FailSubmission,
    RecordRemoval,
    RecordSearch,
    RefuseSubmission,
    Supersede,
)
from stenolog.commands.transcription.decide import decide
from stenolog.commands.transcription.fold import fold
from stenolog.commands.transcription.state import Transcription
from stenolog.log.event import Event
from stenolog.log.event_data import EventData
from stenolog.log.events.callbacks import CallbackKind, CallbackReceived
from stenolog.log.events.deliveries import DeliveryFailed, DeliverySucceeded
from stenolog.log.events.transcriptions import ErasureRequested
from stenolog.log.open_work import SEARCHES
from stenolog.projections.of.status import details_of, row_of
from stenolog.projections.rows import StatusRow
from stenolog.projections.run.registry import project, status_after
from stenolog.stores.sqlite.views.store import SqliteViews
from tests.unit.projections.events import MemoryLog, transcription_id
from tests.unit.projections.keys import MemoryKeys
from tests.unit.projections.projecting import opened_of
from tests.unit.projections.running import projecting

STEPS_MAX = 24
EXAMPLES = 50  # each writes a store of views
ONE = transcription_id(1)

Step = Command | EventData
Maker = Callable[[int], Step]


def _refuse(number: int, *, final: bool) -> RefuseSubmission:
    return RefuseSubmission(
        number=number,
        status=503,
        reason="unavailable",
        retry_in_ms=None,
        final=final,
        wake="command",
    )


def _called(number: int, kind: CallbackKind, job: str | None) -> CallbackReceived:
    return CallbackReceived(submission=number, kid=1, kind=kind, provider_job=job, body_bytes=1)


MAKERS: tuple[Maker, ...] = (
    lambda number: AcceptSubmission(number=number, provider_job="job", adopted=False),
    lambda number: AcceptSubmission(number=number, provider_job=None, adopted=True),
    lambda number: _refuse(number, final=False),
    lambda number: _refuse(number, final=False),
    lambda number: _refuse(number, final=True),
    lambda number: AbandonSubmission(number=number, reason="not-listed"),
    lambda number: FailSubmission(number=number, kind="server-error", wake="poll"),
    lambda number: Complete(number=number, wake="callback", audio_ms=9, words=0),
    lambda number: Fail(number=number, reason="deadline", wake="silence"),
    lambda number: Fail(number=number, reason="provider", wake="poll"),
    lambda number: Supersede(number=number),
    lambda number: RecordSearch(number=number),
    lambda number: RecordRemoval(number=number, known="deleted"),
    lambda _: CompleteErasure(),
    lambda number: _called(number, "completed", None),
    lambda number: _called(number, "completed", "job"),
    lambda number: _called(number, "redacted_audio", None),
    lambda _: ErasureRequested(surface="v2"),
    lambda _: DeliverySucceeded(kind="outcome", attempts=1, status=200),
    lambda _: DeliveryFailed(kind="redacted_audio", attempts=1, status=404, reason="refused"),
)
# A claim is always of the next number; else 0 is the latest submission, 1 the one before, and on.
STEPS = st.lists(
    st.one_of(st.none(), st.tuples(st.sampled_from(MAKERS), st.integers(0, 2))),
    max_size=STEPS_MAX,
)
Steps = list[tuple[Maker, int] | None]


def _made(drawn: tuple[Maker, int] | None, state: Transcription) -> Step:
    count = len(state.submissions)
    if drawn is None:
        return ClaimSubmission(number=count + 1, kid=1)
    make, back = drawn
    return make(max(1, count - back))


def _events(step: Step, state: Transcription) -> Sequence[EventData]:
    """What a step leads to: facts come as they are, where they can; commands as `decide` says."""
    if not isinstance(step, EventData):
        return decide(step, state)
    match step:
        case CallbackReceived():
            happens = state.submission(step.submission) is not None
        case ErasureRequested():
            happens = not state.erasing
        case _:
            happens = state.terminal  # a delivery
    return (step,) if happens else ()


def _add(log: MemoryLog, data: EventData) -> None:
    payload = None
    if data.type in {"transcription.completed", "transcription.completed_late"}:
        payload = b'{"text": "said", "words": []}'
    elif data.payload:
        payload = b'{"provider_job": "sealed", "error": "why"}'
    log.add(1, data.type, data.model_dump(), payload)


class Watched:
    """A stream and its rows, made as the projector makes them, checked after every event."""

    def __init__(self) -> None:
        self.log = MemoryLog()
        self.log.request(1)
        self.row: StatusRow | None = None
        self.rows: list[StatusRow] = []
        self.project()

    def project(self) -> None:
        event = self.log.events[-1]
        changes = project(["transcriptions"], opened_of(self.log, event), self.row, PROJECTIONS)
        before, self.row = self.row, status_after(changes, self.row)
        assert self.row is not None, changes
        self.rows.append(self.row)
        self.check(before, self.row)

    def check(self, before: StatusRow | None, row: StatusRow) -> None:
        state = fold(ONE, self.log.events)
        if before is None:
            return
        assert not (before.status == "processing" and row.status == "queued"), "status went back"
        if not before.open and before.status == "completed":
            assert row.status == "completed"
        if before.called_back_at is not None and row.claimed_at == before.claimed_at:
            assert row.called_back_at == before.called_back_at, "the callback is forgotten"
        if any(s.outcome == "accepted" for s in state.submissions) and not state.terminal:
            assert row.status == "processing"
        if row.open:
            assert row.open != state.terminal


def watched_through(steps: Steps) -> Watched:
    """A stream of these steps, as far as they are possible one after another."""
    watched = Watched()
    for drawn in steps:
        state = fold(ONE, watched.log.events)
        for data in _events(_made(drawn, state), state):
            _add(watched.log, data)
            watched.project()
    return watched


@dataclass
class Expected:
    """What a row must say, told from the events without the fold."""

    finished_by: int = 0
    failed: bool = False
    erasing: bool = False
    webhook_status_code: int | None = None
    owed: set[int] = field(default_factory=set)
    jobless: set[int] = field(default_factory=set)

    @classmethod
    def after(cls, events: Sequence[Event]) -> Expected:
        expected = cls()
        for event in events:
            expected.heed(event.type, event.data)
        return expected

    def heed(self, name: str, data: Mapping[str, Any]) -> None:
        number = data.get("submission", 0)
        if name == "erasure.requested":
            self.erasing = True
            self.owed.add(0)
        elif name == "erasure.completed":
            self.owed.clear()
        elif name.startswith("delivery.") and data["kind"] == "outcome":
            self.webhook_status_code = data["status"]
        elif name == "callback.received":
            if data["provider_job"] and number in self.jobless:
                self.jobless.discard(number)
                self.owed.add(number)
        elif name in {"submission.claimed", "submission.accepted"}:
            self.owed.add(number)
            self.jobless.discard(number)
            if data.get("adopted"):
                self.owed.add(-SEARCHES - number)
        elif name == "submission.searched":
            self.owed.discard(-SEARCHES - number)
        elif name.startswith(("submission.", "transcription.")) and name not in UNHEEDED:
            self.owed.discard(number)
            self.jobless.discard(number)
            if name in {"submission.refused", "submission.abandoned"}:
                self.jobless.add(number)
        if name.startswith("transcription.") and name not in UNHEEDED:
            self.finished_by, self.failed = number, name == "transcription.failed"
            if data.get("reason") == "deadline":
                self.owed.add(number)
            if name == "transcription.completed_late":
                self.webhook_status_code = None

    def check(self, row: StatusRow, state: Transcription) -> None:
        assert row.finished_by == self.finished_by
        assert row.webhook_status_code == self.webhook_status_code
        assert state.work.unsettled == self.owed
        assert row.error == ("why" if self.failed and not self.erasing else None)


UNHEEDED = {"transcription.requested", "submission.superseded"}  # they settle nothing


async def check_stored(log: MemoryLog, cuts: Collection[int], directory: Path) -> None:
    """The projector is stopped behind each of these positions, and its row must be true there."""
    views = await SqliteViews.open(directory / "views.db", MemoryKeys())
    events = log.events
    try:
        for cut in sorted({*cuts, len(events)}):
            log.events = events[: max(1, cut)]
            one = {"transcriptions": PROJECTIONS["transcriptions"]}
            async with projecting(log, views, projections=one) as projector:
                await projector.catch_up()
            row = await views.transcription(ONE)
            assert row is not None
            state = fold(ONE, log.events)
            assert row == row_of(state, details_of(row, state), position=len(log.events))
            Expected.after(log.events).check(row, state)
    finally:
        log.events = events
        await views.close()


@settings(max_examples=EXAMPLES, deadline=None)
@given(STEPS, st.sets(st.integers(1, STEPS_MAX), max_size=6))
def test_the_view_says_what_the_fold_and_the_events_say_wherever_it_stopped(
    steps: Steps, cuts: set[int]
) -> None:
    watched = watched_through(steps)
    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(check_stored(watched.log, cuts, Path(directory)))


# A job with a sealed handle is shown again: it brings the outcome, and another was shown meanwhile.
SHOWN_AGAIN: Steps = [
    None,
    (lambda number: AbandonSubmission(number=number, reason="not-listed"), 0),
    None,
    (lambda number: AcceptSubmission(number=number, provider_job=None, adopted=True), 1),
    (lambda number: AcceptSubmission(number=number, provider_job="job", adopted=False), 0),
    (lambda number: Complete(number=number, wake="callback", audio_ms=9, words=0), 1),
]


@example(SHOWN_AGAIN)
@given(STEPS)
def test_a_reader_whose_view_lags_is_told_the_same_but_for_the_outcome(steps: Steps) -> None:
    """Whatever event the view stopped at, its row carries all that the fold cannot know."""
    watched = watched_through(steps)
    state = fold(ONE, watched.log.events)
    last = watched.rows[-1]
    for known in watched.rows:
        told = replace(details_of(known, state), error=last.error, unreadable=False)
        shown = row_of(state, told, position=last.position)
        job = shown.provider_job
        if state.shown_submission is not None and state.shown_submission.provider_job is None:
            job = last.provider_job  # sealed: not known yet, or no more once another was shown
        assert replace(shown, provider_job=job, audio_ms=last.audio_ms) == last


def test_a_refused_submission_that_has_a_job_is_processing_while_another_one_is_open() -> None:
    watched = Watched()
    for step in (
        ClaimSubmission(number=1, kid=1),
        _refuse(1, final=False),
        ClaimSubmission(number=2, kid=1),
        AcceptSubmission(number=1, provider_job="job-1", adopted=True),
    ):
        for data in decide(step, fold(ONE, watched.log.events)):
            _add(watched.log, data)
            watched.project()
    assert watched.row is not None
    assert (watched.row.status, watched.row.provider_job) == ("processing", "job-1")
    assert watched.row.submission == 2, "two were made"
