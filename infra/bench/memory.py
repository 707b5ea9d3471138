"""Resident memory of the gateway's process: idle, with a long log, and with long results at once.

The events are in `log.db` before the gateway starts; then its views follow them from the first to
the last. The results are of three hours each, and all are ready at the same time. The gateway has
no engine here: it is a process of its own, with a memory of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from infra.bench.children import Child, child
from infra.bench.customer import customer, ended
from infra.bench.figures import Figure, at_most
from infra.bench.gateway import gateway
from infra.bench.seeding import EVENTS_EACH, seed
from infra.bench.transcripts import EVERY_FEATURE

EVENTS = 100_000
RESULTS = 24
SECONDS_OF_AUDIO = 10_800
RUN_MS = 3_000  # so that all are asked for before the first is ready
LOOK_SECONDS = 0.02
MEGABYTE = 1_000_000
MEGABYTES_MAX = 200  # our goal at a million events; it is flat in the length of the log


async def measure(place: Path) -> Sequence[Figure]:
    """All three.

    Raises:
        RuntimeError: A transcription did not complete.
    """
    async with gateway(place / "empty") as idle:
        await idle.followed()
        idle_mb = idle.child.rss_bytes() / MEGABYTE
    directory = place / "seeded"
    await seed(directory, EVENTS // EVENTS_EACH)
    async with gateway(directory) as full:
        await full.followed()
        full_mb = full.child.rss_bytes() / MEGABYTE
    results_mb = await _of_results(place) / MEGABYTE
    return [
        Figure(name="gateway memory, idle", value=idle_mb, unit="MB"),
        Figure(
            name="gateway memory after 100,000 events",
            value=full_mb,
            unit="MB",
            wanted=at_most(MEGABYTES_MAX),
            detail={"events": EVENTS, "seeded": "log.db was seeded, then the gateway started"},
        ),
        Figure(
            name="gateway memory, 24 results of 3 h at once",
            value=results_mb,
            unit="MB",
            wanted=at_most(MEGABYTES_MAX),
        ),
    ]


async def _of_results(place: Path) -> int:
    """The most memory while many long results are fetched, stored and shown."""
    run = (str(RUN_MS), str(SECONDS_OF_AUDIO), "1")
    async with (
        child("infra.bench.provider", *run, errors=place / "children.log") as provider,
        gateway(place / "results", provider_url=provider.first_line) as ours,
        customer(ours) as http,
    ):
        watching = asyncio.create_task(_most(ours.child))
        made = [
            await http.post("/api/v1/transcripts", json=dict(EVERY_FEATURE)) for _ in range(RESULTS)
        ]
        ids = [one.raise_for_status().json()["id"] for one in made]
        for one in ids:
            await ended(http, one, "/api/v1/transcripts")  # it opens no words
        watching.cancel()
        return await watching


async def _most(process: Child) -> int:
    most = 0
    try:
        while True:
            most = max(most, process.rss_bytes())
            await asyncio.sleep(LOOK_SECONDS)
    except asyncio.CancelledError:
        return most
