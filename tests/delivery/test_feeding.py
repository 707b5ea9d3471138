"""How endpoints are fed: what nobody knows of a write, or of an endpoint, loses no event."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from stenolog.delivery.endpoint_rows import EndpointRow, Feed
from stenolog.delivery.feeding import Feeding, pace_ms_of
from stenolog.delivery.limits import OutboxLimits
from stenolog.delivery.outbox import Attempt, Pending
from stenolog.delivery.portions import Portion, Portions
from stenolog.endpoints.registry import CHANGES_MAX, TooManyEndpoints
from stenolog.endpoints.state import Endpoint
from stenolog.errors import StoreUnavailable, WrongExpectedVersion
from stenolog.log.checkpoint import Checkpoint
from stenolog.log.events.endpoints import EndpointDeleted, EndpointEnabled
from stenolog.log.recorder import Cause, Fact, new_id
from stenolog.simulator.receiver import Reply
from stenolog.stores.sqlite.work.store import SqliteWork
from tests.delivery.pushed import pushed
from tests.house.composed import Composed, composed
from tests.house.waiting import eventually, until


def event(position: int) -> Pending:
    return Pending(
        position=position,
        stream="s",
        tenant="t",
        lane="e",
        created_at_ms=0,
        kind="event",
        endpoint="e",
    )


async def test_a_feed_that_stands_elsewhere_takes_nothing_and_says_so(tmp_path: Path) -> None:
    """As after a write of which nobody knew whether it was made."""
    work = await SqliteWork.open(tmp_path / "work.db")
    await work.begin(Checkpoint(position=0, event_id=""))
    begin = Feed(endpoint="e", round=0, position=0)
    row = EndpointRow(endpoint="e", pace_ms=0, pushes=True, feeds=[begin], renewed=False)
    await work.keep_endpoints([row])
    assert await work.feed([event(1)], feed=begin, to=1)
    with pytest.raises(StoreUnavailable, match="not where it was"):
        await work.feed([event(1), event(2)], feed=begin, to=2)
    assert await work.feeds() == [Feed(endpoint="e", round=0, position=1)]
    assert await work.pending_for("e") == 1
    await work.close()


async def test_where_a_feed_stands_is_read_again_after_a_write_that_failed(tmp_path: Path) -> None:
    async with pushed(tmp_path) as home:
        endpoint = await home.endpoint(types=["stenolog.transcription.completed"])
        await home.done()
        await home.come(1)
        work = home.service.stores.work
        (feed,) = await work.feeds()
        assert await work.feed([], feed=feed, to=feed.position + 1)  # as if its answer was lost
        await home.done()
        await home.come(2)
        assert endpoint["id"] == feed.endpoint


@pytest.mark.parametrize("rate", [1, 3, 7, 333, 600, 999, 1_000])
def test_a_rate_is_the_most(rate: int) -> None:
    assert 1_000 / pace_ms_of(rate) <= rate


class Watched(Portions):
    """Notes which rounds are read."""

    def __init__(self, service: Composed) -> None:
        super().__init__(service.events.public_events, service.events)
        self.rounds: list[int] = []

    def read(self, times: int) -> bool:
        """Whether what happens was read so often."""
        return self.rounds.count(0) >= times

    async def next(self, endpoint: Endpoint, feed: Feed) -> Portion:
        self.rounds.append(feed.round)
        return await super().next(endpoint, feed)


async def test_a_round_that_is_done_is_not_read_again_when_the_endpoint_changes(
    tmp_path: Path,
) -> None:
    async with composed(tmp_path) as service:
        registry = service.edge.endpoints.registry
        portions = Watched(service)
        feeding = Feeding(
            registry, service.stores.work, portions, now_ms=lambda: 1, added=lambda: None
        )
        registry.on_changed.append(feeding.changed)
        running = asyncio.create_task(feeding.run())
        made = (
            await service.client.post(
                "/api/v1/endpoints", json={"url": "http://127.0.0.1:9/", "start": "beginning"}
            )
        ).json()
        path = f"/api/v1/endpoints/{made['id']}"
        await service.client.post(f"{path}/replay", json={"start": "beginning"})

        async def done() -> bool:
            found = [one.round for one in await service.stores.work.feeds()]
            return found == [0] and set(portions.rounds) == {0, 1}

        await eventually(done)
        portions.rounds.clear()
        for number in (1, 2):  # the first turn has ended when the second has begun
            await service.client.patch(path, json={"description": str(number)})
            await until(partial(portions.read, number))
        assert set(portions.rounds) == {0}
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        registry.on_changed.remove(feeding.changed)


async def test_an_endpoint_that_cannot_be_read_loses_nothing(tmp_path: Path) -> None:
    async with pushed(tmp_path / "data") as home:
        endpoint = await home.endpoint(types=["stenolog.transcription.completed"])
        home.answers["/a"] = lambda one: Reply(status=500)
        stream = f"endpoint-{endpoint['id']}"
        await home.done()
        await home.come(1)
    keys = tmp_path / "data" / "keys.db"
    with closing(sqlite3.connect(keys)) as run:
        rows = run.execute("SELECT * FROM data_keys WHERE stream = ?", (stream,)).fetchall()
        run.execute("DELETE FROM data_keys WHERE stream = ?", (stream,))
        run.commit()
    assert len(rows) == 1
    async with pushed(tmp_path / "data") as home:
        assert home.service.edge.endpoints.registry.is_unreadable(endpoint["id"])

        async def waits() -> bool:
            with closing(sqlite3.connect(tmp_path / "data" / "work.db")) as run:
                found = run.execute("SELECT waits_since_ms FROM outbox").fetchall()
            return len(found) == 1 and found[0][0] is not None

        await eventually(waits)
        assert await home.service.events.read_stream(f"deliveries-{endpoint['id']}") == []
    with closing(sqlite3.connect(keys)) as run:
        marks = ", ".join("?" * len(rows[0]))
        run.execute(f"INSERT INTO data_keys VALUES ({marks})", rows[0])
        run.commit()
    async with pushed(tmp_path / "data") as home:
        told = await home.feed(types="stenolog.transcription.completed")
        changed = await home.service.client.patch(
            f"/api/v1/endpoints/{endpoint['id']}", json={"url": f"{home.url}/a"}
        )
        assert changed.status_code == 200
        assert await home.come(1) == told


async def test_an_endpoint_that_was_changed_too_often_can_be_deleted(tmp_path: Path) -> None:
    async with composed(tmp_path) as service:
        await changed_too_often(service)


async def changed_too_often(service: Composed) -> None:
    registry = service.edge.endpoints.registry
    made = (
        await service.client.post("/api/v1/endpoints", json={"url": "http://127.0.0.1:9/"})
    ).json()
    endpoint = registry.get(made["id"])
    assert endpoint is not None
    cause = Cause(tenant=endpoint.tenant, actor="a", correlation_id=new_id())
    full = Endpoint(id=endpoint.id, tenant=endpoint.tenant, version=CHANGES_MAX)
    with pytest.raises(TooManyEndpoints):
        await registry.record(full, [Fact(data=EndpointEnabled())], cause)
    with pytest.raises(WrongExpectedVersion):  # the limit does not speak: this must be possible
        await registry.record(full, [Fact(data=EndpointDeleted())], cause)
    assert (await registry.record(endpoint, [Fact(data=EndpointDeleted())], cause)).deleted
    assert (registry.get(made["id"]), len(registry.all())) == (None, 0)


async def test_attempts_make_room_for_deliveries(tmp_path: Path) -> None:
    work = await SqliteWork.open(tmp_path / "work.db")
    await work.begin(Checkpoint(position=0, event_id=""))
    begin = Feed(endpoint="e", round=0, position=0)
    row = EndpointRow(endpoint="e", pace_ms=0, pushes=True, feeds=[begin], renewed=False)
    await work.keep_endpoints([row])
    await work.feed([event(1)], feed=begin, to=1)
    (leased,) = (await work.take(0, until_ms=9, busy=(), at_once=1, per_lane=1)).leases
    attempt = Attempt(number=1, at_ms=0, took_ms=1, status=500, outcome="failed", answer=b"x" * 9)
    assert await work.record(leased, attempt, due_at_ms=5, ending=None)
    work.limits = OutboxLimits(size_bytes=4_096)
    place = Feed(endpoint="e", round=0, position=1)
    assert await work.feed([event(2)], feed=place, to=2)
    assert await work.attempts_of("e", before=None, limit=9) == []
    with pytest.raises(StoreUnavailable, match="may"):
        await work.feed([event(3)], feed=Feed(endpoint="e", round=0, position=2), to=3)
    await work.close()
