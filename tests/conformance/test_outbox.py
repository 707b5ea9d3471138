"""What every outbox promises."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from stenolog.delivery.outbox import (
    ATTEMPTS_KEPT_MS,
    DELIVERIES_PER_ADD_MAX,
    Attempt,
    Backlog,
    Ending,
    Leased,
    Outbox,
    Pending,
    Taken,
)
from stenolog.errors import StoreUnavailable
from stenolog.log.checkpoint import Checkpoint
from tests.conformance.conftest import OutboxOpener

HEAD = Checkpoint(position=7, event_id="event-7")
NOW = 1_000_000
UNTIL = NOW + 60_000
NOTHING = Backlog(deliveries=0, due=0, oldest_at_ms=None, ours_at_ms=None)


def pending(position: int, lane: str = "a", at_ms: int = NOW, tenant: str | None = None) -> Pending:
    return Pending(
        position=position,
        stream=f"transcription-{position}",
        tenant=f"tenant-{position}" if tenant is None else tenant,
        lane=lane,
        created_at_ms=at_ms,
    )


def at(position: int) -> Checkpoint:
    return Checkpoint(position=position, event_id=f"event-{position}")


def attempt(number: int, status: int | None = 500, at_ms: int = NOW) -> Attempt:
    return Attempt(number=number, at_ms=at_ms, took_ms=5, status=status, outcome="failed")


async def owe(outbox: Outbox, *owed: Pending) -> None:
    await outbox.begin(HEAD)
    await outbox.add(owed, after=7, to=at(owed[-1].position))


async def take(
    outbox: Outbox,
    now_ms: int = NOW,
    *,
    at_once: int = 10,
    busy: Sequence[Leased] = (),
    per_lane: int = 10,
) -> Taken:
    return await outbox.take(
        now_ms, until_ms=now_ms + 60_000, busy=busy, at_once=at_once, per_lane=per_lane
    )


async def one(outbox: Outbox, now_ms: int = NOW) -> Leased:
    (leased,) = (await take(outbox, now_ms)).leases
    return leased


async def one_of(outbox: Outbox, position: int) -> Leased:
    """The lease on this one; the others are given back."""
    taken = {leased.position: leased for leased in (await take(outbox)).leases}
    for leased in taken.values():
        if leased.position != position:
            await outbox.put_off(leased, NOW)
    return taken[position]


async def test_a_new_outbox_has_followed_nothing_and_owes_nothing(outbox: Outbox) -> None:
    assert await outbox.checkpoint() is None
    assert await outbox.backlog(NOW) == NOTHING
    assert await take(outbox) == Taken(leases=(), next_due_ms=None)


async def test_rows_and_checkpoint_are_one(outbox: Outbox) -> None:
    await owe(outbox, pending(9), pending(11, at_ms=NOW - 5))
    assert await outbox.checkpoint() == at(11)
    assert await outbox.backlog(NOW - 1) == Backlog(
        deliveries=2, due=1, oldest_at_ms=NOW, ours_at_ms=NOW - 5
    )
    with pytest.raises(StoreUnavailable, match="checkpoint"):
        await outbox.add([pending(12)], after=7, to=at(12))
    assert await outbox.checkpoint() == at(11)
    assert (await outbox.backlog(NOW)).deliveries == 2


async def test_a_refused_add_harms_no_other_write_of_its_batch(outbox: Outbox) -> None:
    await outbox.begin(HEAD)
    said = await asyncio.gather(
        outbox.add([pending(9)], after=7, to=at(9)),
        outbox.add([pending(10)], after=8, to=at(10)),
        outbox.add([pending(11)], after=9, to=at(11)),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in said] == [int, StoreUnavailable, int]
    assert (await outbox.backlog(NOW)).deliveries == 2


async def test_a_checkpoint_moves_without_deliveries(outbox: Outbox) -> None:
    await outbox.begin(HEAD)
    await outbox.add([], after=7, to=at(1_007))
    assert await outbox.checkpoint() == at(1_007)


async def test_beginning_anew_drops_what_was_owed(outbox: Outbox) -> None:
    await owe(outbox, pending(9))
    await outbox.begin(at(3))
    assert await outbox.checkpoint() == at(3)
    assert (await outbox.backlog(NOW)).deliveries == 0


async def test_what_is_leased_is_nobody_elses_until_the_lease_expires(outbox: Outbox) -> None:
    await owe(outbox, pending(9))
    first = await take(outbox)
    assert [one.position for one in first.leases] == [9]
    again = await take(outbox)
    assert again == Taken(leases=(), next_due_ms=UNTIL)
    (second,) = (await take(outbox, UNTIL)).leases
    assert second.lease != first.leases[0].lease


async def test_takers_at_the_same_time_share_nothing(outbox: Outbox) -> None:
    await owe(outbox, *(pending(n) for n in range(8, 28)))
    taken = await asyncio.gather(*(take(outbox, at_once=3) for _ in range(10)))
    positions = [leased.position for one in taken for leased in one.leases]
    assert len(positions) == len(set(positions)) == 20


async def test_the_oldest_due_come_first_and_what_is_not_due_stays(outbox: Outbox) -> None:
    await owe(outbox, pending(8, at_ms=NOW), pending(9, at_ms=NOW - 1), pending(10, at_ms=NOW + 5))
    taken = await take(outbox)
    assert [one.position for one in taken.leases] == [9, 8]
    assert taken.next_due_ms == NOW + 5


async def test_a_lane_that_is_full_does_not_hold_the_others(outbox: Outbox) -> None:
    many = DELIVERIES_PER_ADD_MAX
    await outbox.begin(HEAD)
    for round_ in range(3):
        first = 8 + round_ * many
        await outbox.add(
            [pending(first + n, "down", tenant="one") for n in range(many)],
            after=7 if round_ == 0 else first - 1,
            to=at(first + many - 1),
        )
    last = 8 + 3 * many
    await outbox.add([pending(last, "up", tenant="one")], after=last - 1, to=at(last))
    held = (await take(outbox, at_once=20, per_lane=2)).leases
    assert [(one.lane, one.position) for one in held] == [("down", 8), ("up", last), ("down", 9)]
    taken = await take(outbox, at_once=20, busy=held, per_lane=4)
    assert [(one.lane, one.position) for one in taken.leases] == [("down", 10), ("down", 11)]
    assert taken.next_due_ms == UNTIL, "the full lane's deliveries are due, and cannot be taken"
    more = await take(outbox, at_once=20, busy=held + taken.leases, per_lane=4)
    assert more.leases == ()


async def test_who_is_full_hides_nobody(outbox: Outbox) -> None:
    """More tenants are full than slots are free, and what they have is due first."""
    full = ("a", "b", "c")
    await owe(outbox, *(pending(8 + n, one, NOW, one) for n, one in enumerate(full * 2)))
    busy = (await take(outbox, per_lane=1)).leases
    assert sorted(one.tenant for one in busy) == list(full)
    await outbox.add([pending(14, "d", NOW + 1, "d")], after=13, to=at(14))
    waiting = await take(outbox, at_once=4, busy=busy)
    assert (waiting.leases, waiting.next_due_ms) == ((), NOW + 1)
    (taken,) = (await take(outbox, NOW + 1, at_once=4, busy=busy)).leases
    assert taken.tenant == "d"


async def test_full_lanes_hide_nobody(outbox: Outbox) -> None:
    """Tenants have room, and what they have that is due is in lanes without any."""
    down = ("a", "b")
    await owe(outbox, *(pending(8 + n, one, NOW, one) for n, one in enumerate(down * 3)))
    busy = (await take(outbox, at_once=20, per_lane=1)).leases
    assert sorted(one.tenant for one in busy) == list(down)
    await outbox.add(
        [pending(14, "c", NOW + 1, "c"), pending(15, "d", NOW + 1, "d")], after=13, to=at(15)
    )
    waiting = await take(outbox, at_once=4, busy=busy, per_lane=1)
    assert (waiting.leases, waiting.next_due_ms) == ((), NOW + 1)
    taken = (await take(outbox, NOW + 1, at_once=4, busy=busy, per_lane=1)).leases
    assert [one.tenant for one in taken] == ["c", "d"]


async def test_tenants_take_turns(outbox: Outbox) -> None:
    """Whoever was first has no more of what is free than who came later."""
    await owe(
        outbox,
        *(pending(n, "a", tenant="first") for n in range(8, 28)),
        *(pending(n, "b", NOW, tenant="second") for n in range(28, 48)),
    )
    taken = (await take(outbox, at_once=9)).leases
    assert [one.position for one in taken] == [8, 28, 9, 29, 10, 30]


async def test_a_tenant_with_many_lanes_leaves_places_to_the_others(outbox: Outbox) -> None:
    many = DELIVERIES_PER_ADD_MAX
    await outbox.begin(HEAD)
    for first in (8, 8 + many):
        owed = [pending(first + n, f"down-{n}", tenant="many") for n in range(many)]
        await outbox.add(owed, after=first - 1, to=at(first + many - 1))
    last = 8 + 2 * many
    alone = await take(outbox)
    assert [one.tenant for one in alone.leases] == ["many"] * 5, "half of ten"
    await outbox.add(
        [pending(last + n, f"few-{n}", tenant="few") for n in range(9)],
        after=last - 1,
        to=at(last + 8),
    )
    both = await take(outbox, busy=alone.leases)
    assert [one.tenant for one in both.leases] == ["few"] * 3, "while more are free than it has"
    assert both.next_due_ms is None, "the first to end makes room"
    await outbox.add([pending(last + 9, tenant="new")], after=last + 8, to=at(last + 9))
    (new,) = (await take(outbox, busy=alone.leases + both.leases)).leases
    assert (new.tenant, new.position) == ("new", last + 9)


async def test_without_room_left_nothing_falls_due(outbox: Outbox) -> None:
    await owe(outbox, pending(8), pending(9))
    taken = await take(outbox, at_once=1)
    assert len(taken.leases) == 1
    assert taken.next_due_ms is None


async def test_an_attempt_is_written_down_and_the_next_is_due_later(outbox: Outbox) -> None:
    await owe(outbox, pending(9))
    leased = await one(outbox)
    assert (leased.attempts, leased.status, leased.ending) == (0, None, None)
    assert await outbox.record(leased, attempt(1), due_at_ms=NOW + 10, ending=None)
    assert (await take(outbox, NOW + 9)).leases == ()
    leased = await one(outbox, NOW + 10)
    assert (leased.attempts, leased.status) == (1, 500)
    assert await outbox.attempts(9) == [replace(attempt(1), retry_at_ms=NOW + 10)]


async def test_the_last_status_that_was_answered_is_kept(outbox: Outbox) -> None:
    await owe(outbox, pending(9))
    for number, status in ((1, 500), (2, 503), (3, None)):
        leased = await one(outbox)
        assert await outbox.record(leased, attempt(number, status), due_at_ms=NOW, ending=None)
    assert (await one(outbox)).status == 503


@pytest.mark.parametrize("ending", [Ending(reason=None), Ending(reason="refused")])
async def test_an_ending_waits_for_whoever_takes_it_next(outbox: Outbox, ending: Ending) -> None:
    await owe(outbox, pending(9))
    leased = await one(outbox)
    assert await outbox.record(leased, attempt(1, 200), due_at_ms=None, ending=ending)
    assert (await take(outbox)).leases == (), "the lease is kept"
    again = await one(outbox, UNTIL)
    assert (again.ending, again.attempts, again.status) == (ending, 1, 200)
    await outbox.remove(again, NOW)
    assert (await outbox.backlog(NOW)).deliveries == 0
    assert await outbox.attempts(9) == [attempt(1, 200)]


async def test_who_lost_the_lease_writes_nothing(outbox: Outbox) -> None:
    await owe(outbox, pending(9))
    lost = await one(outbox)
    held = await one(outbox, UNTIL)
    assert not await outbox.record(lost, attempt(1), due_at_ms=NOW, ending=None)
    await outbox.put_off(lost, NOW)
    await outbox.remove(lost, NOW)
    assert (await take(outbox, UNTIL)).leases == ()
    assert await outbox.attempts(9) == []
    assert await outbox.record(held, attempt(1), due_at_ms=NOW, ending=None)


async def test_what_is_put_off_is_due_then(outbox: Outbox) -> None:
    await owe(outbox, pending(9))
    await outbox.put_off(await one(outbox), NOW + 3)
    assert await take(outbox, NOW + 2) == Taken(leases=(), next_due_ms=NOW + 3)
    assert (await one(outbox, NOW + 3)).attempts == 0


async def test_what_was_given_back_with_an_attempt_cannot_be_put_off(outbox: Outbox) -> None:
    """As after a commit of which nobody knew whether it happened: the spacing is kept."""
    await owe(outbox, pending(9))
    leased = await one(outbox)
    await outbox.record(leased, attempt(1), due_at_ms=NOW + 10_000, ending=None)
    await outbox.put_off(leased, NOW + 1_000)
    assert await take(outbox, NOW + 1_000) == Taken(leases=(), next_due_ms=NOW + 10_000)


async def test_what_awaits_the_views_is_due_when_they_reach_its_event(outbox: Outbox) -> None:
    await owe(outbox, pending(9), pending(10), pending(11), pending(12))
    for leased in (await take(outbox)).leases:
        await outbox.put_off(leased, UNTIL, awaits_views=leased.position != 10)
    assert await outbox.resume(NOW, after=8, until=11) == 2
    assert {one.position for one in (await take(outbox)).leases} == {9, 11}
    assert await outbox.resume(NOW, after=8, until=11) == 0  # whoever was taken awaits nothing
    assert await outbox.resume_streams(["transcription-11"], NOW) == 0
    assert await outbox.resume_streams(["transcription-12"], NOW) == 1
    assert (await one(outbox)).position == 12
    assert {one.position for one in (await take(outbox, UNTIL)).leases} >= {10}


async def test_what_is_worked_on_again_awaits_the_views_no_more(outbox: Outbox) -> None:
    await owe(outbox, pending(9))
    await outbox.put_off(await one(outbox), NOW, awaits_views=True)
    await one(outbox)
    assert await outbox.resume(NOW, after=0, until=9) == 0
    assert await outbox.resume_streams(["transcription-9"], NOW) == 0


async def test_since_when_it_waits_is_known_until_an_attempt_is_made(outbox: Outbox) -> None:
    await owe(outbox, pending(9))
    leased = await one(outbox)
    assert leased.waits_since_ms is None
    await outbox.put_off(leased, NOW, waits_since_ms=NOW - 5)
    leased = await one(outbox)
    await outbox.put_off(leased, NOW)
    leased = await one(outbox)
    assert leased.waits_since_ms == NOW - 5
    attempt = Attempt(number=1, at_ms=NOW, took_ms=1, status=500, outcome="failed")
    await outbox.record(leased, attempt, due_at_ms=NOW, ending=None)
    assert (await one(outbox)).waits_since_ms is None


async def test_what_was_due_sooner_is_not_made_later(outbox: Outbox) -> None:
    await owe(outbox, pending(9))
    await outbox.put_off(await one(outbox), NOW, awaits_views=True)
    assert await outbox.resume(UNTIL, after=0, until=9) == 1
    assert (await one(outbox)).position == 9


async def test_an_error_of_ours_is_an_attempt_and_a_fault(outbox: Outbox) -> None:
    await owe(outbox, pending(9))
    crashed = replace(attempt(1, None), outcome="crashed")
    assert await outbox.record(await one(outbox), crashed, due_at_ms=NOW, ending=None)
    leased = await one(outbox)
    assert (leased.attempts, leased.faults) == (1, 1)
    await outbox.put_off(leased, NOW, fault=True)
    leased = await one(outbox)
    assert (leased.attempts, leased.faults) == (1, 2)
    await outbox.put_off(leased, NOW)
    assert (await one(outbox)).faults == 2


async def test_what_was_given_back_is_not_recorded_twice(outbox: Outbox) -> None:
    await owe(outbox, pending(9))
    leased = await one(outbox)
    assert await outbox.record(leased, attempt(1), due_at_ms=NOW + 10, ending=None)
    assert not await outbox.record(leased, attempt(2), due_at_ms=NOW + 20, ending=None)
    assert await outbox.attempts(9) == [replace(attempt(1), retry_at_ms=NOW + 10)]


async def test_a_decided_end_is_not_recorded_over(outbox: Outbox) -> None:
    await owe(outbox, pending(9))
    leased, ended = await one(outbox), Ending(reason=None)
    assert await outbox.record(leased, attempt(1, 200), due_at_ms=None, ending=ended)
    crashed = replace(attempt(1, None), outcome="crashed")
    assert not await outbox.record(leased, crashed, due_at_ms=NOW, ending=None)
    again = await one(outbox, UNTIL)
    assert (again.ending, again.attempts, again.faults, again.status) == (ended, 1, 0, 200)
    assert await outbox.attempts(9) == [attempt(1, 200)]


async def test_what_is_under_way_is_leased_on_when_the_clock_is_set_forward(
    outbox: Outbox,
) -> None:
    await owe(outbox, pending(9), pending(10))
    busy = (await take(outbox)).leases
    taken = await take(outbox, UNTIL + 1, busy=busy)
    assert taken == Taken(leases=(), next_due_ms=UNTIL + 60_001)
    for leased in busy:
        assert await outbox.record(leased, attempt(1), due_at_ms=NOW, ending=None)
    again = await take(outbox, UNTIL + 2, busy=busy)
    assert len(again.leases) == 2, "what was given back is due as before"


async def test_what_a_failing_receiver_owes_does_not_count_as_waiting_for_us(
    outbox: Outbox,
) -> None:
    """One age is alarming, the other is not: nobody here can mend a customer's receiver."""
    await owe(
        outbox,
        pending(8, "down", NOW - 9, "a"),
        pending(9, "down", NOW - 8, "a"),
        replace(pending(10, "up", NOW - 7, "a"), kind="redacted_audio"),
        pending(11, "up", NOW - 6, "a"),
    )

    async def ages() -> tuple[int | None, int | None]:
        backlog = await outbox.backlog(NOW)
        return backlog.oldest_at_ms, backlog.ours_at_ms

    assert await ages() == (NOW - 9, NOW - 9)
    leased = await one_of(outbox, 8)
    assert await outbox.record(leased, attempt(1), due_at_ms=NOW, ending=None)
    assert await ages() == (NOW - 9, NOW - 6), "nor does audio that is not there yet"
    leased = await one_of(outbox, 9)
    answered = replace(attempt(1, 404), outcome="refused")
    await outbox.record(leased, answered, due_at_ms=None, ending=Ending(reason="refused"))
    assert await ages() == (NOW - 9, NOW - 9), "whoever answers is not down"


