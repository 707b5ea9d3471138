"""Deadlines of events from the future count from when these were first seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from stenolog.errors import ProviderUnavailable
from stenolog.providers.paging import pages_of
from stenolog.providers.port import JobPage, ListedJob
from stenolog.reconciler.actions import Settle, Submit, Wait
from stenolog.reconciler.attempts import Attempts
from stenolog.reconciler.attempts_clock import not_in_future
from stenolog.reconciler.candidates import (
    CLOCK_SLACK_MS,
    PAGES_BEYOND,
    candidates,
)
from stenolog.reconciler.clock_shift import SLEW_MS, ClockShift
from stenolog.reconciler.plan import next_action
from stenolog.reconciler.shared_list import PAGES_MAX
from stenolog.reconciler.timing import Timing
from tests.unit.commands.stories import (
    ID,
    REQUESTED,
    START_MS,
    accepted,
    after,
    called,
    claimed,
    refused,
    told,
)

JUMP_MS = 864_000_000
NOW_MS = START_MS - JUMP_MS
TIMING = Timing(
    settle_ms=10_000, silence_ms=60_000, sweep_interval_ms=30_000, job_lifetime_ms=3_600_000
)


def test_a_claim_from_the_future_is_settled_after_the_usual_while() -> None:
    state, clock_shift = told(REQUESTED, claimed()), ClockShift()
    seen = clock_shift.as_of(state, NOW_MS)
    assert next_action(seen, Attempts(), TIMING, NOW_MS) == Wait(until_ms=NOW_MS + 10_000)
    later_ms = NOW_MS + 10_000
    again = clock_shift.as_of(state, later_ms)
    assert again == seen
    assert next_action(again, Attempts(), TIMING, later_ms) == Settle(number=1)


def test_a_refusal_from_the_future_is_tried_again_when_the_provider_said() -> None:
    state, clock_shift = told(REQUESTED, claimed(), refused(retry_in_ms=5_000)), ClockShift()
    first = next_action(clock_shift.as_of(state, NOW_MS), Attempts(), TIMING, NOW_MS)
    assert first == Wait(until_ms=NOW_MS + 5_000)
    later_ms = NOW_MS + 5_000
    then = next_action(clock_shift.as_of(state, later_ms), Attempts(), TIMING, later_ms)
    assert then == Submit(number=2)


def test_events_keep_their_distances_and_what_has_not_happened_stays_so() -> None:
    state = told(REQUESTED, claimed(), accepted(), claimed(2), every_ms=1_000)
    one, two = ClockShift().as_of(state, NOW_MS).submissions
    assert (one.claimed_at_ms, one.accepted_at_ms) == (NOW_MS - 2_000, NOW_MS - 1_000)
    assert (two.claimed_at_ms, two.accepted_at_ms, two.retry_at_ms) == (NOW_MS, 0, 0)
    assert one.ahead_ms == two.ahead_ms == START_MS + 3_000 - NOW_MS


def test_a_clock_that_agrees_or_was_slewed_changes_nothing() -> None:
    state = told(REQUESTED, claimed())
    for now in (START_MS, START_MS + JUMP_MS, START_MS - SLEW_MS):
        assert ClockShift().as_of(state, now) is state


def test_counting_goes_on_when_the_clock_reaches_the_time_of_the_events() -> None:
    state, clock_shift = told(REQUESTED, claimed()), ClockShift()
    seen = clock_shift.as_of(state, START_MS - 5_000)
    assert clock_shift.as_of(state, START_MS + 5_000) == seen
    newer = after(state, [called()], START_MS + 6_000)
    assert clock_shift.as_of(newer, START_MS + 6_000) is newer


def test_a_clock_set_back_once_more_counts_anew_and_so_does_what_was_forgotten() -> None:
    state, clock_shift = told(REQUESTED, claimed()), ClockShift()
    clock_shift.as_of(state, NOW_MS)
    earlier = clock_shift.as_of(state, NOW_MS - JUMP_MS)
    assert earlier.submissions[0].claimed_at_ms == NOW_MS - JUMP_MS
    clock_shift.forget(ID)
    assert clock_shift.as_of(state, NOW_MS).submissions[0].claimed_at_ms == NOW_MS


def test_nothing_was_tried_later_than_now() -> None:
    tried = Attempts(checked_at_ms=5, asked_at_ms=50, swept_at_ms=500, retry_at_ms=5_000, checks=3)
    held = not_in_future(tried, 40)
    assert (held.checked_at_ms, held.asked_at_ms, held.swept_at_ms) == (5, 40, 40)
    assert (held.retry_at_ms, held.checks) == (5_000, 3)
    assert not_in_future(tried, 500) is tried


class Pages:
    """A list of one job a page, the same on every page, that has `pages` of them."""

    def __init__(self, created_at_ms: int, pages: int, told_at_ms: int | None = None) -> None:
        self._told_at_ms = told_at_ms
        self._created_at_ms = created_at_ms
        self._left = pages

    async def list_jobs(self, **_: object) -> JobPage:
        self._left -= 1
        job = ListedJob(id=str(self._left), audio_url="u", created_at_ms=self._created_at_ms)
        older = str(self._left) if self._left else None
        return JobPage(jobs=[job], older=older, told_at_ms=self._told_at_ms)


async def listed(
    state: Any, pages: int, *, seen_at_ms: int, told_at_ms: int | None = None
) -> Sequence[ListedJob]:
    provider: Any = Pages(seen_at_ms - CLOCK_SLACK_MS - 1, pages, told_at_ms)
    return await candidates(
        pages_of(provider, status=None, pages_max=PAGES_MAX), state.submissions[0], "u", seen_at_ms
    )


async def test_the_list_is_not_cut_at_a_claim_from_the_future() -> None:
    state = told(REQUESTED, claimed())
    moved = ClockShift().as_of(state, NOW_MS)
    for one in (state, moved):
        assert len(await listed(one, 3, seen_at_ms=NOW_MS)) == 3
        assert len(await listed(one, PAGES_MAX + 1, seen_at_ms=NOW_MS)) == PAGES_MAX
    assert len(await listed(state, 9, seen_at_ms=START_MS)) == 1 + PAGES_BEYOND


async def test_the_list_is_not_cut_by_a_clock_that_is_ahead_of_the_providers() -> None:
    state = told(REQUESTED, claimed())
    behind = await listed(state, 9, seen_at_ms=START_MS, told_at_ms=START_MS - 60_000)
    assert len(behind) == 9
    ahead = await listed(state, 9, seen_at_ms=START_MS, told_at_ms=START_MS + 60_000)
    assert len(ahead) == 1 + PAGES_BEYOND


async def test_a_list_that_does_not_end_before_the_claim_is_not_believed() -> None:
    state = told(REQUESTED, claimed())
    provider: Any = Pages(START_MS, PAGES_MAX + 1)
    with pytest.raises(ProviderUnavailable):
        await candidates(
            pages_of(provider, status=None, pages_max=PAGES_MAX),
            state.submissions[0],
            "u",
            START_MS,
        )
