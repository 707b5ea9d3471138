"""What many open jobs have in common is held once, whatever they go through together."""

from __future__ import annotations

import random

from stenolog.backoff import CHANCES, one_of_few
from stenolog.reconciler.attempts import Attempts, list_asked, not_confirmed, seen_in_list, woken_by
from stenolog.reconciler.unconfirmed import Unconfirmed, asked_for

JOBS = 10_000
NOW_MS = 1_700_000_000_000


def test_jobs_that_went_through_the_same_share_what_is_known_of_them() -> None:
    dice = random.Random(1)
    known = [Attempts(spread=one_of_few(dice.random())) for _ in range(JOBS)]
    woken = [woken_by(one, "start") for one in known]
    seen = [seen_in_list(list_asked(one), NOW_MS) for one in woken]
    for shared in (woken, seen):
        assert len({id(one) for one in shared}) == CHANCES + 1
    assert {(one.checks, one.in_list) for one in seen} == {(1, "asked")}


def test_the_few_chances_reach_from_none_to_all() -> None:
    assert (one_of_few(0.0), one_of_few(0.5), one_of_few(1.0)) == (0.0, 0.5, 1.0)


def test_each_job_that_is_not_known_is_counted_for_itself() -> None:
    attempts = not_confirmed(Attempts(), 1, "a", NOW_MS)
    attempts = not_confirmed(not_confirmed(attempts, 2, "a", NOW_MS), 1, "a", NOW_MS + 1)
    assert asked_for(attempts.unconfirmed, 1, "a") == Unconfirmed(
        number=1, job="a", asks=2, asked_at_ms=NOW_MS + 1
    )
    assert asked_for(attempts.unconfirmed, 2, "a").asks == 1
    assert asked_for(attempts.unconfirmed, 1, "b").asks == 0