async def test_everything_is_there_again_and_leases_of_the_dead_are_over(
    outbox_opened: OutboxOpener, tmp_path: Path
) -> None:
    async with outbox_opened(tmp_path) as outbox:
        await owe(outbox, pending(8), pending(9))
        for leased in (await take(outbox)).leases:
            if leased.position == 8:
                await outbox.record(leased, attempt(1), due_at_ms=NOW + 10_000, ending=None)
    async with outbox_opened(tmp_path) as outbox:
        assert await outbox.checkpoint() == at(9)
        assert (await take(outbox, NOW + 1)).leases == ()
        await outbox.recover(NOW + 1)
        assert (await one(outbox, NOW + 1)).position == 9
        assert (await one(outbox, NOW + 10_000)).position == 8, "its spacing is kept"
        assert await outbox.attempts(8) == [replace(attempt(1), retry_at_ms=NOW + 10_000)]


async def test_attempts_are_forgotten_after_a_week(outbox: Outbox) -> None:
    await owe(outbox, pending(8), pending(9))
    taken = (await take(outbox)).leases
    old = attempt(1, at_ms=NOW - ATTEMPTS_KEPT_MS)
    assert await outbox.record(taken[0], old, due_at_ms=None, ending=Ending(reason="refused"))
    await outbox.remove(taken[0], NOW)
    await outbox.remove(taken[1], NOW + 1)
    assert await outbox.attempts(8) == []
