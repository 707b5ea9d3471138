"""The deliveries as the gateway composes them."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from ipaddress import ip_network

from stenolog.bootstrap.deliveries import Deliveries, open_deliveries
from stenolog.bootstrap.stores import Stores, Wrapping
from stenolog.compliance.data_keys import MasterKey
from stenolog.config.settings import Settings
from stenolog.encryption import KEY_BYTES
from stenolog.simulator.receiver import Reply
from stenolog.stores.sqlite.work.store import SqliteWork
from tests.delivery.house import DEADLINE_S, House, until


@contextlib.asynccontextmanager
async def composed_deliveries(home: House, *networks: str) -> AsyncIterator[Deliveries]:
    service = home.service
    async with contextlib.AsyncExitStack() as stack:
        home.work = work = await SqliteWork.open(home.directory / "work.db")
        stack.push_async_callback(work.close)
        stores = Stores(
            keys=service.keys,
            master=MasterKey(os.urandom(KEY_BYTES)),
            events=service.events,
            views=service.views,
            work=work,
            vault=service.vault,
            uploads=service.uploads,
            new_master_key=False,
        )
        settings = Settings(
            data_dir=home.directory, allow_networks=tuple(map(ip_network, networks))
        )
        wrapping = Wrapping(delivery=lambda timing: replace(timing, spacing_ms=500))
        deliveries = await open_deliveries(
            stack, settings, stores, service.facts, wrapping, service.metrics, service.audio
        )
        running = asyncio.create_task(deliveries.run())
        try:
            yield deliveries
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


def gauge(home: House, name: str) -> float:
    lines = home.service.metrics.exposition()[0].decode().splitlines()
    values = [line.split()[1] for line in lines if line.startswith(f"{name} ")]
    return float(values[0]) if values else math.nan


async def test_private_networks_are_reached_only_as_the_setting_allows(home: House) -> None:
    async with composed_deliveries(home):
        refused = await home.ended(await home.done())
    assert (refused["reason"], home.got()) == ("forbidden", [])
    async with composed_deliveries(home, "127.0.0.0/8"):
        assert (await home.ended(await home.done()))["type"] == "delivery.succeeded"
    assert len(home.got()) == 1


async def test_the_outbox_is_measured(home: House) -> None:
    home.receiver.answer = lambda delivery: Reply(status=500)
    async with composed_deliveries(home, "127.0.0.0/8"):
        transcription_id = await home.done()
        await until(lambda: gauge(home, "stenolog_outbox_deliveries") == 1.0)
        assert gauge(home, "stenolog_outbox_oldest_of_all_seconds") > 0
        await until(lambda: gauge(home, "stenolog_outbox_oldest_seconds") == 0.0)
        home.receiver.answer = lambda delivery: Reply()
        await home.ended(transcription_id)
        await until(lambda: gauge(home, "stenolog_outbox_deliveries") == 0.0)
        assert gauge(home, "stenolog_outbox_oldest_of_all_seconds") == 0.0


async def test_a_fan_out_that_cannot_write_is_seen(home: House) -> None:
    """The outbox says that nothing is owed, and is wrong: the lag and the heartbeat say so."""
    fan_out = 'stenolog_beat_age_seconds{loop="fan_out"}'
    async with composed_deliveries(home, "127.0.0.0/8") as deliveries:
        await until(lambda: gauge(home, fan_out) < 1)
        with contextlib.closing(sqlite3.connect(home.directory / "work.db")) as file:
            file.execute(
                "CREATE TRIGGER full BEFORE INSERT ON outbox "
                "BEGIN SELECT raise(ABORT, 'injected: disk full'); END"
            )
            transcription_id = await home.done()
            await until(lambda: gauge(home, "stenolog_fan_out_lag_events") > 0)
            await until(lambda: gauge(home, "stenolog_fan_out_lag_seconds") > 1)
            assert gauge(home, "stenolog_outbox_deliveries") == 0.0
            await until(lambda: deliveries.fan_out.subscription.beat_age_ms > 1_000)
            file.execute("DROP TRIGGER full")
        assert (await home.ended(transcription_id))["type"] == "delivery.succeeded"
        await until(lambda: gauge(home, "stenolog_fan_out_lag_events") == 0.0)
        assert gauge(home, 'stenolog_beat_age_seconds{loop="dispatcher"}') < DEADLINE_S
