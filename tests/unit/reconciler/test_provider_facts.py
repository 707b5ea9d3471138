"""What is owed at a provider that cannot be asked for everything."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stenolog.log.event_data import EventData
from stenolog.log.events.transcriptions import ErasureRequested
from stenolog.providers.facts import ProviderFacts
from stenolog.reconciler.actions import Check, Fetch, GiveUp, Remove, Settle, Submit, Wait
from stenolog.reconciler.attempts import Attempts
from stenolog.reconciler.erasing import Erase, FinishErasure, Step, next_action
from stenolog.reconciler.looking import POLL_FIRST_MS
from stenolog.reconciler.plan import LATE_FIRST_MS
from tests.unit.commands.stories import (
    REQUESTED,
    START_MS,
    abandoned,
    accepted,
    claimed,
    completed,
    failed,
    removed,
    superseded,
    told,
)
from tests.unit.reconciler.test_plan import TIMING, TWO_RUN

HOUR_MS = 3_600_000
BARE = ProviderFacts(calls_back=False, lists=False, deletes=False, result_lifetime_ms=HOUR_MS)
BARE_TIMING = replace(TIMING, polled=True, facts=BARE, job_lifetime_ms=HOUR_MS)
RUNNING = (REQUESTED, claimed(), accepted())
ERASURE = ErasureRequested(surface="v2")
HERE = Attempts(erased=True)


def owed(*facts: EventData, after_ms: int = 0, attempts: Attempts | None = None) -> Step:
    return next_action(told(*facts), attempts or Attempts(), BARE_TIMING, START_MS + after_ms)


def test_a_job_that_no_list_shows_is_asked_for_itself() -> None:
    assert owed(*RUNNING) == Wait(until_ms=START_MS + POLL_FIRST_MS)
    assert owed(*RUNNING, after_ms=POLL_FIRST_MS) == Fetch(number=1, wake="poll")
    assert owed(*RUNNING, attempts=Attempts(woken="start")) == Fetch(number=1, wake="start")
    given_up = (*RUNNING, failed(reason="deadline"))
    late = HOUR_MS + LATE_FIRST_MS
    assert owed(*given_up, after_ms=late) == Fetch(number=1, wake="poll")


def test_where_there_is_a_list_it_is_looked_at() -> None:
    listing = replace(BARE_TIMING, facts=replace(BARE, lists=True))
    state = told(*RUNNING)
    found = next_action(state, Attempts(), listing, START_MS + POLL_FIRST_MS)
    assert found == Check(number=1, wake="poll")


def test_a_claim_that_nobody_can_settle_is_paid_again_once() -> None:
    facts = (REQUESTED, claimed())
    assert owed(*facts) == Wait(until_ms=START_MS + 90_000)
    assert owed(*facts, after_ms=90_000) == Settle(number=1)
    assert owed(*facts, abandoned(), after_ms=90_000) == Submit(number=2)
    again = (*facts, abandoned(), claimed(2), abandoned(2))
    assert owed(*again, after_ms=90_000) == GiveUp(number=2, lost=True)


def test_a_job_that_cannot_be_deleted_is_removed_once_it_is_forgotten() -> None:
    facts = (*TWO_RUN, completed(2), superseded())
    assert owed(*facts) == Wait(until_ms=START_MS + HOUR_MS)
    assert owed(*facts, after_ms=HOUR_MS) == Remove(number=1)


def test_an_erasure_ends_when_the_provider_has_forgotten() -> None:
    finished = (*RUNNING, completed(), ERASURE)
    assert owed(*finished) == Erase()
    assert owed(*finished, attempts=HERE) == Wait(until_ms=START_MS + HOUR_MS)
    assert owed(*finished, attempts=HERE, after_ms=HOUR_MS) == Remove(number=1)
    assert owed(*finished, removed(), attempts=HERE) == FinishErasure()


def test_an_erasure_waits_for_the_job_that_an_unsettled_claim_may_have() -> None:
    facts = (REQUESTED, claimed(), ERASURE)
    gone_ms = TIMING.settle_ms + HOUR_MS
    assert owed(*facts, attempts=HERE) == Wait(until_ms=START_MS + gone_ms)
    assert owed(*facts, attempts=HERE, after_ms=gone_ms) == Settle(number=1)
    assert owed(*facts, abandoned(), attempts=HERE, after_ms=gone_ms) == FinishErasure()


def test_what_is_never_deleted_must_be_forgotten_some_time() -> None:
    with pytest.raises(AssertionError, match="never end"):
        ProviderFacts(deletes=False)
