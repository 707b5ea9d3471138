"""A gateway that has lost its views, beside a long log: what customers notice, and for how long.

The log holds transcriptions of one sentence. While the views are made again customers ask for new
transcriptions, wait for them, and read old ones. The size of the views is measured at the end.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from infra.bench.children import child
from infra.bench.customer import customer, ended
from infra.bench.figures import Figure, at_least, at_most, percentile
from infra.bench.gateway import FOLLOWED_SECONDS_MAX, RunningGateway, gateway, one_value
from infra.bench.long_log import write_long_log
from infra.bench.transcripts import NO_FEATURE
from stenolog.stores.files.directory import KEYS, LOG, VIEWS

EVENTS = 100_000
RUN_MS = 100
ASKED_EVERY_SECONDS = 0.5
READ_EVERY_SECONDS = 0.05
COMPLETED_MS_MAX = 5_000.0  # issue 10
EVENTS_A_SECOND_MIN = 3_000.0
SLOWEST = 1_000.0  # events a second that are still waited for
SIZE_RATIO_MAX = 1.2
PATH = "/v2/transcript"


@dataclass(slots=True, kw_only=True)
class Filled:
    """What was seen until the views were whole again.

    Attributes:
        start_ms: From the start of the process to its first line.
        filled_ms: From there until the views were whole.
        completed_ms: For each new transcription, from its request to `completed`.
        read_ms: For each request of a reader.
        size_ratio: Bytes of the views' file for each of the log's, its tree's nodes left out.
    """

    events: int
    start_ms: float = 0.0
    filled_ms: float = 0.0
    completed_ms: list[float] = field(default_factory=list)
    read_ms: list[float] = field(default_factory=list)
    size_ratio: float = 0.0

    @property
    def events_a_second(self) -> float:
        """How fast the log came into the views, beside everything else."""
        return self.events / self.filled_ms * 1000


async def measure(place: Path) -> Sequence[Figure]:
    """Waiting, speed and size."""
    seen = await filled(place, EVENTS)
    detail = {"events": seen.events, "start_ms": seen.start_ms, "filled_ms": seen.filled_ms}
    return [
        Figure(
            name="views lost: events a second while serving",
            value=seen.events_a_second,
            wanted=at_least(EVENTS_A_SECOND_MIN),
            detail=detail,
        ),
        Figure(
            name="  slowest new transcription meanwhile",
            value=max(seen.completed_ms),
            unit="ms",
            wanted=at_most(COMPLETED_MS_MAX),
        ),
        Figure(name="  reads meanwhile, p99", value=percentile(seen.read_ms, 0.99), unit="ms"),
        Figure(
            name="bytes of views / of log, one sentence each",
            value=seen.size_ratio,
            wanted=at_most(SIZE_RATIO_MAX),
        ),
    ]


async def filled(place: Path, events: int) -> Filled:
    """Make a log of `events` events without views, serve on it, and watch until they are there.

    Raises:
        RuntimeError: A transcription did not complete, or an answer was not 200.
    """
    directory, errors = place / "data", place / "children.log"
    async with gateway(directory):
        pass  # makes the tenant that asks
    tenant = str(one_value(directory / KEYS, "SELECT tenant FROM api_keys"))
    old = await write_long_log(directory, events, tenant=tenant)
    for file in directory.glob(f"{VIEWS}*"):
        file.unlink()
    seen = Filled(events=int(str(one_value(directory / LOG, "SELECT count FROM tree"))))
    began = time.monotonic()
    async with (
        child("infra.bench.provider", str(RUN_MS), "4", "8", errors=errors) as provider,
        gateway(directory, provider_url=provider.first_line) as ours,
        customer(ours) as http,
    ):
        seen.start_ms = (time.monotonic() - began) * 1000
        await _watch(ours, http, old, seen)
        seen.size_ratio = _size(directory / VIEWS, "") / _size(directory / LOG, "nodes")
    return seen


async def _watch(
    ours: RunningGateway, http: httpx.AsyncClient, old: Sequence[str], seen: Filled
) -> None:
    """Ask and read until the views are whole and all that was asked for is there."""
    began = time.monotonic()
    async with asyncio.TaskGroup() as asked:
        # However slow: how fast it was is judged by the caller.
        patience = max(FOLLOWED_SECONDS_MAX, seen.events / SLOWEST)
        whole = asyncio.create_task(ours.followed(patience))
        reads = asyncio.create_task(_read(http, old, seen))
        while True:
            asked.create_task(_ask(http, seen))
            done, _ = await asyncio.wait({whole}, timeout=ASKED_EVERY_SECONDS)
            if done:
                break
        whole.result()
        seen.filled_ms = (time.monotonic() - began) * 1000
        reads.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reads


async def _ask(http: httpx.AsyncClient, seen: Filled) -> None:
    began = time.monotonic()
    made = await http.post(PATH, json=dict(NO_FEATURE))
    await ended(http, made.raise_for_status().json()["id"])
    seen.completed_ms.append((time.monotonic() - began) * 1000)


async def _read(http: httpx.AsyncClient, old: Sequence[str], seen: Filled) -> None:
    number = 0
    while True:
        number += 1
        began = time.monotonic()
        path = f"{PATH}?limit=50" if number % 2 else f"{PATH}/{old[number * 7919 % len(old)]}"
        (await http.get(path)).raise_for_status()
        seen.read_ms.append((time.monotonic() - began) * 1000)
        await asyncio.sleep(READ_EVERY_SECONDS)


def _size(file: Path, but: str) -> int:
    """Bytes in the file's pages, but for those of one table."""
    uri = f"{file.absolute().as_uri()}?mode=ro"
    with contextlib.closing(sqlite3.connect(uri, uri=True)) as connection:
        pages, size = (
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "page_size")
        )
        left_out = connection.execute(
            "SELECT count(*) FROM dbstat WHERE name = ?", (but,)
        ).fetchone()[0]
    return int((pages - left_out) * size)
