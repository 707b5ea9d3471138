"""A restore, or an older work.db: consumers are told that nobody knows where they stand."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from stenolog.bootstrap.backing_up import back_up
from stenolog.bootstrap.restoring import Sources, restore
from stenolog.bootstrap.work_mark import EVERY_SECONDS
from stenolog.config.settings import Settings
from stenolog.stores.files.directory import WORK
from tests.house.composed import Composed, composed
from tests.http.asking import get, refusal

CONSUMER = "/api/v1/consumers/mine"


def nothing(_: str) -> None:
    pass


async def post(service: Composed, what: str, **body: object) -> dict[str, Any]:
    answer = await service.client.post(f"{CONSUMER}/{what}", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def submitted(service: Composed, count: int) -> list[str]:
    made = [await service.submit() for _ in range(count)]
    await service.projected()
    return made


async def worked(service: Composed) -> int:
    """The place after all of a batch was acknowledged."""
    batch = await post(service, "claim")
    await post(service, "ack", lease=batch["lease"])
    return int((await get(service, CONSUMER))["acknowledged"])


async def told_that_it_is_lost(service: Composed, go_on_from: int, epoch: str) -> None:
    shown = await get(service, CONSUMER)
    assert (shown["place"], shown["go_on_from"], shown["lag_events"]) == ("lost", go_on_from, None)
    lease = "0198a3f0-7d5e-7c3a-9b1f-2f6d1c0e4a5b"
    for method, what, body in (
        ("GET", "events", None),
        ("POST", "claim", {}),
        ("POST", "ack", {"position": go_on_from}),
        ("POST", "ack", {"lease": lease}),
        ("POST", "release", {"lease": lease}),
    ):
        problem = await refusal(service, method, f"{CONSUMER}/{what}", json=body)
        assert (problem["status"], problem["type"]) == (409, "/docs/errors#other-place")
        assert (problem["go_on_from"], problem["epoch"]) == (go_on_from, epoch)


async def test_books_that_are_older_than_what_was_acknowledged_are_told(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with composed(data) as service:
        assert (await service.client.put(CONSUMER, json={})).status_code == 201
        await submitted(service, 2)
        early = await worked(service)
        [late] = await submitted(service, 1)
    shutil.copy2(data / WORK, tmp_path / "older")
    async with composed(data) as service:
        assert (await get(service, CONSUMER))["place"] == "known", "a start alone is nothing"
        assert await worked(service) > early
    shutil.copy2(tmp_path / "older", data / WORK)
    async with composed(data) as service:
        await told_that_it_is_lost(service, early, "1")
    async with composed(data) as service:
        await told_that_it_is_lost(service, early, "1")  # until somebody says where to go on
        await post(service, "reset", to=early, epoch="1")
        [item] = (await get(service, f"{CONSUMER}/events"))["items"]
        assert item["subject"] == late
    async with composed(data) as service:
        assert (await get(service, CONSUMER))["place"] == "known"
    assert EVERY_SECONDS <= 60, "docs/EVENTS.md says so"


@pytest.mark.parametrize("behind_backup", [0, 2])
async def test_a_restore_tells_consumers_where_to_go_on(tmp_path: Path, behind_backup: int) -> None:
    data, backup = tmp_path / "data", tmp_path / "backup"
    async with composed(data) as service:
        assert (await service.client.put(CONSUMER, json={})).status_code == 201
        await submitted(service, 2)
        place = await worked(service)
        await submitted(service, 1)
    back_up(Settings(data_dir=data), backup, uploads=True, step=nothing)
    async with composed(data) as service:
        head = await service.events.head()
        await submitted(service, behind_backup)
        place = await worked(service) if behind_backup else place
    sources = Sources(log=backup / "log", keys=backup / "keys", replace=True)
    restored = await restore(Settings(data_dir=data), sources, nothing)
    async with composed(data) as service:
        epoch = service.events.identity.epoch_name
        assert epoch.startswith("2-"), restored
        await told_that_it_is_lost(service, min(place, head), epoch)
        problem = await refusal(
            service, "POST", f"{CONSUMER}/reset", json={"to": min(place, head), "epoch": "1"}
        )
        assert problem["status"] == 409, "it is still the other epoch's"
        await post(service, "reset", to=min(place, head), epoch=epoch)
        items = (await get(service, f"{CONSUMER}/events"))["items"]
        assert len(items) == (0 if behind_backup else 1)
        assert (await get(service, CONSUMER))["epoch"] == epoch
        await submitted(service, 1)
        assert len((await get(service, f"{CONSUMER}/events"))["items"]) == len(items) + 1
