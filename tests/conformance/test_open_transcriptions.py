"""What is owed to transcriptions, kept by the log itself in the transaction that appends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stenolog.log.catalogue import read_data
from stenolog.log.event import NewEvent
from stenolog.log.open_work import JOBLESS_KEPT_MAX, NO_WORK, OpenWork
from tests.conformance.conftest import Opener, ProvenStore
from tests.log_samples import BEGUN, EXAMPLES, new_event, new_id, several

Step = tuple[str, Mapping[str, Any]]


def told(event_type: str, **data: Any) -> Step:
    """An event's type and data: the example's, but for `data`."""
    return event_type, {**EXAMPLES[event_type], **data}


def events(*steps: Step) -> Sequence[NewEvent]:
    return [replace(new_event(name), data=data) for name, data in steps]


REQUESTED = told("transcription.requested")
CLAIMED = told("submission.claimed")
ACCEPTED = told("submission.accepted")
CALLED = told("callback.received")
COMPLETED = told("transcription.completed")
FAILED = told("transcription.failed", submission=1)
DEADLINE = told("transcription.failed", submission=1, reason="deadline")
ERASING = told("erasure.requested")
ERASED = told("erasure.completed")
NAMED = told("callback.received", provider_job="job")


async def begun(store: ProvenStore, *steps: Step) -> str:
    """Append a transcription of these events, and return its id."""
    identifier = new_id()
    await store.append(f"transcription-{identifier}", events(*steps), expected=0)
    return identifier


@pytest.mark.parametrize(
    ("steps", "urgent"),
    [
        ((REQUESTED,), True),
        ((REQUESTED, CLAIMED), True),
        ((REQUESTED, CLAIMED, ACCEPTED), False),
        ((REQUESTED, CLAIMED, ACCEPTED, CALLED), True),
        ((REQUESTED, CLAIMED, told("submission.refused")), True),
        ((REQUESTED, CLAIMED, ACCEPTED, told("submission.failed")), True),
        ((REQUESTED, CLAIMED, told("submission.claimed", submission=2), COMPLETED), True),
        ((REQUESTED, CLAIMED, ACCEPTED, DEADLINE), False),
        ((REQUESTED, CLAIMED, ACCEPTED, COMPLETED, ERASING), True),
        ((REQUESTED, ERASING), True),
    ],
)
async def test_what_something_is_owed_to_is_listed(
    store: ProvenStore, steps: Sequence[Step], urgent: bool
) -> None:
    identifier = await begun(store, *steps)
    page = await store.open_transcriptions(after="", limit=10)
    assert page.ids == (identifier,)
    assert (identifier in page.urgent) == urgent


@pytest.mark.parametrize(
    "steps",
    [
        (REQUESTED, CLAIMED, ACCEPTED, COMPLETED),
        (REQUESTED, CLAIMED, ACCEPTED, COMPLETED, CALLED, NAMED),
        (REQUESTED, CLAIMED, ACCEPTED, FAILED),
        (REQUESTED, CLAIMED, ACCEPTED, DEADLINE, told("transcription.completed_late")),
        (REQUESTED, CLAIMED, ACCEPTED, COMPLETED, ERASING, ERASED),
        (REQUESTED, CLAIMED, told("submission.refused"), FAILED, CALLED),
    ],
)
async def test_what_nothing_is_owed_to_is_not_listed(
    store: ProvenStore, steps: Sequence[Step]
) -> None:
    await begun(store, *steps)
    assert (await store.open_transcriptions(after="", limit=10)).ids == ()


@pytest.mark.parametrize("said", ["submission.refused", "submission.abandoned"])
async def test_a_callback_brings_back_a_job_that_nobody_knew_of(
    store: ProvenStore, said: str
) -> None:
    erased = await begun(store, REQUESTED, CLAIMED, told(said), ERASING, ERASED)
    assert (await store.open_transcriptions(after="", limit=10)).ids == ()
    await store.append(f"transcription-{erased}", events(NAMED))
    page = await store.open_transcriptions(after="", limit=10)
    assert list(page.ids) == list(page.urgent) == [erased]


async def test_they_come_in_order_and_page_by_page_as_of_a_place(store: ProvenStore) -> None:
    ids = sorted([await begun(store, REQUESTED) for _ in range(5)])
    await store.append("upload-1", several(1))
    first = await store.open_transcriptions(after="", limit=3)
    [last] = await store.read(after=BEGUN + 5)
    assert (first.checkpoint.position, first.checkpoint.event_id) == (BEGUN + 6, last.id)
    assert first.ids == tuple(ids[:3])
    second = await store.open_transcriptions(after=first.ids[-1], limit=3)
    assert second.ids == tuple(ids[3:])
    third = await store.open_transcriptions(after=second.ids[-1], limit=3)
    assert (third.ids, third.checkpoint) == ((), first.checkpoint)


async def test_a_new_log_has_none(store: ProvenStore) -> None:
    page = await store.open_transcriptions(after="", limit=1)
    assert (page.ids, page.checkpoint.position) == ((), BEGUN)


async def test_what_was_not_written_is_not_listed(opened: Opener, tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        kept = await begun(store, REQUESTED)
        with pytest.raises(Exception, match="version"):
            await store.append(f"transcription-{kept}", events(CLAIMED, COMPLETED), expected=7)
    async with opened(tmp_path) as store:
        assert (await store.open_transcriptions(after="", limit=10)).ids == (kept,)


STEPS = st.lists(
    st.sampled_from([name for name in EXAMPLES if "submission" in EXAMPLES[name]]).flatmap(
        lambda name: st.integers(1, 3).map(lambda number: told(name, submission=number))
    )
    | st.sampled_from([ERASING, ERASED]),
    max_size=30,
)


@given(STEPS)
def test_what_is_forgotten_between_two_events_changes_nothing(steps: Sequence[Step]) -> None:
    """The table has no row where nothing is kept: the next event begins with nothing."""
    remembered = told_all([REQUESTED, *steps], forgetting=False)
    kept = told_all([REQUESTED, *steps], forgetting=True)
    assert kept.open == remembered.open
    assert kept.unsettled == remembered.unsettled
    assert kept.jobless == remembered.jobless


def told_all(steps: Sequence[Step], *, forgetting: bool) -> OpenWork:
    work = NO_WORK
    for name, data in steps:
        work = read_data(name, data).work_after(work)
        if forgetting and not work.kept:
            work = NO_WORK
    return work


def test_refusals_of_weeks_are_not_all_remembered() -> None:
    steps = [REQUESTED]
    for number in range(1, 100):
        steps += [told("submission.claimed", submission=number)]
        steps += [told("submission.refused", submission=number)]
    work = told_all(steps, forgetting=True)
    assert work.open
    assert work.jobless == frozenset(range(100 - JOBLESS_KEPT_MAX, 100))
