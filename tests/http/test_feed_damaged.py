"""Damage in the log stops a reader of public events right there, and tells it how to go on."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from stenolog.stores.files.directory import LOG
from tests.house.composed import Composed, composed
from tests.http.asking import get, refusal
from tests.http.test_feed import FEED, streamed

NUMBERED = "sequence = {} AND tenant = (SELECT tenant FROM events WHERE sequence = 6)"
DAMAGED = "UPDATE events SET bytes = x'00' WHERE " + NUMBERED.format(3)
GONE = "DELETE FROM events WHERE " + NUMBERED.format(5)


@pytest.fixture
async def hurt(tmp_path: Path) -> AsyncIterator[Composed]:
    """A service whose log had six public events: the third is damaged, the fifth is gone."""
    async with composed(tmp_path) as service:
        for _ in range(6):
            await service.submit()
        await service.projected()
    with contextlib.closing(sqlite3.connect(tmp_path / LOG, isolation_level=None)) as run:
        run.execute("PRAGMA foreign_keys = OFF")
        for statement in (DAMAGED, GONE):
            assert run.execute(statement).rowcount == 1
    async with composed(tmp_path) as service:
        await service.projected()
        yield service


def sequences(answer: dict[str, Any]) -> list[int]:
    return [int(one["sequence"]) for one in answer["items"]]


async def test_a_reader_is_stopped_at_damage_and_told_how_to_go_on(hurt: Composed) -> None:
    seen, after, stops = [], 0, []
    while True:
        answer = await hurt.client.get(FEED, params={"after": after})
        body = answer.json()
        if answer.status_code == 200:
            seen += sequences(body)
            if body["next"] is None:
                break
            after = body["after"]
        else:
            assert (answer.status_code, body["type"]) == (503, "/docs/errors#record-damaged")
            stops.append(seen[-1])
            assert body["go_on_from"] > after
            after = body["go_on_from"]
    assert (seen, stops) == ([1, 2, 4, 6], [2, 4])


async def test_a_stream_ends_at_damage_and_says_where_it_may_go_on(hurt: Composed) -> None:
    async with streamed(hurt) as frames:
        told = [await frames.event() for _ in range(2)]
        assert [int(one["sequence"]) for one in told] == [1, 2]
        assert await frames.end() == "damaged"


async def test_a_consumer_is_stopped_too_until_it_is_reset(hurt: Composed) -> None:
    consumer = "/api/v1/consumers/mine"
    assert (await hurt.client.put(consumer, json={})).status_code == 201
    seen: list[int] = []
    for stop in (2, 4):
        batch = (await hurt.client.post(f"{consumer}/claim", json={})).json()
        seen += sequences(batch)
        assert seen[-1] == stop
        problem = await refusal(hurt, "POST", f"{consumer}/claim", json={})
        assert problem["type"] == "/docs/errors#record-damaged", "there is nothing else"
        done = await hurt.client.post(f"{consumer}/ack", json={"lease": batch["lease"]})
        assert done.json() == {"acknowledged": len(batch["items"])}
        problem = await refusal(hurt, "GET", f"{consumer}/events")
        assert (await get(hurt, consumer))["oldest_at"] is None, "nobody can say"
        to = {"to": problem["go_on_from"]}
        assert (await hurt.client.post(f"{consumer}/reset", json=to)).status_code == 200
    seen += sequences((await hurt.client.post(f"{consumer}/claim", json={})).json())
    assert seen == [1, 2, 4, 6]
