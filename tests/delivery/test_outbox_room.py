"""The outbox has limits, and the log keeps what is beyond them."""

from __future__ import annotations

from pathlib import Path

import pytest
import structlog

from stenolog.delivery.limits import OutboxLimits
from stenolog.delivery.outbox import Ending, Pending
from stenolog.errors import StoreUnavailable
from stenolog.log.checkpoint import Checkpoint
from stenolog.simulator.receiver import Reply
from stenolog.stores.sqlite.work.store import SqliteWork
from tests.delivery.house import House
from tests.house.waiting import eventually, until


def pending(position: int, tenant: str) -> Pending:
    return Pending(
        position=position, stream=f"s-{position}", tenant=tenant, lane=tenant, created_at_ms=0
    )


def at(position: int) -> Checkpoint:
    return Checkpoint(position=position, event_id=str(position))


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (OutboxLimits(deliveries=3), "3 deliveries are pending, 3 may be"),
        (OutboxLimits(size_bytes=4_096), "take [0-9]+ bytes, 4096 they may"),
    ],
)
async def test_what_finds_no_room_stays_in_the_log(
    tmp_path: Path, limits: OutboxLimits, said: str
) -> None:
    outbox = await SqliteWork.open(tmp_path / "work.db")
    await outbox.begin(at(0))
    assert await outbox.add([pending(n, f"t{n}") for n in (1, 2, 3)], after=0, to=at(3)) == 0
    outbox.limits = limits
    with pytest.raises(StoreUnavailable, match=said):
        await outbox.add([pending(4, "t4")], after=3, to=at(4))
    assert await outbox.checkpoint() == at(3)
    assert await outbox.add([], after=3, to=at(9)) == 0  # what owes nothing passes
    outbox.limits = OutboxLimits()
    assert await outbox.add([pending(10, "t4")], after=9, to=at(10)) == 0
    await outbox.close()


async def test_the_fan_out_goes_on_when_there_is_room_again(home: House) -> None:
    home.receiver.answer = lambda delivery: Reply(status=500)
    async with home.delivering() as deliveries:
        first = await home.done()
        await until(lambda: len(home.got()) > 0)
        home.work.limits = OutboxLimits(deliveries=1)
        with structlog.testing.capture_logs() as lines:
            second = await home.done("/second")
            await until(lambda: any(line["event"] == "fan_out.interrupted" for line in lines))
        assert (await deliveries.fan_out.lag()).events > 0
        home.receiver.answer = lambda delivery: Reply()
        await home.ended(first)
        assert (await home.ended(second))["type"] == "delivery.succeeded"


async def test_what_is_over_a_tenants_share_has_ended_and_stops_nobody(home: House) -> None:
    """Its end is in the log, and GET shows the outcome; the receiver is not called."""
    home.receiver.answer = lambda delivery: Reply(status=500)
    async with home.delivering():
        first = await home.done()
        await until(lambda: len(home.got()) > 0)
        home.work.limits = OutboxLimits(per_tenant=1)
        with structlog.testing.capture_logs() as lines:
            over = await home.done("/over")
            ended = await home.ended(over)
        assert (ended["type"], ended["reason"]) == ("delivery.failed", "exhausted")
        assert (ended["attempts"], home.got("/over")) == (0, [])
        (line,) = [line for line in lines if line["event"] == "outbox.tenant_full"]
        assert line["times"] == 1
        home.receiver.answer = lambda delivery: Reply()
        assert (await home.ended(first))["type"] == "delivery.succeeded"

        async def none_left() -> bool:
            return (await home.work.backlog(0)).deliveries == 0

        await eventually(none_left)
        after = await home.done("/after")
        assert (await home.ended(after))["type"] == "delivery.succeeded"


async def test_what_is_over_waits_for_no_receiver(tmp_path: Path) -> None:
    """Its tenant's lane is full of calls that nobody answers; its end is recorded all the same."""
    outbox = await SqliteWork.open(tmp_path / "work.db")
    await outbox.begin(at(0))
    await outbox.add([pending(1, "t")], after=0, to=at(1))
    busy = (await outbox.take(0, until_ms=60_000, busy=(), at_once=8, per_lane=1)).leases
    outbox.limits = OutboxLimits(per_tenant=2)
    assert await outbox.add([pending(2, "t"), pending(3, "t")], after=1, to=at(3)) == 1
    taken = await outbox.take(0, until_ms=60_000, busy=busy, at_once=8, per_lane=1)
    await outbox.close()
    assert [(one.position, one.ending) for one in taken.leases] == [(3, Ending(reason="exhausted"))]
