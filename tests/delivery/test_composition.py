"""The deliveries as the gateway composes them."""

from __future__ import annotations

import contextlib
import math
import sqlite3
from collections.abc import Callable
from dataclasses import replace

from stenolog.bootstrap.deliveries import Deliveries
from stenolog.simulator.receiver import Reply
from tests.delivery.house import House
from tests.house.waiting import DEADLINE_S, eventually, until


def gauge(home: House, name: str) -> float:
    lines = home.service.metrics.exposition()[0].decode().splitlines()
    values = [line.split()[1] for line in lines if line.startswith(f"{name} ")]
    return float(values[0]) if values else math.nan


async def test_private_networks_are_reached_only_as_the_setting_allows(home: House) -> None:
    home.networks = ()
    async with home.delivering():
        refused = await home.ended(await home.done())
    assert (refused["reason"], home.got()) == ("forbidden", [])
    home.networks = ("127.0.0.0/8",)
    async with home.delivering():
        assert (await home.ended(await home.done()))["type"] == "delivery.succeeded"
    assert len(home.got()) == 1


async def shows(
    home: House, deliveries: Deliveries, name: str, holds: Callable[[float], bool]
) -> None:
    """Returns once the gauge, measured anew, is so."""

    async def measured() -> bool:
        await deliveries.measure()
        return holds(gauge(home, name))

    await eventually(measured)


async def test_the_outbox_is_measured(home: House) -> None:
    home.receiver.answer = lambda delivery: Reply(status=500)
    home.timing = replace(home.timing, spacing_ms=500)
    async with home.delivering() as deliveries:
        transcription_id = await home.done()
        await shows(home, deliveries, "stenolog_outbox_deliveries", lambda value: value == 1.0)
        await shows(home, deliveries, "stenolog_outbox_oldest_of_all_seconds", lambda age: age > 0)
        await shows(home, deliveries, "stenolog_outbox_oldest_seconds", lambda value: value == 0.0)
        home.receiver.answer = lambda delivery: Reply()
        await home.ended(transcription_id)
        await shows(home, deliveries, "stenolog_outbox_deliveries", lambda value: value == 0.0)
        assert gauge(home, "stenolog_outbox_oldest_of_all_seconds") == 0.0


async def test_a_fan_out_that_cannot_write_is_seen(home: House) -> None:
    """The outbox says that nothing is owed, and is wrong: the lag and the heartbeat say so."""
    fan_out = 'stenolog_beat_age_seconds{loop="fan_out"}'
    async with home.delivering() as deliveries:
        await until(lambda: gauge(home, fan_out) < 1)
        with contextlib.closing(sqlite3.connect(home.directory / "work.db")) as file:
            file.execute(
                "CREATE TRIGGER full BEFORE INSERT ON outbox "
                "BEGIN SELECT raise(ABORT, 'injected: disk full'); END"
            )
            transcription_id = await home.done()
            await shows(home, deliveries, "stenolog_fan_out_lag_events", lambda value: value > 0)
            await shows(home, deliveries, "stenolog_fan_out_lag_seconds", lambda value: value > 1)
            assert gauge(home, "stenolog_outbox_deliveries") == 0.0
            await until(lambda: deliveries.fan_out.subscription.beat_age_ms > 1_000)
            file.execute("DROP TRIGGER full")
        assert (await home.ended(transcription_id))["type"] == "delivery.succeeded"
        await shows(home, deliveries, "stenolog_fan_out_lag_events", lambda value: value == 0.0)
        assert gauge(home, 'stenolog_beat_age_seconds{loop="dispatcher"}') < DEADLINE_S
