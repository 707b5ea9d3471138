"""One tenant has so many requests under way: it cannot take every connection."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from stenolog.commands.api_keys import MANAGING, ApiKey
from stenolog.edge.access.under_way import UNDER_WAY_MAX, UnderWay
from stenolog.errors import RateLimited
from tests.house.composed import Composed, composed
from tests.house.waiting import DEADLINE_S

BEGUN_S = 0.5  # requests whose heads were sent are under way by then
JSON = {"Content-Type": "application/json"}


async def begun(go_on: asyncio.Event, sent: asyncio.Semaphore) -> AsyncIterator[bytes]:
    """A body that begins, and ends when it may; `sent` counts that its head was sent."""
    sent.release()
    yield b" "
    await go_on.wait()


@contextlib.asynccontextmanager
async def slow_requests(
    service: Composed, go_on: asyncio.Event
) -> AsyncIterator[list[asyncio.Task[httpx.Response]]]:
    """As many as a tenant may have, all waiting for the rest of a body.

    Nobody asks before: it would count, and have some of them refused.
    """
    sent = asyncio.Semaphore(0)
    headers = {"Authorization": service.key, **JSON}
    async with httpx.AsyncClient(
        base_url=service.url, timeout=DEADLINE_S, limits=httpx.Limits(max_connections=None)
    ) as client:
        slow = [
            asyncio.create_task(
                client.post("/v2/transcript", content=begun(go_on, sent), headers=headers)
            )
            for _ in range(UNDER_WAY_MAX)
        ]
        for _ in slow:
            await sent.acquire()
        await asyncio.sleep(BEGUN_S)
        yield slow


async def until_answered(service: Composed, status: int) -> httpx.Response:
    """Ask until the answer has this status."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            answer = await service.client.get("/api/v1/transcripts")
            if answer.status_code == status:
                return answer
            await asyncio.sleep(0.02)


async def test_beyond_it_is_429_for_that_tenant_alone_until_some_end(tmp_path: Path) -> None:
    async with composed(tmp_path) as service:
        other = {"Authorization": await service.new_key("another")}
        go_on = asyncio.Event()
        async with slow_requests(service, go_on) as slow:
            refused = await until_answered(service, 429)
            assert refused.headers["Retry-After"] == "1"
            assert f"{UNDER_WAY_MAX} requests under way" in refused.json()["detail"]
            for path in ("/healthz", "/readyz", "/api/v1/keys"):  # keys can be revoked
                assert (await service.client.get(path)).status_code == 200
            answer = await service.client.get("/api/v1/transcripts", headers=other)
            assert answer.status_code == 200, "another tenant"
            go_on.set()
            await asyncio.gather(*slow)
        await until_answered(service, 200)


async def test_who_goes_away_counts_no_more(tmp_path: Path) -> None:
    async with composed(tmp_path) as service:
        async with slow_requests(service, asyncio.Event()) as slow:
            await until_answered(service, 429)
            for one in slow:
                one.cancel()
            await asyncio.gather(*slow, return_exceptions=True)
        await until_answered(service, 200)


def key_of(tenant: str, *scopes: str) -> ApiKey:
    return ApiKey(
        prefix="p",
        id="k",
        hash=b"",
        tenant=tenant,
        tenant_name=tenant,
        name="test",
        scopes=scopes,
        created_at="2026-11-30T00:00:00.000000Z",
    )


def test_each_tenant_and_the_managing_of_keys_have_a_count_of_their_own() -> None:
    under_way = UnderWay(each_max=1)
    for _ in range(3):
        with under_way.counted(key_of("a"), "x"):
            with pytest.raises(RateLimited), under_way.counted(key_of("a"), "x"):
                pass
            with under_way.counted(key_of("b"), "x"):
                pass
            with under_way.counted(key_of("a", MANAGING), MANAGING):
                pass
