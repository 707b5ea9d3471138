"""What is wrong with the callback of a job that has ended."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stenolog.commands.transcription.commands import RecordUnmatched
from stenolog.commands.transcription.decide import decide
from stenolog.log.event_data import EventData
from stenolog.log.events.callbacks import CallbackUnmatched, UnmatchedKind
from stenolog.providers.assemblyai.answers import read_job
from stenolog.providers.port import FetchedJob
from stenolog.reconciler.unmatched import unmatched
from tests.unit.commands.stories import REQUESTED, accepted, after, called, claimed, told

RUNNING = (REQUESTED, claimed(), accepted())
FOUND = FetchedJob(
    id="job-1",
    status="completed",
    raw=b"{}",
    webhook_url=None,
    error=None,
    audio_ms=1,
    words=1,
)


@pytest.mark.parametrize(
    ("facts", "status", "overdue", "kind"),
    [
        (RUNNING, None, False, None),  # it may still come
        (RUNNING, None, True, "missing"),
        (RUNNING, 502, True, "missing"),
        (RUNNING, 204, False, "told-delivered"),
        (RUNNING, 204, True, "told-delivered"),
        ((*RUNNING, called()), None, True, None),
        ((*RUNNING, called()), 204, True, None),
        ((*RUNNING, called()), 502, False, "told-failed"),
        ((*RUNNING, called(kind="unreadable", job=None)), None, True, "missing"),
    ],
)
def test_what_we_have_is_held_against_what_the_provider_says(
    facts: tuple[EventData, ...], status: int | None, overdue: bool, kind: UnmatchedKind | None
) -> None:
    submission = told(*facts).submissions[0]
    found = replace(FOUND, webhook_status=status)
    assert unmatched(submission, found, overdue=overdue) == kind


def test_each_kind_is_recorded_once() -> None:
    state = told(*RUNNING)
    command = RecordUnmatched(number=1, kind="told-failed", status=502)
    expected = CallbackUnmatched(submission=1, kind="told-failed", status=502)
    assert decide(command, state) == (expected,)
    again = after(state, (expected,), state.last_at_ms)
    assert decide(command, again) == ()
    assert decide(replace(command, kind="missing"), again) != ()
    assert decide(replace(command, number=2), state) == ()
    assert decide(command, told(REQUESTED, claimed())) == ()


@pytest.mark.parametrize(
    ("written", "read"),
    [("204", 204), ("502", 502), ("null", None), ("true", None), ('"204"', None), ("7", None)],
)
def test_the_status_is_read_from_the_job(written: str, read: int | None) -> None:
    body = b'{"id": "job-1", "status": "completed", "webhook_status_code": %s}' % written.encode()
    assert read_job(body, "job-1").webhook_status == read
