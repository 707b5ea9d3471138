"""What hangs is named by `/readyz` within a second, and what only rests is not."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any, cast

import httpx
from pydantic import SecretStr

from stenolog.bootstrap.stores import Wrapping
from stenolog.config.settings import Settings
from stenolog.stores.sqlite.keys.store import SqliteKeys
from stenolog.stores.sqlite.log.store import SqliteLog
from stenolog.stores.sqlite.views.store import SqliteViews
from tests.house.gated_log import GatedLog
from tests.house.running import Running, running
from tests.house.waiting import eventually

BEAT_AGE_MS_MAX = 1_500  # instead of a minute; loops with something to do beat more often
ANSWERED_S_MAX = 1.0
APART_S = 0.1
NOBODY = {"Authorization": ""}


class Hanging:
    """A store of which some calls hang once it is told so."""

    def __init__(self, inner: object, calls: Sequence[str]) -> None:
        self._inner = inner
        self._calls = calls
        self.going = asyncio.Event()
        self.going.set()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name not in self._calls:
            return found

        async def later(*args: object, **named: object) -> object:
            await self.going.wait()
            return await found(*args, **named)

        return later


class Gateway(Running):
    """A gateway with all loops, and with transcriptions that are requested all the time."""

    async def work(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self.projector.run())
            group.create_task(self.parts.reconciling.reconciler.run(self.events))
            group.create_task(self.deliveries.run())
            group.create_task(self._requests())

    async def _requests(self) -> None:
        while True:
            with contextlib.suppress(httpx.HTTPError):
                await self.client.post(
                    "/v2/transcript", json={"audio_url": "https://a.example/a"}, timeout=APART_S
                )
            await asyncio.sleep(APART_S)

    async def readiness(self, **how: Any) -> tuple[int, dict[str, Any]]:
        """Ask, and see that the answer comes in time."""
        began = monotonic()
        answer = await self.client.get("/readyz", **how)
        assert monotonic() - began < ANSWERED_S_MAX
        return answer.status_code, answer.json()

    async def fails(self, *names: str) -> bool:
        status, said = await self.readiness(headers=NOBODY)
        return (status, said) == (503, {"status": "unavailable", "failing": list(names)})

    async def is_ready(self) -> bool:
        return await self.readiness(headers=NOBODY) == (200, {"status": "ready"})


@asynccontextmanager
async def gateway(directory: Path, **wrapped: Any) -> AsyncIterator[Gateway]:
    settings = Settings(
        data_dir=directory,
        assemblyai_api_key=SecretStr("k"),
        assemblyai_base_url="http://127.0.0.1:9",
    )
    wrapping = Wrapping(**{"log_type": GatedLog, **wrapped})
    async with running(
        settings,
        wrapping,
        Gateway,
        lambda parts: replace(parts, beat_age_ms_max=BEAT_AGE_MS_MAX),
    ) as made:
        working = asyncio.create_task(made.work())
        try:
            await eventually(made.is_ready)
            yield made
        finally:
            cast("GatedLog", made.events).committing.set()
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
        assert working.cancelled(), working


async def test_a_projector_that_hangs_in_its_store_is_named(tmp_path: Path) -> None:
    held: list[Hanging] = []

    def hanging(views: SqliteViews) -> SqliteViews:
        held.append(Hanging(views, ["advance"]))
        return cast("SqliteViews", held[0])

    async with gateway(tmp_path, views=hanging) as service:
        held[0].going.clear()
        await eventually(lambda: service.fails("projector"))
        status, shown = await service.readiness()
        assert status == 503
        assert shown["checks"]["projector"].startswith("last beat ")
        assert shown["figures"]['stenolog_beat_age_seconds{loop="projector"}'] > 1.5
        assert shown["figures"]['stenolog_beat_age_seconds{loop="reconciler"}'] < 1.5
        held[0].going.set()
        await eventually(service.is_ready)


async def test_a_reconciler_that_hangs_in_its_follower_is_named(tmp_path: Path) -> None:
    held: list[Hanging] = []

    def hanging(log: SqliteLog) -> SqliteLog:
        held.append(Hanging(log, ["open_transcriptions"]))
        held[0].going.clear()
        return cast("SqliteLog", held[0])

    async with gateway(tmp_path, log=hanging) as service:
        await eventually(lambda: service.fails("reconciler"))
        held[0].going.set()
        await eventually(service.is_ready)


async def test_a_commit_that_hangs_is_told_at_once_and_later_with_the_sequencers_name(
    tmp_path: Path,
) -> None:
    async with gateway(tmp_path) as service:
        log = cast("GatedLog", service.events)
        log.committing.clear()
        status, said = await service.readiness(headers=NOBODY)
        assert (status, said["failing"]) == (503, ["log"])
        while "sequencer" not in said["failing"]:
            _, said = await service.readiness(headers=NOBODY)
        assert said["failing"][0] == "log"
        _, shown = await service.readiness()
        assert shown["checks"]["log"].startswith("no answer for ")
        assert (await service.client.get("/healthz")).status_code == 200
        assert 'stenolog_beat_age_seconds{loop="sequencer"}' in shown["figures"]
        log.committing.set()
        await eventually(service.is_ready)


async def test_an_append_that_hangs_before_the_sequencer_is_the_same(tmp_path: Path) -> None:
    held: list[Hanging] = []

    def hanging(log: SqliteLog) -> SqliteLog:
        held.append(Hanging(log, ["append_all"]))
        return cast("SqliteLog", held[0])

    async with gateway(tmp_path, log=hanging) as service:
        held[0].going.clear()
        await eventually(lambda: _names(service, {"log", "sequencer"}))
        held[0].going.set()
        await eventually(service.is_ready)


async def test_keys_that_cannot_be_read_are_told_in_time_to_whoever_has_a_key(
    tmp_path: Path,
) -> None:
    held: list[Hanging] = []

    def hanging(keys: SqliteKeys) -> SqliteKeys:
        held.append(Hanging(keys, ["api_keys", "api_key"]))
        return cast("SqliteKeys", held[0])

    async with gateway(tmp_path, keys=hanging) as service:
        held[0].going.clear()
        for _ in range(3):
            status, said = await service.readiness()
            assert (status, said["failing"]) == (503, ["keys"])
        held[0].going.set()
        await eventually(service.is_ready)


async def test_who_asks_while_a_check_runs_shares_it(tmp_path: Path) -> None:
    async with gateway(tmp_path) as service:
        log = cast("GatedLog", service.events)
        log.committing.clear()
        before = log.appends
        asked = [service.client.get("/readyz", headers=NOBODY) for _ in range(40)]
        assert {one.status_code for one in await asyncio.gather(*asked)} == {503}
        probes = log.appends - before
        assert probes < 40, "the requests of the test are among them"


async def _names(service: Gateway, names: set[str]) -> bool:
    return names <= set((await service.readiness(headers=NOBODY))[1].get("failing", ()))
