"""Transcripts are kept as long as their class says, unless a legal hold keeps them longer."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from stenolog.clock import microseconds, rfc3339
from stenolog.commands.retention import DAY_US
from stenolog.edge.native.cursors import Cursors
from tests.house.composed import Composed, composed
from tests.http.asking import get, pages, refusal
from tests.http.spoken import BASE, answer_of

CLASSES = {"short": 30, "long": 365}
DUE = "/api/v1/retention/due"
KEYS = "/api/v1/keys"


@pytest.fixture
async def keeping(tmp_path: Path) -> AsyncIterator[Composed]:
    async with composed(tmp_path, retention_classes=CLASSES) as service:
        yield service


async def asked(service: Composed, retention: str | None = None, **how: Any) -> dict[str, Any]:
    body = {"audio_url": "https://audio.example/1.mp3"}
    if retention is not None:
        body["retention"] = retention
    answer = await service.client.post(BASE, json=body, **how)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def days_of(shown: dict[str, Any]) -> float | None:
    if shown["erase_at"] is None:
        return None
    return (microseconds(shown["erase_at"]) - microseconds(shown["created_at"])) / DAY_US


def later(shown: dict[str, Any], days: float) -> str:
    return rfc3339(microseconds(shown["created_at"]) + int(days * DAY_US))


async def made(service: Composed, **given: str) -> dict[str, str]:
    answer = await service.client.post(KEYS, json={"name": "x", "tenant": "acme", **given})
    assert answer.status_code == 201, answer.text
    assert answer.json()["retention"] == given.get("retention")
    return {"Authorization": answer.json()["key"]}


async def test_the_request_wins_then_its_key_then_its_tenant(keeping: Composed) -> None:
    assert days_of(await asked(keeping)) is None
    assert days_of(await asked(keeping, "short")) == 30
    header = {"Stenolog-Retention": "long"}
    assert days_of(await asked(keeping, headers=header)) == 365
    of_tenant = await made(keeping, tenant_retention="long")
    of_key = await made(keeping, retention="short")
    assert days_of(await asked(keeping, headers=of_tenant)) == 365
    assert days_of(await asked(keeping, headers=of_key)) == 30
    assert days_of(await asked(keeping, "long", headers=of_key)) == 365
    assert days_of(await asked(keeping, "keep", headers=of_key)) is None
    wire = {"audio_url": "https://audio.example/1.mp3"}
    answer = await keeping.client.post("/v2/transcript", json=wire, headers=of_key)
    shown = await get_as(keeping, of_key, f"{BASE}/{answer.json()['id']}")
    assert days_of(shown) == 30


async def get_as(service: Composed, headers: dict[str, str], path: str) -> dict[str, Any]:
    return dict((await service.client.get(path, headers=headers)).json())


@pytest.mark.parametrize("path", [BASE, KEYS])
async def test_a_class_that_is_not_there_is_refused(keeping: Composed, path: str) -> None:
    body = {"audio_url": "https://audio.example/1.mp3"} if path == BASE else {"name": "x"}
    problem = await refusal(keeping, "POST", path, json={**body, "retention": "other"})
    assert problem["status"] == 400
    assert "long, short, keep" in problem["detail"]


async def test_what_is_due_is_reported_and_erased_and_what_is_held_stays(
    keeping: Composed,
) -> None:
    short, held, long = [await asked(keeping, one) for one in ("short", "short", "long")]
    await keeping.claim(short["id"])
    await keeping.accept(short["id"])
    await keeping.complete(short["id"], answer_of(text="said"))
    hold = {"transcript_id": held["id"], "reason": "why"}
    hold_id = (await keeping.client.post("/api/v1/holds", json=hold)).json()["id"]
    await keeping.projected()
    assert (await get(keeping, DUE))["items"] == []
    dry = await pages(keeping, DUE, 1, until=later(short, 31))
    states = {one["transcript_id"]: one["state"] for one in dry}
    assert states == {short["id"]: "due", held["id"]: "held"}
    assert len(await pages(keeping, DUE, 2, until=later(short, 400))) == 3

    retention, performer = keeping.edge.forgetting.retention, keeping.edge.forgetting.performer
    now, then = retention.now(), later(held, 31)
    assert await retention.round(now) == 0
    assert await retention.round(then) == 1
    assert await retention.round(then) == 0, "it is ordered already"
    while await performer.round():
        pass
    await keeping.projected()
    assert (await get(keeping, f"{BASE}/{short['id']}"))["erased"] is True
    assert (await get(keeping, f"{BASE}/{held['id']}"))["erased"] is False
    [order] = (await get(keeping, "/api/v1/erasures"))["items"]
    assert (order["scope"], order["erased"]) == ("retention", 1)
    await keeping.client.delete(f"/api/v1/holds/{hold_id}")
    assert await retention.round(then) == 1
    assert await retention.round(then) == 0
    assert (await get(keeping, f"{BASE}/{long['id']}"))["erased"] is False


async def test_a_tenant_sees_its_own_alone(keeping: Composed) -> None:
    mine = await asked(keeping, "short")
    await keeping.projected()
    other = {"Authorization": await keeping.new_key("other")}
    answer = await keeping.client.get(DUE, params={"until": later(mine, 31)}, headers=other)
    assert answer.json()["items"] == []
    listed = await get(keeping, "/api/v1/retention")
    assert [(one["name"], one["days"]) for one in listed["items"]] == [("long", 365), ("short", 30)]


async def test_the_cursor_of_another_list_is_refused(keeping: Composed) -> None:
    cursors = Cursors(keeping.events.identity)
    for place in ((1, 2**53, 1, 1), (2**63 - 1, 1, 1, 1)):
        problem = await refusal(keeping, "GET", f"{DUE}?after={cursors.of_numbers(place)}")
        assert problem["status"] == 400


async def test_an_order_that_is_damaged_stops_no_other(tmp_path: Path) -> None:
    async with composed(tmp_path, retention_classes=CLASSES) as service:
        first, second = [await asked(service, "short") for _ in range(2)]
        await service.projected()
        answer = await service.client.post("/api/v1/erasures", json={"transcript_id": first["id"]})
        listed = answer.json()["log"]["position"]
    with contextlib.closing(sqlite3.connect(tmp_path / "log.db", isolation_level=None)) as file:
        file.execute("UPDATE events SET bytes = 'x' WHERE position = ?", (listed,))
    async with composed(tmp_path, retention_classes=CLASSES) as service:
        assert await service.edge.forgetting.retention.round(later(second, 31)) == 2
