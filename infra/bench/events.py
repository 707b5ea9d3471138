"""Readers of events: 1,900 idle streams, and from the provider's end to a consumer's worker.

A stream is a connection with a request of its own, read by this process; a tenant has half of them,
as many as it may. The worker claims with a wait, and acknowledges each batch before the next.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from infra.bench.children import child
from infra.bench.customer import customer
from infra.bench.figures import Figure, percentile
from infra.bench.gateway import RunningGateway, gateway
from infra.bench.transcripts import EVERY_FEATURE, NO_FEATURE

STREAMS = 1_900  # a gateway has 1,984 connections for customers
TENANTS = 2
OPENED_AT_ONCE = 50
EVENTS = 10
LAST_SECONDS_MAX = 30
KILOBYTE = 1_000
COMPLETIONS = 150
COMPLETIONS_A_SECOND = 10  # issue 14
RUN_MS = 1_500
CONSUMER = "/api/v1/consumers/bench"
COMPLETED = "stenolog.transcription.completed"


async def measure(place: Path) -> Sequence[Figure]:
    """Memory of a stream, and how long events take to their readers."""
    return [*await _streams(place), *await _consumed(place)]


async def _streams(place: Path) -> Sequence[Figure]:
    async with gateway(place / "streams") as ours, customer(ours) as http:
        await ours.followed()
        keys = [ours.api_key, await _other_key(http)]
        empty_bytes = ours.child.rss_bytes()
        async with _opened(ours, keys) as readers:
            each_kb = (ours.child.rss_bytes() - empty_bytes) / STREAMS / KILOBYTE
            took_ms = [await _told(http, readers[: STREAMS // TENANTS]) for _ in range(EVENTS)]
    return [
        Figure(
            name="memory of an idle event stream",
            value=each_kb,
            unit="kB",
            detail={"streams": STREAMS, "tenants": TENANTS},
        ),
        Figure(
            name="event to the last of 950 streams, median",
            value=percentile(took_ms, 0.5),
            unit="ms",
            detail={"streams": STREAMS // TENANTS, "open": STREAMS, "most_ms": max(took_ms)},
        ),
    ]


async def _other_key(http: httpx.AsyncClient) -> str:
    body = {"name": "bench", "tenant": "other", "scopes": ["events:read"]}
    made = await http.post("/api/v1/keys", json=body)
    return str(made.raise_for_status().json()["key"])


@contextlib.asynccontextmanager
async def _opened(
    ours: RunningGateway, keys: Sequence[str]
) -> AsyncIterator[Sequence[asyncio.StreamReader]]:
    """All streams, those of the first key first; each has said how soon to come back."""
    places = asyncio.Semaphore(OPENED_AT_ONCE)
    writers: list[asyncio.StreamWriter] = []

    async def opened(key: str) -> asyncio.StreamReader:
        async with places:
            at = urlsplit(ours.url)
            reader, writer = await asyncio.open_connection(at.hostname, at.port)
            writers.append(writer)
            head = f"GET /api/v1/events?after=latest HTTP/1.1\r\nHost: {at.netloc}\r\n"
            head += f"Authorization: {key}\r\nAccept: text/event-stream\r\n\r\n"
            writer.write(head.encode())
            await reader.readuntil(b"retry: 2000\n")
            return reader

    try:
        each = STREAMS // len(keys)
        yield await asyncio.gather(*(opened(key) for key in keys for _ in range(each)))
    finally:
        for writer in writers:
            writer.close()


async def _told(http: httpx.AsyncClient, readers: Sequence[asyncio.StreamReader]) -> float:
    """The milliseconds from a request that was answered until the last stream has told it."""
    waiting = [asyncio.create_task(one.readuntil(b"\ndata: ")) for one in readers]
    made = await http.post("/v2/transcript", json=dict(NO_FEATURE))
    made.raise_for_status()
    began = time.monotonic()
    async with asyncio.timeout(LAST_SECONDS_MAX):
        await asyncio.gather(*waiting)
    return (time.monotonic() - began) * 1000


async def _consumed(place: Path) -> Sequence[Figure]:
    errors, told_ms = place / "children.log", dict[str, float]()
    async with (
        child("infra.bench.provider", str(RUN_MS), errors=errors) as provider,
        gateway(place / "consumed", provider_url=provider.first_line) as ours,
        customer(ours) as http,
    ):
        await http.put(CONSUMER, json={"types": [COMPLETED]})
        await asyncio.gather(_requested(http), _worked(http, told_ms))
        jobs = {one: await _job_of(http, one) for one in told_ms}
        ended_ms: Mapping[str, int] = json.loads(await provider.last_line())
    took_ms = [at_ms - ended_ms[jobs[one]] for one, at_ms in told_ms.items()]
    return [
        Figure(
            name="completion to a consumer's worker, p99",
            value=percentile(took_ms, 0.99),
            unit="ms",
            detail={"completions": COMPLETIONS, "a_second": COMPLETIONS_A_SECOND},
        ),
        Figure(name="  median", value=percentile(took_ms, 0.5), unit="ms"),
    ]


async def _requested(http: httpx.AsyncClient) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with asyncio.TaskGroup() as group:
        for number in range(COMPLETIONS):
            await asyncio.sleep(max(0.0, began + number / COMPLETIONS_A_SECOND - loop.time()))
            group.create_task(_request(http))


async def _request(http: httpx.AsyncClient) -> None:
    (await http.post("/v2/transcript", json=dict(EVERY_FEATURE))).raise_for_status()


async def _worked(http: httpx.AsyncClient, told_ms: dict[str, float]) -> None:
    while len(told_ms) < COMPLETIONS:
        claimed = await http.post(f"{CONSUMER}/claim", json={"wait_ms": 20_000})
        batch, now_ms = claimed.raise_for_status().json(), time.time() * 1000
        if not batch["items"]:
            continue
        told_ms.update({one["subject"]: now_ms for one in batch["items"]})
        done = await http.post(f"{CONSUMER}/ack", json={"lease": batch["lease"]})
        done.raise_for_status()


async def _job_of(http: httpx.AsyncClient, transcription_id: str) -> str:
    shown = await http.get(f"/api/v1/transcripts/{transcription_id}")
    return str(shown.raise_for_status().json()["provider_job"])
